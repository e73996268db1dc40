"""Both chassis prove that they hold the same calls; a damaged record is named; an audit mends it."""
import json
import re
import signal
import sqlite3
import time

import pytest

import gtp
import lab
from arena import flip, proof
from watch import Lateness


@pytest.fixture
def calls(pair):
    """A pair in sync with thirty calls; yields the TEIDs."""
    s = gtp.Sgsn(f"{pair.net}60", pair.service)
    teids = [s.ask(s.create(f"2400112345{i:05d}")).number(gtp.TEID_CONTROL) for i in range(30)]
    pair.b.wait_label("show srp checkpoint statistics", "Current pre-allocated calls:", 30)
    for c in (pair.a, pair.b):
        lab.until(lambda: proof(c)["is_proved"] and proof(c)["calls"] == 30, 20, "all calls are proved")
    yield teids
    s.close()


def test_a_pair_in_sync_says_that_nothing_differs_and_how_old_that_is(pair, calls):
    def young():
        said = proof(pair.a), proof(pair.b)
        return said if max(p["age_ms"] for p in said) <= 2000 else None
    a, b = lab.until(young, 5, "a proof of the last two seconds")
    assert a["differ"] == b["differ"] == 0
    assert a["digest"] == b["digest"]
    assert re.search(r"^Calls of both chassis: +0 of 30 differ$", pair.b.sh("show srp checkpoint proof"), re.M)


def test_a_bit_flipped_on_the_standby_is_named_within_two_seconds_and_mended_by_an_audit(pair, calls):
    with Lateness() as machine:
        flip(pair.b, calls[7])
        flipped = time.monotonic()
        lab.until(lambda: proof(pair.b)["differ"], 10, "the standby names the call", every=0.01)
        named = time.monotonic() - flipped
    print(f"named after {named:.2f} s")
    assert named <= 2.5 + machine.late
    for c in (pair.b, pair.a):
        lab.until(lambda: proof(c)["calls_that_differ"], 5, "both name the call")
        named = proof(c)["calls_that_differ"]
        assert [int(n["callid"], 16) for n in named] == [calls[7]], named
        assert named[0]["how"] == "record damaged on the standby"
    lab.until(lambda: "not the same on both chassis" in pair.b.sh("show alarm outstanding"), 5, "the alarm")
    rc, out = pair.b.run("srp initiate-audit manual-with-sync")
    assert rc != 0 and "this chassis is not Active" in out
    out = pair.a.sh("srp initiate-audit manual-with-sync")
    assert "30 sessions compared, 0 new, 0 stale, 1 inactive, 0 still different" in out, out
    for c in (pair.a, pair.b):
        lab.until(lambda: proof(c)["differ"] == 0, 5, "nothing differs any more")
    audits = json.loads(pair.a.sh("show srp audit-statistics | json"))["external_audits"]
    assert len(audits) == 1 and audits[0]["audit_reason"] == "manual" and audits[0]["active_sessions"] == 30
    lab.until(lambda: "not the same" not in pair.b.sh("show alarm outstanding"), 5, "the alarm ends")
    pair.a.sh("srp initiate-switchover -noconfirm")
    pair.b.wait_state("Active")
    assert pair.b.subscribers() == 30


def test_what_is_known_to_be_damaged_on_the_standby_survives_a_planned_switchover(pair, calls):
    for teid in calls[3:8]:
        flip(pair.b, teid)
    lab.until(lambda: proof(pair.a)["differ"] == 5, 10, "the active knows them")
    assert re.search(r"critical flush: +5$", pair.a.sh("srp initiate-switchover dry-run"), re.M)
    pair.a.sh("srp initiate-switchover -noconfirm")
    pair.b.wait_state("Active")
    pair.b.wait_open()
    assert pair.b.subscribers() == 30
    s = gtp.Sgsn(f"{pair.net}61", pair.service)
    assert [s.ask(s.update(t)).cause for t in calls] == [gtp.ACCEPTED] * 30
    s.close()


def test_what_nobody_has_named_yet_survives_a_planned_switchover_as_well(pair, calls):
    for teid in calls[3:8]:
        flip(pair.b, teid)
    pair.a.sh("srp initiate-switchover -noconfirm")
    pair.b.wait_state("Active")
    pair.b.wait_open()
    s = gtp.Sgsn(f"{pair.net}61", pair.service)
    assert [s.ask(s.update(t)).cause for t in calls] == [gtp.ACCEPTED] * 30
    assert pair.b.subscribers() == 30
    assert ", 0 purged, " in pair.b.label("show srp info", "Last Internal Audit:")
    new = s.ask(s.create("240011234599999"))  # its address is nobody's
    assert new.cause == gtp.ACCEPTED
    addresses = re.findall(r"\b10\.\d+\.\d+\.\d+\b", pair.b.sh("show subscribers all"))
    assert len(addresses) == len(set(addresses)) == 31, addresses
    s.close()


