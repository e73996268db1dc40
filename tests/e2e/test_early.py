"""The early active transition, the reason both chassis tell, and the route modifiers, on real processes."""
import os
import signal

import pytest

import gtp
import lab
from test_load import load, nothing_lost, wait_calls

OPTION = "Early Active Transition:"


def allow_early(chassis):
    chassis.configure("context srp", "service-redundancy-protocol", "switchover allow-all-data-traffic",
                      "switchover allow-early-active-transition")


def wait_option(chassis, value):
    lab.until(lambda: chassis.label("show srp info", OPTION) == value, 10, f"{chassis.name}: {OPTION} {value}")


@pytest.fixture
def early(pair):
    for chassis in (pair.a, pair.b):
        allow_early(chassis)
    for chassis in (pair.a, pair.b):
        wait_option(chassis, "on")
    return pair


def test_an_option_waits_for_the_chassis_that_lacks_it(pair):
    assert pair.a.label("show srp info", OPTION) == "off"
    allow_early(pair.a)
    wait_option(pair.a, "waiting (the peer lacks it)")
    wait_option(pair.b, "waiting (this chassis lacks it)")
    pair.switchover(force=True)  # the configurations differ
    allow_early(pair.b)
    wait_option(pair.a, "on")
    wait_option(pair.b, "on")


def test_early_switchovers_under_load_lose_nothing(early):
    client = load(early)
    wait_calls(early, 200)
    for _ in range(10):
        early.switchover()
        early.settle()
    client.terminate()
    nothing_lost(client)


def test_the_address_is_held_and_nothing_answered_until_the_old_active_has_flushed(early):
    s = gtp.Sgsn(f"{early.net}60", early.service)
    teid = s.ask(s.create("240011234500001")).number(gtp.TEID_CONTROL)
    early.b.wait_label("show srp checkpoint statistics", "Current pre-allocated calls:", 1)
    stopped = next(pid for pid, role in early.a.roles().items() if role == f"sessmgr {teid >> 25}")
    os.kill(stopped, signal.SIGSTOP)
    try:
        starsh = lab.spawn([lab.STARSH, "-r", early.a.root_word, "-c", "srp initiate-switchover timeout 30 -noconfirm"])
        early.b.wait_state("PendingActive")
        assert early.a.state() == "ActivePendingStandby"
        update = s.update(teid)
        s.send(update)
        assert s.receive(0.5) is None
        assert early.b.state() == "PendingActive"
    finally:
        os.kill(stopped, signal.SIGCONT)
    early.b.wait_state("Active")
    early.a.wait_state("Standby")
    assert starsh.wait(60) == 0
    assert early.b.label("show srp info", "Last State Change Cause:") == "the peer hands over"
    assert "this Holding > Active: the peer has flushed; the address is held already" in early.b.sh("show srp history verbose")
    assert s.ask(update).cause == gtp.ACCEPTED
    s.close()


def test_both_chassis_tell_the_same_reason_and_route_modifiers_restart_when_asked(pair):
    def wait_modifiers(*wanted):  # the peer's is told with a hello
        lab.until(lambda: [pair.a.number("show srp info", label) for label in ("Route-Modifier:", "Peer Route-Modifier:")] == list(wanted),
                  5, f"modifiers {wanted}")

    pair.switchover()
    pair.settle()
    wait_modifiers(3, 2)
    pair.b.sh("srp initiate-switchover reset-route-modifier -noconfirm")
    pair.settle(pair.a)
    wait_modifiers(1, 2)
    for chassis in (pair.a, pair.b):
        assert chassis.label("show srp info", "Last State Change Reason:") == "manualSwitchOver"
