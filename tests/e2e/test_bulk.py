"""The entry of the benches: there when the environment says so, and what it brings are calls like all others."""
import json
import os
import re
import subprocess
import sys

import lab

sys.path.insert(0, str(lab.TOP / "tests" / "bench"))
import checkpoints  # noqa: E402

BULK = lab.TOP / "build" / "bench" / "bulk"


def start_open(chassis):
    """Starts a chassis that is open to benches."""
    (chassis.root / "bench").mkdir(mode=0o700)
    os.environ["STARLING_BENCH"] = str(chassis.root / "bench")
    chassis.start()
    del os.environ["STARLING_BENCH"]


def open_pair(name):
    pair = lab.Pair(name, edit=checkpoints.configuration("lz4"), options=["--sessmgrs", "2"])
    for c in pair.both:
        start_open(c)
    pair.settle()
    return pair


def bulk(*argv):
    p = subprocess.run([str(a) for a in (BULK, *argv)], stdout=subprocess.PIPE, text=True, timeout=60)
    return p.returncode, dict(re.findall(r"(\w+)=(\S+)", p.stdout))


def test_bulk_loaded_sessions_are_calls_on_both_chassis_and_change_like_them():
    pair = open_pair("bulk")
    try:
        entry = [c.root / "bench" for c in (pair.active(), pair.standby())]
        rc, words = bulk("load", entry[0], 2, 3000)
        assert rc == 0 and words["loaded"] == "3000" and words["refused"] == "0"
        assert pair.active().subscribers() == 3000
        lab.until(lambda: pair.standby().preallocated() == 3000, 10, "the standby holds them")
        line = re.search(r"^\S{6} [0-9a-f]{8} (2620[123]\d+) .* (10\.\d+\.\d+\.\d+) ", pair.active().sh("show subscribers all"), re.M)
        assert line, "IMSI and address of the generator's record"
        rc, words = bulk("updates", *entry, 2, 20000, pair.a.pid, pair.b.pid)
        assert rc == 0 and int(words["updates"]) >= 20000
        assert bulk("same", *entry, 2) == (0, {"same": "3000"})
        assert "open to benches" in pair.a.sh("show logs")
        pair.switchover()
        assert line.group(0) in pair.active().sh("show subscribers all")
    finally:
        pair.close()


def test_a_takeover_inside_a_full_synchronization_says_how_many_calls_had_come():
    sessions = 40000  # several windows of batches, each as long as a round trip
    pair = lab.Pair("partial", edit=checkpoints.configuration("lz4"), options=["--sessmgrs", "2"], relay=True)
    try:
        pair.relay.start()
        start_open(pair.a)
        pair.a.wait_state("Active")
        assert bulk("load", pair.a.root / "bench", 2, sessions)[1]["loaded"] == str(sessions)
        pair.relay.do("set checkpoint both delay 300")
        pair.b.start()
        lab.until(lambda: 0 < (pair.b.preallocated() or 0), 20, "the first calls have come", every=0.01)
        pair.a.kill_all()
        pair.b.wait_state("Active")
        entry = lab.until(lambda: [t for t in json.loads(pair.b.sh("show srp history verbose | json"))["transitions"]
                                   if t.get("calls_announced")], 5, "the history tells it")[-1]
        assert entry["calls_announced"] == sessions and 0 < entry["calls_that_had_come"] < sessions, entry
        assert entry["calls_that_had_come"] == pair.b.subscribers()
        line = f"took over inside a full synchronization: {entry['calls_that_had_come']} of {sessions} calls had come"
        assert line in pair.b.sh("show srp history verbose")
    finally:
        pair.close()


def test_without_the_environment_there_is_no_entry():
    pair = lab.Pair("nobulk")
    try:
        pair.a.start()
        assert not [p for p in pair.a.root.rglob("sessmgr-*") if p.is_socket()]
        assert "benches" not in pair.a.sh("show logs")
    finally:
        pair.close()