def test_the_proof_holds_after_a_switchover(pair, calls):
    pair.a.sh("srp initiate-switchover -noconfirm")
    pair.b.wait_state("Active")
    for c in (pair.a, pair.b):
        lab.until(lambda: (lambda p: p["is_proved"] and p["calls"] == 30 and p["differ"] == 0)(proof(c)), 20, "all calls are proved again")


def audits(chassis):
    """The external audits, without the ages of their moments."""
    shown = json.loads(chassis.sh("show srp audit-statistics | json"))["external_audits"]
    return [{k: v for k, v in a.items() if not k.endswith("_age_s")} for a in shown]


def on_disk(chassis, table):
    """Rows of a table of chassis.db."""
    db = sqlite3.connect(f"file:{chassis.root / 'chassis.db'}?mode=ro", uri=True, timeout=30)
    try:
        return db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    finally:
        db.close()


def test_audits_are_shown_after_a_restart_and_their_numbers_count_on(pair, calls):
    for _ in range(2):
        pair.a.sh("srp initiate-audit manual-with-sync")
    before = audits(pair.a)
    assert [a["audit_number"] for a in before] == [1, 2]
    assert all(a["active_sessions"] == 30 and a["result"] == "compared" for a in before)
    # one that the end of the program cuts: the other side is still there and does not answer
    managers = [p for p, role in pair.b.roles().items() if role.startswith("sessmgr")]
    for p in managers:
        lab.kill(p, signal.SIGSTOP)
    asking = lab.spawn([lab.STARSH, "-r", pair.a.root_word, "-c", "srp initiate-audit manual-with-sync"], stdout=-3, stderr=-3)
    lab.until(lambda: [a["result"] for a in audits(pair.a)][2:] == ["running"], 10, "the third audit runs")
    lab.until(lambda: on_disk(pair.a, "audit") == 3, 30, "its beginning is on disk")
    pair.a.kill_all()
    for p in managers:
        lab.kill(p, signal.SIGCONT)
    asking.wait(60)
    pair.b.wait_state("Active")
    pair.a.start()
    pair.settle(pair.b)
    after = audits(pair.a)
    assert after[:2] == before
    assert [(a["audit_number"], a["result"]) for a in after[2:]] == [(3, "the program ended")]
    assert audits(pair.b) == []
    pair.switchover()
    pair.settle(pair.a)
    assert "Audit 4: 30 sessions compared" in pair.a.sh("srp initiate-audit manual-with-sync")


def test_a_record_damaged_on_the_active_is_taken_back_from_the_standby_and_served_on(pair, calls):
    s = gtp.Sgsn(f"{pair.net}61", pair.service)
    flip(pair.a, calls[4])
    answer = s.ask(s.update(calls[4]))  # until it is mended there is no answer: not that the call is gone
    assert answer.cause == gtp.ACCEPTED and answer.number(gtp.TEID_CONTROL) == calls[4]
    lab.until(lambda: f"call {calls[4]:08x}: its record was damaged and is taken back" in pair.a.tail(lines=200), 10, "it is taken back")
    lab.until(lambda: proof(pair.a)["differ"] == proof(pair.b)["differ"] == 0, 5, "nothing differs any more")
    lab.until(lambda: json.loads(pair.a.sh("show srp checkpoint statistics | json"))["damaged_records_taken_back"] == 1, 5,
              "it is counted once")
    answer = s.ask(s.update(calls[4]))
    assert answer.cause == gtp.ACCEPTED and answer.number(gtp.TEID_CONTROL) == calls[4]
    s.close()


def test_a_record_damaged_on_both_chassis_ends_its_call_and_its_subscriber_may_come_again(pair, calls):
    s = gtp.Sgsn(f"{pair.net}61", pair.service)
    flip(pair.b, calls[9])
    flip(pair.a, calls[9])
    lab.until(lambda: pair.a.subscribers() == 29, 10, "the call is ended")
    assert f"call {calls[9]:08x} imsi unknown purged: record cannot be read" in pair.a.tail(lines=200)
    lab.until(lambda: proof(pair.b)["calls"] == 29 and proof(pair.b)["differ"] == 0, 10, "on both")
    assert s.ask(s.update(calls[9])).cause == gtp.NON_EXISTENT
    again = s.ask(s.create("240011234500009"))
    assert again.cause == gtp.ACCEPTED and again.number(gtp.TEID_CONTROL) != calls[9]
    s.close()


def test_a_subscriber_whose_record_nobody_can_mend_any_more_may_come_again(pair, calls):
    s = gtp.Sgsn(f"{pair.net}61", pair.service)
    pair.b.kill_all()
    flip(pair.a, calls[9])
    assert s.ask(s.update(calls[9])).cause == gtp.NON_EXISTENT
    again = s.ask(s.create("240011234500009"))
    assert again.cause == gtp.ACCEPTED and again.number(gtp.TEID_CONTROL) != calls[9]
    assert pair.a.subscribers() == 30
    assert f"call {calls[9]:08x} imsi unknown purged: record cannot be read" in pair.a.tail(lines=200)
    s.close()
