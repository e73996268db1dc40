"""Guard periods on real processes: what begins them, and what show srp monitor says."""
import json

import lab


def monitor(chassis, kind):
    """The row of one kind, from the JSON form."""
    rows = json.loads(chassis.sh("show srp monitor | json"))["monitors"]
    return next(r for r in rows if r["monitor"] == kind)


def guard_left(chassis, kind):
    return monitor(chassis, kind)["guard_left_s"] or 0


def guard_by(chassis, kind, line, watched):
    """Configures a period, and then one more object: once that is seen, the period is in force."""
    n = monitor(chassis, kind)["objects"] + 1
    chassis.configure("context srp", "service-redundancy-protocol", f"guard-timer {line}", f"{watched}.{n}")
    lab.until(lambda: monitor(chassis, kind)["objects"] == n, 10, f"{chassis.name} watches {n} objects")


def end_task(chassis, role):
    lab.kill(next(pid for pid, name in chassis.roles().items() if name == role))


def test_a_task_that_dies_begins_the_guard_period_after_a_local_failure(pair):
    bgp = "monitor bgp context isp 10.1.1"
    assert guard_left(pair.a, "BGP") <= 60
    for role in ("sessmgr 1", "demux 1"):
        guard_by(pair.a, "BGP", "srp-redundancy-timers bgp guard-period 300", bgp)
        end_task(pair.a, role)
        lab.until(lambda: guard_left(pair.a, "BGP") > 60, 10, "a guard period of 300 s runs")
        guard_by(pair.a, "BGP", "srp-redundancy-timers bgp guard-period 1", bgp)
        assert guard_left(pair.a, "BGP") > 60  # a changed period counts from its next start
        end_task(pair.a, "sessmgr 2")
        lab.until(lambda: guard_left(pair.a, "BGP") <= 1, 10, "the period in force at the last death runs")
    log = (pair.a.root / "run" / "log").read_text()
    assert "guard period of monitor BGP begins: a session manager ended (300000 ms)" in log
    assert "guard period of monitor BGP begins: demux ended (300000 ms)" in log
    assert "guard period of monitor AAA" not in log  # nothing of it is watched


def test_a_takeover_begins_the_guard_period_after_a_switchover_on_the_new_active_only(pair):
    for chassis in pair.both:
        guard_by(chassis, "AAA", "aaa-switchover-timers guard-period 300",
                 "monitor authentication-probe context isp 10.2.0")
    pair.switchover()
    lab.until(lambda: guard_left(pair.b, "AAA") > 60, 10, "the new Active is guarded")
    assert guard_left(pair.a, "AAA") <= 60
    assert "by this chassis" in pair.b.label("show srp monitor", "Authentication probe:")
    assert "not Active" in pair.a.label("show srp monitor", "Authentication probe:")
    assert monitor(pair.b, "AAA")["state"] == "Initializing"
