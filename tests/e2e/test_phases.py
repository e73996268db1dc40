"""What follows a switchover: who is served when, what is counted, what is found and purged, and what an operator sees of it.

An accounting flush between two idle chassis takes less than a millisecond. Where a test has to look at one, the test
build of chassisd holds it back (STARLING_HOLD_ACCOUNTING_MS).
"""
import json
import re

import pytest

import gtp
import lab

NO_RESOURCES = 199
OPTIMIZED = "switchover control-outage-optimization"


def with_option(*chassis):
    """The lab configuration with the option on these chassis."""
    before = "      checkpoint session duration"
    return lambda x, text: text.replace(before, f"      {OPTIMIZED}\n{before}") if x in chassis else text


def info(chassis, label):
    return chassis.label("show srp info", label)


def phase(chassis):
    return re.sub(r" \(.*", "", info(chassis, "Switchover Phase:"))


@pytest.fixture
def slow(make_pair, monkeypatch):
    """slow(ms, edit): a pair of test builds whose accounting flush takes so long."""
    def make(ms, edit=None):
        monkeypatch.setattr(lab, "CHASSISD", lab.TOP / "build/asan/chassisd")
        monkeypatch.setenv("STARLING_HOLD_ACCOUNTING_MS", str(ms))
        pair = make_pair(edit=edit).start()
        pair.settle(pair.a)
        return pair
    return make


@pytest.fixture
def sgsn():
    made = []

    def make(pair, host=60):
        made.append(gtp.Sgsn(f"{pair.net}{host}", pair.service))
        return made[-1]
    yield make
    for s in made:
        s.close()


def switchover_into_the_flush(pair):
    pair.switchover(wait=False, force=True)  # some tests have configurations that differ
    pair.b.wait_state("Active")
    lab.until(lambda: phase(pair.b) == "accounting flush", 5, f"the flush (is {phase(pair.b)})")


def test_during_the_flush_new_calls_are_refused_and_the_others_served(slow, sgsn):
    pair = slow(4500)
    s = sgsn(pair)
    teid = s.ask(s.create("240011234500001")).number(gtp.TEID_CONTROL)
    switchover_into_the_flush(pair)
    assert info(pair.b, "Control Packets:") == "new calls refused"
    assert s.ask(s.create("240011234500002")).cause == NO_RESOURCES
    assert s.ask(s.update(teid)).cause == gtp.ACCEPTED
    assert phase(pair.b) == "accounting flush", "it was seen during the flush"
    pair.b.wait_label("show ggsn-service all", "Rejected, new in a switchover:", 1)
    pair.b.wait_open()
    assert s.ask(s.create("240011234500002")).cause == gtp.ACCEPTED
    assert s.ask(s.delete(teid)).cause == gtp.ACCEPTED
    lab.until(lambda: phase(pair.b) == "none", 10, "every session manager is Ready at the peer")
    out = pair.b.sh("show srp info")
    for name in ("network convergence", "accounting flush", "internal audit", "post-switchover"):
        assert re.search(rf"Last {name}: +\d+\.\d\d\d ms$", out, re.M), out
    assert re.search(r"Internal Audit: +1 calls, 0 purged, 0 addresses freed$", out, re.M), out
    out = pair.a.sh("show srp info")
    for name in ("validate", "critical flush", "network convergence"):
        assert re.search(rf"Last {name}: +\d+\.\d\d\d ms$", out, re.M), out
    assert float(re.search(r"Last accounting flush: +([\d.]+) ms", pair.b.sh("show srp info"))[1]) >= 4000


@pytest.mark.parametrize("have, is_taken", [("ab", True), ("a", False), ("b", False)])
def test_with_the_optimization_on_both_chassis_new_calls_are_taken_as_soon_as_the_audit_is_done(slow, sgsn, have, is_taken):
    pair = slow(4500, with_option(*have))
    s = sgsn(pair)
    switchover_into_the_flush(pair)
    lab.until(lambda: "(running)" not in pair.b.label("show srp info", "Last internal audit:"), 5, "the audit is over")
    assert info(pair.b, "Control Packets:") == ("all served" if is_taken else "new calls refused")
    assert s.ask(s.create("240011234500002")).cause == (gtp.ACCEPTED if is_taken else NO_RESOURCES)
    assert phase(pair.b) == "accounting flush", "it was seen during the flush"


def test_an_operator_ends_the_flush_by_force_and_is_refused_where_nothing_runs(slow, sgsn):
    pair = slow(4500)
    s = sgsn(pair)
    assert pair.a.run("srp terminate-post-process")[1].strip() == "Failure: no post-switchover processing is running"
    assert pair.b.run("srp terminate-post-process")[1].strip() == "Failure: chassis is not Active"
    switchover_into_the_flush(pair)
    rc, out = pair.b.run("srp terminate-post-process")
    assert (rc, out.strip()) == (0, "Post-switchover processing terminated")
    assert phase(pair.b) == "none"
    assert s.ask(s.create("240011234500002")).cause == gtp.ACCEPTED
    assert "(cut)" in info(pair.b, "Last accounting flush:")
    assert pair.b.run("srp terminate-post-process")[1].strip() == "Failure: no post-switchover processing is running"


