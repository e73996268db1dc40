"""Calls that a switchover lost: each is named with why by the chassis that gave way, and the reasons add up to the total."""
import json

import pytest

import gtp
import lab
from test_checkpoints import damage

YOUNG = "younger than the checkpoint duration"
NEVER_SENT = "never checkpointed"
UNACKED = "not acknowledged"
IMSI = 240011239900000


def loss(chassis):
    return json.loads(chassis.sh("show srp call-loss statistics | json"))


def reasons(chassis):
    """{reason: IMSIs} of the calls that are named."""
    named = {}
    for c in loss(chassis)["lost_calls"]:
        named.setdefault(c["reason"], set()).add(int(c["imsi"]))
    return named


def total_lost(chassis):
    return json.loads(chassis.sh("show srp checkpoint statistics | json"))["total_calls_lost"]


def assert_adds_up(chassis, number):
    """All the sums that are shown say @number: by reason, of the switchover, of the session managers."""
    said = lab.until(lambda: (lambda l: l if l["calls_lost"] == number else None)(loss(chassis)), 10, f"{number} calls are counted")
    assert said["too_young"] + said["never_checkpointed"] + said["not_acknowledged"] == number
    last = said["switchovers"][-1]
    assert last["calls_lost"] == last["checkpoints_never_sent"] + last["checkpoints_send_failed"] == number
    assert last["checkpoints_never_sent"] == said["too_young"] + said["never_checkpointed"]
    lab.until(lambda: total_lost(chassis) == number, 5, "the session managers counted the same")
    view = json.loads(chassis.sh("show srp history verbose | json"))["transitions"][-1]["this"]
    assert view["calls_lost"] == view["lost_young"] + view["lost_never_checkpointed"] + view["lost_not_acknowledged"] == number
    return said


@pytest.fixture
def cut(make_pair):
    """A pair with a relay and a session duration, whose checkpoint connections are reset and stay away."""
    made = []

    def make(duration=0, edit=lambda x, t: t, held=3):
        line = "checkpoint session duration "
        pair = make_pair(relay=True, edit=lambda x, t: edit(x, t).replace(line + "0", line + str(duration))).start()
        s = gtp.Sgsn(f"{pair.net}60", pair.service)
        made.append(s)
        pair.sgsn = s
        pair.create = lambda first, n: {IMSI + first + i for i in range(n)
                                        if s.ask(s.create(str(IMSI + first + i))).cause == gtp.ACCEPTED}
        if held:
            assert len(pair.create(0, held)) == held
        if held and duration == 0:
            pair.b.wait_label("show srp checkpoint statistics", "Current pre-allocated calls:", held)
            pair.a.wait_label("show srp checkpoint statistics", "Current calls not yet acknowledged by peer:", 0)
        return pair
    yield make
    for s in made:
        s.close()


def cut_checkpoints(pair):
    pair.relay.do("cut checkpoint")
    lab.until(lambda: not any(v == "Ready" for v in pair.a.peer_conn().values()), 5, "no session manager is connected")


def give_way(pair):
    """A, whose session managers have no connection, hands over because the operator insists."""
    rc, out = pair.a.run("srp initiate-switchover force -noconfirm")
    assert rc == 0, out
    pair.b.wait_state("Active")
    pair.a.wait_state("Standby")


def test_calls_made_while_the_link_was_cut_are_named_as_never_sent(cut):
    pair = cut()
    cut_checkpoints(pair)
    made = pair.create(100, 5)
    give_way(pair)
    assert assert_adds_up(pair.a, 5)["never_checkpointed"] == 5
    assert reasons(pair.a) == {NEVER_SENT: made}
    assert "never checkpointed" in pair.a.sh("show srp history verbose")
    pair.relay.do("clear")
    lab.until(lambda: loss(pair.b)["switchovers"][-1]["calls_lost"] == 5, 10, "the other chassis has been told")
    lab.until(lambda: reasons(pair.b) == {NEVER_SENT: made}, 5, "with their names")
    assert loss(pair.b)["calls_lost"] == 0, "these are not B's losses"
    lab.until(lambda: pair.a.preallocated() == 3, 10, "what B has is what is left")


def test_calls_below_the_checkpoint_duration_are_named_as_too_young(cut):
    pair = cut(duration=60)
    cut_checkpoints(pair)
    made = pair.create(100, 4)
    give_way(pair)
    assert assert_adds_up(pair.a, 7)["too_young"] == 7
    assert reasons(pair.a) == {YOUNG: made | {IMSI + i for i in range(3)}}


def test_a_call_that_was_sent_and_not_acknowledged_is_named_so(cut):
    pair = cut()
    pair.relay.do("set checkpoint ab freeze")  # what A sends stays on the way
    sent = pair.create(100, 4)
    statistics = "show srp checkpoint statistics"
    lab.until(lambda: pair.a.number(statistics, "Total full checkpoints sent:") == 7, 5, "they have left A")
    cut_checkpoints(pair)
    unsent = pair.create(200, 2)
    give_way(pair)
    said = assert_adds_up(pair.a, 6)
    assert (said["not_acknowledged"], said["never_checkpointed"]) == (4, 2)
    assert reasons(pair.a) == {UNACKED: sent, NEVER_SENT: unsent}


def test_beyond_the_calls_that_are_named_the_reasons_still_add_up(cut):
    pair = cut(held=0)
    cut_checkpoints(pair)
    client = pair.gtp_client("create", "--local", f"{pair.net}50", "--remote", pair.service, "--contexts", 2500, "--rate", 2500)
    client.wait()
    assert pair.a.subscribers() == 2500
    give_way(pair)
    assert assert_adds_up(pair.a, 2500)["never_checkpointed"] == 2500
    assert len(loss(pair.a)["lost_calls"]) == 1000


def test_what_a_killed_active_had_alone_nobody_can_tell_also_when_it_comes_back(cut):
    pair = cut(duration=60)
    pair.a.kill_all()
    pair.b.wait_state("Active")
    assert pair.b.subscribers() == 0
    lab.until(lambda: loss(pair.b)["switchovers"], 5, "the switchover is told")
    assert loss(pair.b)["switchovers"][-1]["calls_lost"] is None
    pair.a.start()
    pair.settle(pair.b)
    for c in pair.both:
        said = lab.until(lambda: (lambda l: l if l["switchovers"] else None)(loss(c)), 10, "the switchover is told")
        assert said["calls_lost"] == 0 and said["lost_calls"] == []
        assert [s["calls_lost"] for s in said["switchovers"]] == [None]
        assert "not known, the chassis that had them did not tell" in c.sh("show srp call-loss statistics")



def test_a_lost_call_whose_record_is_damaged_is_counted_and_named_without_its_imsi(cut):
    pair = cut()
    cut_checkpoints(pair)
    made = sorted(pair.create(100, 3))
    assert damage(pair.a, str(made[1])) >= 1
    give_way(pair)
    assert assert_adds_up(pair.a, 3)["never_checkpointed"] == 3
    assert sorted(c["imsi"] for c in loss(pair.a)["lost_calls"]) == [str(made[0]), str(made[2]), "unknown"]
