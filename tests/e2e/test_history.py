"""show srp history: why it switched, told alike by both chassis, over restarts and deaths; JSON of every show srp."""
import json
import re
import sqlite3

import pytest

import conftest
import lab
import netlab

SHOWN = ["info", "statistics", "checkpoint statistics", "checkpoint statistics verbose", "checkpoint info",
         "call-loss statistics", "audit-statistics", "history", "history verbose", "details", "monitor", "monitor all", "monitor bgp",
         "monitor bfd", "monitor diameter", "monitor diameter debug", "monitor authentication-probe"]
MANUAL, DEAD, DUAL = 11, 9, 7


def transitions(chassis):
    return json.loads(chassis.sh("show srp history verbose | json"))["transitions"]


def of(c, /, **wanted):
    """The transitions that have all these members."""
    return [t for t in transitions(c) if all(t[k] == v for k, v in wanted.items())]


def view(t, who):
    return t.get(who)


TOLD = ("number", "from", "to", "reason_code", "why", "epoch", "time_ms", "duration_us", "calls", "calls_lost", "phases_us")


def is_told(one, other):
    """All that the one chassis says of itself, to the last phase, the other has of it."""
    known = {view(t, "peer")["number"]: view(t, "peer") for t in other if view(t, "peer")}
    own = [view(t, "this") for t in one if view(t, "this")]
    return all(v["number"] in known and all(v.get(k) == known[v["number"]].get(k) for k in TOLD) for v in own)


def both_told(pair, count):
    """Waits until each chassis has the other's view of its last transition, and gives both lists."""
    def told():
        lists = [transitions(c) for c in pair.both]
        return lists if all(len(l) >= count and view(l[-1], "this") and view(l[-1], "peer") for l in lists) \
            and is_told(*lists) and is_told(*reversed(lists)) else None
    return lab.until(told, 10, "both views of the last transition", every=0.1)


def assert_same_story(ours, theirs):
    """What one chassis tells of an event is what the other tells of it, with the sides changed."""
    for here, there in (("this", "peer"), ("peer", "this")):
        a, b = view(ours, here), view(theirs, there)
        for key in TOLD[:-1]:
            assert a[key] == b[key], (key, a, b)
    assert {s["chassis"] for s in ours["chain"]} == {"this", "peer"}
    times = [s["at_ms"] for s in ours["chain"]]
    assert times == sorted(times)
    swap = {"this": "peer", "peer": "this"}
    told = sorted((s["chassis"], s["from"], s["to"], s["why"]) for s in ours["chain"])
    assert told == sorted((swap[s["chassis"]], s["from"], s["to"], s["why"]) for s in theirs["chain"])


@pytest.mark.parametrize("force", ["", "force "])
def test_a_planned_switchover_is_one_story_on_both(make_pair, force):
    pair = make_pair().start()
    pair.a.sh(f"srp initiate-switchover {force}-noconfirm")
    pair.settle(pair.b)
    ours, theirs = (l[-1] for l in both_told(pair, 2))
    assert_same_story(ours, theirs)
    old, new = view(ours, "this"), view(ours, "peer")
    assert (old["from"], old["to"], old["reason_code"]) == ("Active", "Standby", MANUAL)
    assert (new["from"], new["to"], new["reason_code"]) == ("Standby", "Active", MANUAL)
    assert old["calls_lost"] == 0
    assert {"validate", "critical flush", "network convergence"} <= set(old["phases_us"])
    line = pair.a.sh("show srp history").splitlines()[-2]
    assert re.search(r"this Active>Standby manualSwitchOver +0 operator", line), line
    assert pair.a.label("show srp info", "Last State Change Reason") == "manualSwitchOver"
    assert pair.b.number("show srp call-loss statistics", "Lost Calls at Switchover Time:") == 0


def test_a_killed_active_is_told_by_the_one_that_took_over_and_learnt_by_the_one_that_died(make_pair):
    pair = make_pair().start()
    pair.a.kill_all()
    pair.b.wait_state("Active")
    took = of(pair.b, **{"from": "Standby", "to": "Active"})[-1]
    assert took["reason_code"] == DEAD and took["calls_lost"] is None
    assert took["why"] == "no hello within the dead interval"
    pair.a.start()
    pair.settle(pair.b)
    learnt = lab.until(lambda: of(pair.a, chassis="peer", reason_code=DEAD), 10, "A has learnt why")
    for key in ("number", "time_ms", "epoch", "why", "chain"):
        if key != "chain":
            assert learnt[-1][key] == took[key]
    assert [s["why"] for s in learnt[-1]["chain"]] == [s["why"] for s in took["chain"]]
    # what it came back as is an event of its own
    assert of(pair.a, chassis="this", **{"from": "Init", "to": "Standby"})
    assert "peer Standby>Active deadTimerExpiry     ? no hello within the dead interval" in pair.a.sh("show srp history")


