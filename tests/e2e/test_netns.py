"""Chassis in network namespaces, service address by the second driver (freebind, added to lo)."""
import sys
import time

import pytest

import conftest
import lab
import netlab
from watch import Lateness, active_since

CALLS = [f"2400112345000{i:02}" for i in range(20)]
# After a heal both chassis need one hello to hear of each other.
HELLO = 1.0
SETTLING = 2 * HELLO + 0.5


@pytest.fixture
def net(request):
    pair = None
    try:
        pair = netlab.NetPair(request.node.name)
    except netlab.NoRight as e:
        conftest.missing(f"network namespaces: {e}")
    try:
        yield pair.start()
    finally:
        pair.close()


class Calls:
    def __init__(self, net):
        self.net, self.teids = net, {}
        for imsi, cause, teid, _ in self.ask("create", CALLS):
            assert cause == "128"
            self.teids[imsi] = teid
        net.standby().wait_label("show srp checkpoint statistics", "Current pre-allocated calls:", len(CALLS))

    def ask(self, verb, calls):
        self.net.route_to(self.net.active())
        rc, out = self.net.in_router(sys.executable, lab.TOP / "tests/e2e/ask_gtp.py", "10.91.1.1", netlab.SERVICE, verb, *calls)
        assert rc == 0, out
        return [line.split() for line in out.splitlines()]

    def all_answer(self, verb="update"):
        answers = self.ask(verb, [f"{i}={t}" for i, t in self.teids.items()])
        assert [a[1] for a in answers] == ["128"] * len(CALLS), answers


def test_the_service_address_moves_with_a_planned_switchover(net):
    calls = Calls(net)
    assert net.owners() == ["a"]
    net.switchover()
    assert net.owners() == ["b"]
    calls.all_answer()
    net.switchover()
    assert net.owners() == ["a"]
    calls.all_answer("delete")


@pytest.mark.parametrize("ways", [("ab",), ("ba",), ("ab", "ba")], ids="+".join)
def test_a_cut_in_the_middle_never_leaves_two_active_while_both_directions_work(net, ways):
    calls = Calls(net)
    with net.watch() as watch, Lateness() as machine:
        net.cut(*ways)
        if "ab" in ways:
            net.b.wait_state("Active", lab.DEAD_INTERVAL + 2)
        else:
            lab.stays(lambda: net.a.state() == "Active", lab.DEAD_INTERVAL + 1, "A Active")
        if len(ways) == 2:
            lab.until(lambda: watch.dual, 2, "the watch sees that both are Active, each on its side")
        net.heal()
        healed = time.monotonic()
        net.settle(seconds=20)
        lab.stays(lambda: sorted((net.a.state(), net.b.state())) == ["Active", "Standby"], HELLO, "one Active, one Standby")
    late = watch.since(healed + SETTLING + machine.late)
    assert not late, f"two Active {late[-1] - healed:.2f} s after the heal; {watch.history}"
    assert net.owners() == [net.active().name]
    calls.all_answer()


def test_a_frozen_active_that_thaws_gives_way_or_keeps_but_never_both(net):
    calls = Calls(net)
    net.a.freeze()
    net.b.wait_state("Active", lab.DEAD_INTERVAL + 2)
    net.a.thaw()
    thawed = time.monotonic()
    with net.watch() as watch, Lateness() as machine:
        net.settle(seconds=20)
        lab.stays(lambda: sorted((net.a.state(), net.b.state())) == ["Active", "Standby"], HELLO, "one Active, one Standby")
    assert not watch.since(thawed + SETTLING + machine.late), watch.history
    assert net.owners() == [net.active().name]
    calls.all_answer()


def test_the_loss_of_a_chassis_moves_the_address(net):
    calls = Calls(net)
    with Lateness() as machine:
        net.a.kill_all()
        killed = time.time()
        net.b.wait_state("Active")
    assert active_since(net.b) - killed <= lab.DEAD_INTERVAL + 0.1 + machine.late
    calls.all_answer()
    # The kernel of A still has the address; the returning chassis takes it off before it is Standby.
    net.a.start()
    net.settle(net.b)
    assert net.owners() == ["b"]


def test_a_lossy_link_keeps_one_active(net):
    calls = Calls(net)
    # TCP repeats after 0.2, 0.6, 1.4 and 3 s: four losses in a row are longer than three seconds, and come in one run of a thousand
    dead = 6
    net.set_dead_interval(dead)
    with net.watch() as watch:
        net.lossy(10)
        lab.stays(lambda: net.a.state() == "Active", dead + 3, "A Active")
        net.heal()
        net.settle(net.a)
    assert watch.dual == []
    calls.all_answer()


def test_after_a_split_each_call_exists_once_and_the_losers_younger_calls_are_listed(net):
    calls = Calls(net)
    net.cut("ab", "ba")
    net.b.wait_state("Active", lab.DEAD_INTERVAL + 2)
    assert net.a.state() == "Active", "each side serves alone"
    made = {}
    for chassis, imsi in ((net.a, "240011234600001"), (net.b, "240011234600002")):
        net.route_to(chassis)
        rc, out = net.in_router(sys.executable, lab.TOP / "tests/e2e/ask_gtp.py", "10.91.1.1", netlab.SERVICE, "create", imsi)
        assert rc == 0 and out.split()[1] == "128", out
        made[chassis] = imsi
    net.heal()
    net.settle(seconds=20)
    winner = net.active()
    loser = net.b if winner is net.a else net.a
    calls.all_answer()
    listed = winner.sh("show subscribers all")
    assert made[winner] in listed and made[loser] not in listed
    assert winner.subscribers() == len(CALLS) + 1
    loser.wait_label("show srp checkpoint statistics", "Current pre-allocated calls:", len(CALLS) + 1)
    assert made[loser] in loser.sh("show srp call-loss statistics")
