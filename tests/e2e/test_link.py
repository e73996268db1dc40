"""What networks do to the link between two chassis, by the relay; and frozen chassis."""
import time

import pytest

import gtp
import lab

CALLS = 20


LONG = 10  # a dead interval that is not over when the machine stands still for seconds as well


@pytest.fixture
def calls(relayed):
    """A function that makes sure that all calls made before are still there, whoever serves now."""
    s = gtp.Sgsn(f"{relayed.net}60", relayed.service)
    teids = [s.ask(s.create(f"2400112345000{i:02}")).number(gtp.TEID_CONTROL) for i in range(CALLS)]
    relayed.b.wait_label("show srp checkpoint statistics", "Current pre-allocated calls:", CALLS)

    def check():
        for t in teids:
            assert s.ask(s.update(t)).cause == gtp.ACCEPTED
        assert relayed.active().subscribers() == CALLS
        relayed.standby().wait_label("show srp checkpoint statistics", "Current pre-allocated calls:", CALLS)
    yield check
    s.close()


def test_a_reset_of_the_link_alone_never_switches(relayed, calls):
    with relayed.watch() as watch:
        for _ in range(5):
            relayed.relay.do("reset all")
            lab.until(lambda: "control" in relayed.relay.names(), 3, "dialled again")
            relayed.settle(relayed.a)
        relayed.relay.do("reset control")
        lab.stays(lambda: relayed.a.state() == "Active", lab.DEAD_INTERVAL + 1, "A Active")
    assert {s for _, s in watch.history} == {("Active", "Standby")}, watch.history
    calls()


def test_a_delay_of_300_ms_each_way_never_switches_and_a_switchover_works_over_it(relayed, calls):
    with relayed.watch() as watch:
        relayed.relay.do("set all both delay 300")
        lab.stays(lambda: relayed.a.state() == "Active" and relayed.b.state() == "Standby", lab.DEAD_INTERVAL + 1, "A Active")
        relayed.switchover()
        relayed.settle(relayed.b)
    assert watch.dual == []
    relayed.relay.do("clear")
    calls()


@pytest.mark.parametrize("way", ["ab", "ba", "both"])
@pytest.mark.parametrize("action", ["drop", "freeze"])
def test_after_a_silent_cut_exactly_one_is_active_and_no_call_is_lost(relayed, calls, action, way):
    with relayed.watch() as watch:
        relayed.relay.do(f"set all {way} {action}")
        # One loopback: A keeps the service address, so B may want it but never serves.
        silent = [(("Active",), ("Standby", "PendingActive"))]
        lab.stays(lambda: any(relayed.a.state() in a and relayed.b.state() in b for a, b in silent),
                  lab.DEAD_INTERVAL + 1.5, f"A serves ({relayed.a.state()}, {relayed.b.state()})")
        relayed.relay.do("clear")
        relayed.settle()
    assert watch.dual == [], watch.history
    calls()


def test_a_cut_that_heals_within_the_dead_interval_changes_nothing(relayed, calls):
    relayed.set_dead_interval(LONG)
    with relayed.watch() as watch:
        relayed.relay.do("set all both freeze")
        lab.stays(lambda: relayed.a.state() == "Active", lab.DEAD_INTERVAL, "A Active")
        relayed.relay.do("clear")
        relayed.settle(relayed.a)
    assert {s for _, s in watch.history} == {("Active", "Standby")}, watch.history
    calls()


def test_a_control_link_lost_in_the_middle_of_a_switchover_ends_with_exactly_one_active(relayed, calls):
    with relayed.watch() as watch:
        for way in ("ab", "ba", "both"):
            relayed.relay.do("set control both delay 20")
            asked = lab.spawn([lab.STARSH, "-r", relayed.active().root_word, "-c", "srp initiate-switchover -noconfirm"],
                              stdout=-3, stderr=-3)
            lab.until(lambda: relayed.a.state() != "Active" or relayed.b.state() != "Standby" or asked.poll() is not None,
                      10, "the switchover is under way", every=0.001)
            relayed.relay.do(f"set control {way} drop")
            lab.stays(lambda: True, lab.DEAD_INTERVAL + 0.5, "cut")
            relayed.relay.do("clear")
            relayed.settle()
            asked.wait(60)
    assert watch.dual == [], watch.history
    calls()


def test_a_frozen_active_chassis_that_thaws_leaves_exactly_one_active(relayed, calls):
    with relayed.watch() as watch:
        pair = relayed
        pair.a.freeze()
        pair.b.wait_state("PendingActive", lab.DEAD_INTERVAL + 2)
        pair.a.thaw()
        pair.settle()
    assert watch.dual == [], watch.history
    calls()


def test_a_frozen_standby_chassis_disturbs_nobody(relayed, calls):
    relayed.b.freeze()
    lab.stays(lambda: relayed.a.state() == "Active", lab.DEAD_INTERVAL + 1, "A Active")
    relayed.b.thaw()
    relayed.settle(relayed.a)
    calls()


def test_a_freeze_shorter_than_the_dead_interval_changes_nothing(relayed, calls):
    relayed.set_dead_interval(LONG)
    relayed.a.freeze()
    time.sleep(lab.DEAD_INTERVAL)
    relayed.a.thaw()
    lab.stays(lambda: relayed.b.state() == "Standby", 1, "B Standby")
    assert relayed.a.state() == "Active"
    calls()


@pytest.mark.parametrize("which", ["checkpoint", "checkpoint:1"])
def test_frozen_checkpoints_do_not_hold_calls_up_and_catch_up_later(relayed, calls, which):
    relayed.relay.do(f"set {which} both freeze")
    s = gtp.Sgsn(f"{relayed.net}61", relayed.service)
    more = [s.ask(s.create(f"2400112346000{i:02}"), tries=1, seconds=10).number(gtp.TEID_CONTROL) for i in range(10)]
    assert relayed.a.subscribers() == CALLS + 10
    relayed.relay.do("clear")
    relayed.b.wait_label("show srp checkpoint statistics", "Current pre-allocated calls:", CALLS + 10)
    for t in more:
        assert s.ask(s.delete(t)).cause == gtp.ACCEPTED
    s.close()
    relayed.b.wait_label("show srp checkpoint statistics", "Current pre-allocated calls:", CALLS)
    calls()


def codec(chassis, which):
    return chassis.label("show srp checkpoint statistics", f"Checkpoint compression {which}:")


def test_lz4_needs_both_chassis_and_acts_at_the_next_connection(relayed, calls):
    context = "srp"

    def choose(chassis, word):
        chassis.configure(f"context {context}", "service-redundancy-protocol", f"checkpoint session compression {word}")

    def agreed(word):
        lab.until(lambda: all(codec(c, "agreed with peer") == word for c in relayed.both), 10, f"{word} agreed")
        relayed.settle(relayed.a)

    assert codec(relayed.a, "configured") == codec(relayed.a, "agreed with peer") == "zlib"
    choose(relayed.a, "lz4")
    lab.until(lambda: codec(relayed.a, "configured") == "lz4", 3, "A configured")
    relayed.relay.do("reset all")
    agreed("zlib")
    choose(relayed.b, "lz4")
    lab.until(lambda: codec(relayed.b, "configured") == "lz4", 3, "B configured")
    assert codec(relayed.b, "agreed with peer") == "zlib"
    relayed.relay.do("reset all")
    agreed("lz4")
    calls()
    relayed.switchover()
    relayed.settle(relayed.b)
    calls()
