"""plot - the table of figures as a picture: each figure against its aim, and beside the programs that do a comparable job.

Values come from the run that is being printed; nothing is kept here. Without matplotlib there is no picture, and that is said.
"""
import textwrap

WIDTH, ROW = 11, 0.27  # inches


def _bars(axis, names, values, colours, is_log=False):
    places = range(len(names))
    axis.barh(places, values, color=colours, height=0.7)
    axis.set_yticks(places, [textwrap.shorten(n, 60, placeholder=" ...") for n in names], fontsize=7)
    axis.invert_yaxis()
    if is_log or max(values) > 50 * min(values):
        axis.set_xscale("log")
    axis.tick_params(axis="x", labelsize=7)
    for place, value in zip(places, values):
        axis.annotate(f" {value:.3g}", (value, place), va="center", fontsize=7)
    axis.margins(x=0.2)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)


def draw(path, facts, aims, groups):
    """Writes the picture to @path.

    @facts: lines about machine and versions. @aims: (what, value / aim), an aim is reached up to 1. @groups: {title:
    [(name, value)]}, the first of each group is ours. Returns False when there is nothing to draw or to draw with.
    """
    try:
        import matplotlib
    except ImportError:
        return False
    groups = {title: rows for title, rows in groups.items() if len(rows) > 1}
    sizes = ([max(len(aims), 1)] if aims else []) + [len(rows) for rows in groups.values()]
    if not sizes:
        return False
    matplotlib.use("Agg")
    from matplotlib import pyplot
    heights = [n + 3 for n in sizes]
    figure, axes = pyplot.subplots(len(sizes), 1, figsize=(WIDTH, ROW * (sum(heights) + len(facts) + 2)), squeeze=False,
                                   gridspec_kw={"height_ratios": heights})
    left = [a for row in axes for a in row]
    if aims:
        axis = left.pop(0)
        _bars(axis, [w for w, _ in aims], [v for _, v in aims], ["tab:green" if v <= 1 else "tab:red" for _, v in aims], True)
        axis.axvline(1, color="black", linewidth=0.8)
        axis.set_title("figure / aim: reached up to 1", fontsize=9, loc="left")
    for axis, (title, rows) in zip(left, groups.items()):
        _bars(axis, [n for n, _ in rows], [v for _, v in rows], ["tab:blue"] + ["tab:grey"] * (len(rows) - 1))
        axis.set_title(title, fontsize=9, loc="left")
    figure.text(0.01, 0.002, "\n".join(textwrap.shorten(f, 150, placeholder=" ...") for f in facts), fontsize=6, va="bottom", family="monospace")
    figure.tight_layout(rect=(0, ROW * len(facts) * 0.45 / figure.get_figheight(), 1, 1))
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
    return True
