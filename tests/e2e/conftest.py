"""Fixtures of the end-to-end tests. Every test gets chassis of its own on a random 127.a.b.0/24; what
they wrote is kept in build/e2e/NAME."""
import os
import shutil
import sys
import pathlib

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import lab  # noqa: E402

IS_CI = os.environ.get("CI", "") not in ("", "0", "false")
NEEDS = {"sgsnemu": "sgsnemu", "netns": "unshare", "nft": "nft"}


def pytest_configure(config):
    config.addinivalue_line("markers", "needs(PROGRAM...): programs of others the test talks to")
    lab.adopt_orphans()
    lab.OUT.mkdir(parents=True, exist_ok=True)


def pytest_runtest_setup(item):
    for mark in item.iter_markers("needs"):
        for program in mark.args:
            if not shutil.which(program):
                missing(f"{program} is not installed")


def missing(what):
    """A peer or a right that is not there: a failure in CI, elsewhere a skip by name."""
    if IS_CI:
        pytest.fail(what)
    pytest.skip(what)


def pytest_unconfigure(config):
    lab.kill_everything()


def pytest_terminal_summary(terminalreporter):
    def n(*kinds):
        return sum(len([r for r in terminalreporter.stats.get(k, []) if getattr(r, "when", "call") != "teardown" or k == "error"])
                   for k in kinds)
    for r in terminalreporter.stats.get("skipped", []):
        terminalreporter.write_line(f"SKIP {r.nodeid}: {r.longrepr[2] if isinstance(r.longrepr, tuple) else r.longrepr}")
    terminalreporter.write_line(f"{n('passed')} passed, {n('failed', 'error')} failed, {n('skipped')} skipped")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """With a failure, the ends of the logs of the pair it used."""
    report = (yield).get_result()
    if report.when == "call" and report.failed:
        for value in item.funcargs.values():
            for c in getattr(value, "both", ()) or ([value] if isinstance(value, lab.Chassis) else []):
                report.sections.append((f"log of chassis {c.name} ({c.root})", c.tail()))
            if getattr(value, "relay", None):
                report.sections.append(("log of the relay", value.relay.tail()))


def _name(request):
    return request.node.name if request.scope == "function" else request.module.__name__


@pytest.fixture
def make_pair(request):
    """make_pair(edit=..., options=..., relay=...): a pair that is not yet started."""
    made = []

    def make(**kw):
        pair = lab.Pair(_name(request), **kw)
        made.append(pair)
        return pair
    yield make
    for pair in made:
        pair.close()


@pytest.fixture
def pair(make_pair):
    """A settled pair: A Active, B Standby, every session manager connected."""
    return make_pair().start()


@pytest.fixture
def relayed(make_pair):
    """The same with the relay between them."""
    return make_pair(relay=True).start()


@pytest.fixture(scope="module")
def shared(request):
    """A settled pair which the tests of one file share; they leave it as they found it."""
    p = lab.Pair(_name(request))
    try:
        yield p.start()
    finally:
        p.close()


@pytest.fixture
def terminal(shared):
    t = lab.Terminal(shared.a)
    t.wait_prompt()
    yield t
    t.close()