def counters(chassis, imsi):
    out = chassis.sh(f"show subscribers full imsi {imsi}")
    return [int(re.search(rf"{label} *: (\d+)", out)[1]) for label in ("Updates", "Repeated requests", "Refused requests")]


def counter_records(chassis):
    """Records of a call's counters that came: in a flush, or before it among the changes (now and then, so they may)."""
    rows = json.loads(chassis.sh("show srp micro-checkpoint statistics | json"))["micro_checkpoints"]
    return (chassis.number("show srp checkpoint statistics", "Total accounting records taken over:")
            + next(r["received"] for r in rows if r["name"] == "UPDATE_CLPSTATS"))


def test_the_counters_of_a_call_come_along_and_go_on(pair, sgsn):
    imsi = "240011234500001"
    s = sgsn(pair)
    create = s.create(imsi)
    teid = s.ask(create).number(gtp.TEID_CONTROL)
    for _ in range(3):
        assert s.ask(create).cause == gtp.ACCEPTED
    assert s.ask(s.update(teid)).cause == gtp.ACCEPTED
    assert s.ask(s.update(teid, nsapi=9)).cause == gtp.NON_EXISTENT
    assert s.ask(create).cause == gtp.ACCEPTED
    assert counters(pair.a, imsi) == [1, 4, 1]
    pair.switchover()
    lab.until(lambda: counters(pair.b, imsi) == [1, 4, 1] and counter_records(pair.b) >= 1, 5, "the accounting has come")
    assert s.ask(create).cause == gtp.ACCEPTED
    assert counters(pair.b, imsi) == [1, 5, 1]
    pair.settle(pair.b)
    pair.switchover()
    lab.until(lambda: counters(pair.a, imsi) == [1, 5, 1], 5, "the accounting has come back")


def test_after_the_loss_of_the_active_there_is_no_flush_and_the_chassis_waits_for_a_standby(pair, sgsn):
    s = sgsn(pair)
    teid = s.ask(s.create("240011234500001")).number(gtp.TEID_CONTROL)
    pair.b.wait_label("show srp checkpoint statistics", "Current pre-allocated calls:", 1)
    pair.a.kill_all()
    pair.b.wait_state("Active")
    pair.b.wait_open()
    assert s.ask(s.update(teid)).cause == gtp.ACCEPTED
    # its bound is 5 s: nobody waited for what cannot come
    assert float(re.fullmatch(r"([\d.]+) ms", info(pair.b, "Last accounting flush:"))[1]) < 2500
    assert "no accounting flush: the chassis that was Active is lost; 1 calls taken over" in pair.b.tail(lines=100)
    assert phase(pair.b) == "post-switchover"
    pair.a.start()
    pair.settle(pair.b)
    lab.until(lambda: phase(pair.b) == "none", 10, "the standby holds everything")


def test_a_call_of_an_access_point_that_the_new_active_lacks_is_purged_and_named(make_pair, sgsn):
    def edit(x, text):
        apn = "    apn other\n      ip address pool name internet\n    #exit\n"
        return text.replace("    ggsn-service ggsn\n", apn + "    ggsn-service ggsn\n") if x == "a" else text
    pair = make_pair(edit=edit).start()
    pair.settle(pair.a)
    s = sgsn(pair)
    kept = s.ask(s.create("240011234500001")).number(gtp.TEID_CONTROL)
    gone = s.ask(s.create("240011234500002", apn="other")).number(gtp.TEID_CONTROL)
    pair.b.wait_label("show srp checkpoint statistics", "Current pre-allocated calls:", 2)
    pair.switchover(force=True)
    out = pair.b.sh("show srp info")
    assert re.search(r"Internal Audit: +2 calls, 1 purged,", out), out
    assert re.search(r"access point is not configured +1$", out, re.M), out
    assert f"call {gone:08x} imsi 240011234500002 purged: access point is not configured" in pair.b.tail(lines=100)
    assert s.ask(s.update(gone)).cause == gtp.NON_EXISTENT
    assert s.ask(s.update(kept)).cause == gtp.ACCEPTED
    pair.settle(pair.b)
    pair.a.wait_label("show srp checkpoint statistics", "Current pre-allocated calls:", 1)  # the standby was told


def test_switchovers_under_load_refuse_new_calls_only_and_lose_nothing(pair):
    client = pair.gtp_client("mixed", "--local", f"{pair.net}50", "--remote", pair.service, "--contexts", 2000, "--rate", 3000,
                             "--t3", 100, "--n3", 100)
    lab.until(lambda: (pair.active().subscribers() or 0) >= 800, 20, "800 calls")
    for _ in range(6):
        pair.switchover()
        pair.settle()
    result = client.terminate().summary()
    assert client.process.returncode == 0, client.text()[-2000:]
    assert result["lost"] == result["wrong"] == result["other"] == 0, result
    def refused():
        return sum(c.number("show ggsn-service all", "Rejected, new in a switchover:") for c in pair.both)
    lab.until(lambda: result["no_resources"] <= refused(), 5, "each is counted; an answer that was lost was repeated")
    print(result["no_resources"], "refused in six switchovers")