def begun_on_disk(chassis):
    """A transition from Active that is not over, as chassis.db has it."""
    db = sqlite3.connect(f"file:{chassis.root / 'chassis.db'}?mode=ro", uri=True, timeout=30)
    try:
        return [b for b in (json.loads(r[0]) for r in db.execute("SELECT body FROM transition")) if b["open"] and b["from"] == 3]
    finally:
        db.close()


def test_killed_in_the_middle_of_a_switchover_it_says_so_and_has_the_peers_view(make_pair):
    pair = make_pair(relay=True).start()
    pair.set_dead_interval(10)
    pair.relay.do("set control both delay 1200")
    asked = lab.spawn([lab.STARSH, "-r", pair.a.root_word, "-c", "srp initiate-switchover -noconfirm"], stdout=-3, stderr=-3)
    pair.a.wait_state("ActivePendingStandby")
    lab.until(lambda: begun_on_disk(pair.a), 2, "its beginning is on disk")
    assert pair.a.state() == "ActivePendingStandby"
    pair.a.kill_all()
    asked.wait(60)
    pair.relay.do("clear")
    pair.b.wait_state("Active")
    pair.a.start()
    pair.settle(pair.b)
    cut = of(pair.a, chassis="this", **{"from": "Active"})[-1]
    assert cut["is_interrupted"] and not cut["is_running"] and cut["to"] is None
    took = of(pair.b, **{"from": "Standby", "to": "Active"})[-1]

    def has_the_peers_view():
        return [t for t in transitions(pair.a) if view(t, "peer") and view(t, "peer")["number"] == took["number"]]
    lab.until(has_the_peers_view, 10, "A has B's view")
    numbers = [view(t, "this")["number"] for t in transitions(pair.a) if view(t, "this")]
    assert numbers == sorted(set(numbers))
    assert not of(pair.a, is_running=True)
    # and the peer is told that it was cut
    lab.until(lambda: [t for t in transitions(pair.b) if view(t, "peer") and view(t, "peer")["is_interrupted"]], 10, "B knows")


def test_a_restart_keeps_both_chassis_transitions(make_pair):
    pair = make_pair().start()
    for _ in range(3):
        pair.switchover()
        pair.settle()
    both_told(pair, 4)

    def at_rest():  # phases after a switchover are told as they end
        if not pair.active().label("show srp info", "Switchover Phase:").startswith("none"):
            return None
        lists = [transitions(c) for c in pair.both]
        return lists if is_told(*lists) and is_told(*reversed(lists)) else None
    before = lab.until(at_rest, 20, "all is told", every=0.2)
    for c in pair.both:
        c.stop()
    pair.a.start()
    pair.b.start()
    pair.settle()
    for c, was in zip(pair.both, before):
        now = transitions(c)
        assert len(now) > len(was)
        for t, w in zip(now, was):
            for who in ("this", "peer"):
                assert view(t, who) == view(w, who)
        assert c.sh("show srp history").splitlines()[2:6] == [l for l in c.sh("show srp history").splitlines() if " this " in l or " peer " in l][:4]


def test_a_chassis_whose_root_is_new_learns_nothing_of_its_own_and_all_of_the_peers(make_pair):
    pair = make_pair().start()
    pair.switchover()
    pair.settle()
    both_told(pair, 2)
    pair.a.stop()
    for name in ("chassis.db", "chassis.db-wal", "chassis.db-shm"):
        for f in pair.a.root.rglob(name):
            f.unlink()
    pair.b.wait_state("Active")
    pair.a.start()
    pair.settle(pair.b)
    lab.until(lambda: len(of(pair.a, chassis="peer")) >= 2, 10, "A has B's transitions")
    # the earlier A is another chassis to B: what it told is kept beside
    assert len([t for t in transitions(pair.b) if view(t, "peer")]) >= 2


