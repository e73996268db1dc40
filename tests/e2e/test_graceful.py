"""Graceful cleanup: the SGSN of a call that the internal audit purges is told, until it answers."""
import re

import pytest

import gtp
import lab

SYSTEM_FAILURE = 204


def lacking_on_b(line):
    """Chassis B lacks the access points that A has, so it purges their calls; @line is configured on both."""
    def edit(x, text):
        apns = "".join(f"    apn {n}\n      ip address pool name internet\n    #exit\n" for n in ("other", "ims"))
        if x == "a":
            text = text.replace("    ggsn-service ggsn\n", apns + "    ggsn-service ggsn\n")
        return text.replace("config\n", f"config\n  {line}\n", 1) if line else text
    return edit


@pytest.fixture
def purging(make_pair, request):
    made = []

    def make(line):
        pair = make_pair(edit=lacking_on_b(line)).start()
        pair.settle(pair.a)
        s = gtp.Sgsn(f"{pair.net}60", pair.service)
        made.append(s)
        other = s.ask(s.create("240011234500002", apn="other", teid=0x5000)).number(gtp.TEID_CONTROL)
        ims = s.ask(s.create("240011234500003", apn="ims", teid=0x6000)).number(gtp.TEID_CONTROL)
        pair.b.wait_label("show srp checkpoint statistics", "Current pre-allocated calls:", 2)
        pair.switchover(force=True)
        assert re.search(r"Internal Audit: +2 calls, 2 purged,", pair.b.sh("show srp info"))
        return pair, s, other, ims
    yield make
    for s in made:
        s.close()


def tell(s, answer, teid, request):
    """Answers, and waits until the session manager has it: what that was asked later is answered. What it repeated
    meanwhile is passed over."""
    s.send(gtp.message(gtp.DELETE_RESPONSE, teid, request.seq, answer))
    asked = s.update(teid)
    assert s.ask(asked).cause == gtp.NON_EXISTENT


def test_the_sgsn_of_a_purged_call_is_told_again_until_it_answers(purging):
    _, s, other, ims = purging("require graceful-cleanup-during-audit-failure del-cause non-ims-apn system-failure")
    told = {}
    while len(told) < 2:
        m = s.receive(30)
        assert m.teid in (0x5000, 0x6000)
        told[m.teid] = m
    for m in told.values():
        assert m.type == gtp.DELETE_REQUEST and m.number(gtp.NSAPI) == 5 and m.number(gtp.TEARDOWN) & 1
    assert told[0x5000].cause == SYSTEM_FAILURE
    assert told[0x6000].cause is None
    answer = bytes([gtp.CAUSE, gtp.ACCEPTED])
    tell(s, answer, ims, told[0x6000])
    again = s.receive(30)
    assert again.raw == told[0x5000].raw
    tell(s, answer, other, again)
    assert s.receive(6) is None


def test_without_the_line_a_call_is_purged_in_silence(purging):
    _, s, _, _ = purging(None)
    assert s.receive(1) is None
