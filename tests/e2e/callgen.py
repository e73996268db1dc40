"""build/bench/callgen, the load generator with a ledger, on a pair."""
import collections
import re
import subprocess

import lab

CALLGEN = lab.TOP / "build" / "bench" / "callgen"
# Words of a line of the ledger (tests/bench/callgen/callgen_ledger.c).
IMSI, STATE, TEID, ADDRESS, SERIAL, SENT, CREATED, DELETED = 1, 3, 4, 6, 8, 9, 11, 13  # from DELETED on TEID:moment of each

Result = collections.namedtuple("Result", "rc words told")  # exit status, numbers of the summary, lines before it


def result(rc, text):
    lines = text.splitlines() or [""]
    return Result(rc, {k: float(v) if "." in v else int(v) for k, v in re.findall(r"(\w+)=([0-9.]+)(?:\s|$)", lines[-1])}, lines[:-1])


def run(*argv, timeout=60):
    p = subprocess.run([str(a) for a in (CALLGEN, *argv)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout)
    return result(p.returncode, p.stdout)


class Generator:
    """Contexts of their own: addresses of SGSNs from @index on, a ledger in the directory of the pair."""

    def __init__(self, pair, contexts, index=50, sgsns=1, ledger=None, options=()):
        self.pair, self.index, self.process = pair, index, None
        self.ledger = ledger or pair.dir / f"ledger{index}"
        self.words = ["--local", f"{pair.net}{index}", "--sgsns", sgsns, "--remote", pair.service, "--contexts", contexts,
                      "--imsi", 240010000000000 + index * 10000000, "--ledger", self.ledger, *options]

    def __call__(self, mode, *more, timeout=60):
        return run(mode, *self.words, *more, timeout=timeout)

    def start(self, mode, *more):
        """The same in the background; finish() ends it."""
        self.log = self.pair.dir / f"callgen{self.index}.log"
        with open(self.log, "wb") as log:
            self.process = lab.spawn([CALLGEN, mode, *self.words, *more], stdout=log, stderr=log)
        self.pair.clients.append(self)
        return self

    def finish(self, seconds=30, is_asked=True):
        """Ends what start() has begun (or waits for its end); its result."""
        if is_asked:
            self.process.terminate()
        return result(self.process.wait(seconds), self.log.read_text())

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(30)

    def lines(self):
        """(first line, words of the others) of the ledger."""
        head, *lines = self.ledger.read_text().splitlines()
        return head, [line.split() for line in lines]

    def write(self, head, lines):
        self.ledger.write_text("\n".join([head] + [" ".join(l) for l in lines]) + "\n")

    def teids(self):
        """Of the calls that are held."""
        return [int(l[TEID], 16) for l in self.lines()[1] if l[STATE] == "held"]