@pytest.mark.needs("nft")
def test_a_dual_active_is_told_by_both(request):
    try:
        net = netlab.NetPair(request.node.name)
    except netlab.NoRight as e:
        conftest.missing(f"network namespaces: {e}")
    try:
        net.start()

        def both_heard():
            """Who gives way may do so before its own hello has come: then the other one never knew of two."""
            net.cut("ab", "ba")
            net.b.wait_state("Active", lab.DEAD_INTERVAL + 2)
            net.heal()
            net.settle(net.a, seconds=20)
            return of(net.a, chassis="this", reason_code=DUAL)
        won = lab.until(both_heard, 30, "the one that stays says so of itself", every=0)
        winner, loser = net.active(), net.standby()
        lost = lab.until(lambda: of(loser, chassis="this", reason_code=DUAL, **{"from": "Active", "to": "Standby"}), 5, "told")
        lab.until(lambda: [t for t in transitions(winner) if view(t, "peer") and view(t, "peer")["reason_code"] == DUAL
                           and view(t, "peer")["number"] == lost[-1]["number"]], 10, "the winner has the loser's view")
        assert "dual active" in lost[-1]["why"]
        assert (won[-1]["from"], won[-1]["to"]) == ("Active", "Active") and "dual active won" in won[-1]["why"]
        # the split itself: B took over for want of hellos, and A has learnt that
        assert lab.until(lambda: [t for t in transitions(net.a) if view(t, "peer") and view(t, "peer")["reason_code"] == DEAD],
                         10, "A knows why B served")
    finally:
        net.close()


def test_what_the_disk_does_not_take_is_kept_in_memory_and_said(make_pair):
    """Another writer that does not let go has the effect of a full disk: the write fails, and later does not."""
    pair = make_pair().start()
    lab.until(lambda: "not on disk" not in pair.a.sh("show srp history"), 5, "all is on disk")
    db = sqlite3.connect(pair.a.root / "chassis.db", isolation_level=None)
    db.execute("BEGIN EXCLUSIVE")
    pair.switchover()
    lab.until(lambda: "transitions are not on disk yet" in pair.a.sh("show srp history"), 15, "it says so")
    assert "Active>Standby manualSwitchOver" in pair.a.sh("show srp history")
    lab.until(lambda: "srp/history" in pair.a.sh("show alarm outstanding"), 5, "the alarm")
    assert "cannot be written to chassis.db" in pair.a.sh("show srp info")
    db.execute("ROLLBACK")
    lab.until(lambda: "not on disk" not in pair.a.sh("show srp history"), 15, "it is written after all")
    lab.until(lambda: "srp/history" not in pair.a.sh("show alarm outstanding"), 5, "the alarm ends")
    rows = [json.loads(r[0]) for r in db.execute("SELECT body FROM transition")]
    db.close()
    assert [r for r in rows if r["reason"] == MANUAL and r["from"] == 3 and r["to"] == 1]


@pytest.mark.parametrize("what", SHOWN)
def test_every_show_srp_is_one_json_document(shared, what):
    doc = json.loads(shared.a.sh(f"show srp {what} | json"))
    assert isinstance(doc, dict) and doc
    rc, out = shared.a.script("timestamps", f"show srp {what} | json")
    assert rc == 0 and json.loads(out)
    # whatever ends in _ms and is no duration has a date beside it
    for key in [k for k in doc if k.endswith("_ms") and k[:-3] in doc and doc[k]]:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", doc[key[:-3]])


@pytest.mark.parametrize("what", SHOWN + ["monitor", "monitor all", "monitor diameter debug"])
def test_no_line_of_show_srp_is_wider_than_110_columns(shared, what):
    for chassis in shared.both:
        wide = [line for line in chassis.sh(f"show srp {what}").splitlines() if len(line) > 110]
        assert wide == []


def peak_kib(chassis):
    return int(re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{chassis.pid}/status").read()).group(1))


def test_a_long_history_is_shown_whole_and_takes_no_room_to_speak_of(make_pair):
    a = make_pair().a
    a.start()
    a.wait_state("Active")
    a.stop()
    count = 4000
    db = sqlite3.connect(a.root / "chassis.db", isolation_level=None)
    chassis, _, at_us, text = db.execute("SELECT chassis, number, at_us, body FROM transition").fetchone()
    body = json.loads(text)
    db.execute("BEGIN")
    for i in range(count):
        body.update(number=i + 100, at_us=at_us + i * 60_000_000, changed=body["changed"] + 1)
        body["steps"] = body["steps"][:1] * 12
        db.execute("INSERT INTO transition VALUES(?,?,?,?)", (chassis, body["number"], body["at_us"], json.dumps(body)))
    db.execute("COMMIT")
    db.close()
    a.start()
    before = peak_kib(a)
    shown = json.loads(a.sh("show srp history verbose | json", timeout=60))["transitions"]
    assert [t["number"] for t in shown][1:count + 1] == list(range(100, count + 100))
    assert len(a.sh("show srp history").splitlines()) >= count + 2
    assert "The youngest 100 transitions" in a.sh("show srp details")
    assert peak_kib(a) - before < 100 << 10
