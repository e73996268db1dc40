"""A planned switchover while session managers are not connected to their peers."""
import json
import re

import pytest

import gtp
import lab

SESSMGRS = 2  # of configs/lab-*.cfg: the default


@pytest.fixture
def calls(relayed):
    s = gtp.Sgsn(f"{relayed.net}60", relayed.service)
    made = [s.ask(s.create(f"2400112345000{i:02}")) for i in range(20)]
    assert all(m.cause == gtp.ACCEPTED for m in made)
    relayed.b.wait_label("show srp checkpoint statistics", "Current pre-allocated calls:", 20)
    yield s, [m.number(gtp.TEID_CONTROL) for m in made]
    s.close()


def cut(pair, which, count):
    pair.relay.do(f"cut {which}")
    lab.until(lambda: list(pair.a.peer_conn().values()).count("Ready") == SESSMGRS - count, 5,
              f"{count} session managers without peer connection: {pair.a.peer_conn()}")


def connections(chassis):
    return json.loads(chassis.sh("show srp checkpoint statistics | json"))["total_connections"]


@pytest.mark.parametrize("which, count", [("checkpoint:1", 1), ("checkpoint:2", 1), ("checkpoint", SESSMGRS)])
def test_switchover_is_refused_with_the_number_of_session_managers_not_connected(relayed, calls, which, count):
    cut(relayed, which, count)
    rc, out = relayed.a.run("srp initiate-switchover -noconfirm")
    assert rc == 1 and out.startswith("Failure: "), out
    assert re.findall(r"\d+", out)[:1] == [str(count)], out
    assert (relayed.a.state(), relayed.b.state()) == ("Active", "Standby")
    assert relayed.a.subscribers() == 20
    relayed.relay.do(f"heal {which}")
    relayed.settle(relayed.a)
    relayed.switchover()
    assert relayed.b.subscribers() == 20


@pytest.mark.parametrize("which, count", [("checkpoint:1", 1), ("checkpoint", SESSMGRS)])
def test_force_overrides_and_the_calls_of_the_others_live_on(relayed, calls, which, count):
    s, teids = calls
    cut(relayed, which, count)
    rc, out = relayed.a.run("srp initiate-switchover force -noconfirm")
    assert rc == 0, out
    relayed.b.wait_state("Active")
    relayed.a.wait_state("Standby")
    connected = [t for t in teids if not (which == "checkpoint" or f"checkpoint:{t >> 25}" == which)]
    for t in connected:
        assert s.ask(s.update(t)).cause == gtp.ACCEPTED
    relayed.relay.do(f"heal {which}")
    relayed.settle(relayed.b)
    for t in connected:
        assert s.ask(s.delete(t)).cause == gtp.ACCEPTED


def test_a_connection_that_comes_back_sends_only_what_has_changed(relayed, calls):
    s, teids = calls
    before = connections(relayed.b)
    relayed.relay.do("reset checkpoint")
    assert s.ask(s.update(teids[0])).cause == gtp.ACCEPTED
    lab.until(lambda: connections(relayed.b) >= before + SESSMGRS, 10, "all are connected anew")
    relayed.settle(relayed.a)
    assert s.ask(s.delete(teids[1])).cause == gtp.ACCEPTED
    relayed.b.wait_label("show srp checkpoint statistics", "Current pre-allocated calls:", 19)
    relayed.switchover()
    for t in teids[:1] + teids[2:]:
        assert s.ask(s.delete(t)).cause == gtp.ACCEPTED
    assert relayed.b.subscribers() == 0
