"""Checkpoints between real session managers: readiness, NACKs and what answers them, two durations, counters of both ends."""
import json
import time

import pytest

import gtp
import lab

SESSION = 171  # GGSN_UPDATE_SESSION
IMSI = "240011234500001"


def asked(chassis, command="show srp checkpoint statistics"):
    return json.loads(chassis.sh(f"{command} | json"))


def micro(chassis, number):
    rows = asked(chassis, "show srp micro-checkpoint statistics")["micro_checkpoints"]
    return next(r for r in rows if r["cmd_id"] == number)


@pytest.fixture
def sgsn():
    made = []

    def make(pair):
        made.append(gtp.Sgsn(f"{pair.net}60", pair.service))
        return made[-1]
    yield make
    for s in made:
        s.close()


def test_aggressive_recovery_is_ready_within_300_ms(make_pair):
    """From the cut of all checkpoint connections until all session managers are Ready again, asked from outside."""
    pair = make_pair(relay=True).start()
    best = 9.9
    for _ in range(15):
        before = asked(pair.b)
        began = time.monotonic()
        pair.relay.do("reset checkpoint")

        def ready():
            now = asked(pair.b)
            return now["total_connections"] >= before["total_connections"] + now["number_of_sessmgrs"] \
                and now["sessmgrs_in_standby_connected_state"] == now["number_of_sessmgrs"]
        lab.until(ready, 10, "Ready again", every=0.005)
        best = min(best, time.monotonic() - began)
        if best < 0.3:
            break
    print(f"ready again after {best * 1000:.0f} ms at best")
    assert best < 0.3


def damage(chassis, imsi, octets=8):
    """Flips a bit of the stored record of @imsi (and of all that begin with the same octets) in the session managers of the
    chassis, and of its former versions, which are left in cells that are free."""
    wanted = b"\x02\x08" + int(imsi).to_bytes(8, "big")[:octets]  # field 2 of a call record: docs/WIRE.md
    hits = 0
    for pid, role in chassis.roles().items():
        if not role.startswith("sessmgr"):
            continue
        with open(f"/proc/{pid}/maps") as maps:
            ranges = [l.split()[0] for l in maps if "memfd:" in l and " rw-s " in l]
        for r in ranges:
            start, end = (int(x, 16) for x in r.split("-"))
            with open(f"/proc/{pid}/mem", "r+b", buffering=0) as mem:
                with open(f"/proc/{pid}/pagemap", "rb") as pagemap:
                    hits += damage_in(mem, pagemap, start, end, wanted)
    return hits


def damage_in(mem, pagemap, start, end, wanted):
    """In the pages that are there: the others are address space for calls to come."""
    page, hits = 4096, 0
    pagemap.seek(start // page * 8)
    entries = pagemap.read((end - start) // page * 8)
    for i in range(len(entries) // 8):
        if not entries[i * 8 + 7] & 0x80:
            continue
        mem.seek(start + i * page)
        data = mem.read(2 * page if start + (i + 2) * page <= end else page)
        at = data.find(wanted, 0, page + len(wanted) - 1)
        while at >= 0:
            mem.seek(start + i * page + at + len(wanted) - 1)
            mem.write(bytes([data[at + len(wanted) - 1] ^ 1]))
            hits += 1
            at = data.find(wanted, at + 1, page + len(wanted) - 1)
    return hits


def with_nacks(x, text):
    line = "      checkpoint session duration 0\n"
    return text.replace(line, line + "      checkpoint session nack micro\n      checkpoint session nack macro max-response 5\n")


def test_a_damaged_record_of_the_standby_is_asked_for_and_repaired(make_pair, sgsn):
    pair = make_pair(edit=with_nacks).start()
    s = sgsn(pair)
    teid = s.ask(s.create(IMSI)).number(gtp.TEID_CONTROL)
    pair.b.wait_label("show srp checkpoint statistics", "Current pre-allocated calls:", 1)
    assert damage(pair.b, IMSI) >= 1
    assert s.ask(s.update(teid)).cause == gtp.ACCEPTED
    lab.until(lambda: asked(pair.b)["calls_asked_for_by_nack_that_came"] == 1, 5, "the call came again")
    a, b = lab.until(lambda: (lambda x, y: (x, y) if x["nacks_answered_by_a_full_checkpoint"] == 1 else None)(asked(pair.a), asked(pair.b)),
                     5, "the active has counted it")
    assert b["total_mc_nacks_sent"] == b["nacks_sent_application_failure"] == 1
    assert a["nacks_received_application_failure"] == a["nacks_answered_by_a_full_checkpoint"] == 1
    assert a["total_fc_nacks_received"] == b["total_fc_nacks_sent"] == 0
    lab.until(lambda: micro(pair.b, SESSION)["failed"] == micro(pair.b, SESSION)["nacks_sent"] == 1, 5, "by their kind as well")
    lab.until(lambda: micro(pair.a, SESSION)["nacks_received"] == 1, 5, "by their kind as well")
    # and it is whole: the other chassis serves it
    pair.switchover()
    assert s.ask(s.update(teid)).cause == gtp.ACCEPTED


def test_a_disabled_kind_is_left_as_it_is_until_the_next_connection(make_pair, sgsn):
    pair = make_pair(edit=with_nacks, relay=True).start()
    s = sgsn(pair)
    teid = s.ask(s.create(IMSI)).number(gtp.TEID_CONTROL)
    pair.b.wait_label("show srp checkpoint statistics", "Current pre-allocated calls:", 1)
    pair.b.sh(f"srp disable nack micro-chkpt-cmd {SESSION}")
    assert damage(pair.b, IMSI) >= 1
    assert s.ask(s.update(teid)).cause == gtp.ACCEPTED
    lab.until(lambda: asked(pair.b)["nacks_not_sent_not_configured_or_disabled"] == 1, 5, "no NACK was sent")
    assert asked(pair.b)["total_mc_nacks_sent"] == 0
    full = asked(pair.a)["total_full_synchronisations_begun"]
    pair.relay.do("reset checkpoint")
    lab.until(lambda: asked(pair.a)["total_full_synchronisations_begun"] > full, 10, "everything is sent again")
    pair.settle(pair.a)
    # enabled again the next one is asked for
    pair.b.sh(f"srp enable nack micro-chkpt-cmd {SESSION}")
    assert damage(pair.b, IMSI) >= 1
    assert s.ask(s.update(teid)).cause == gtp.ACCEPTED
    lab.until(lambda: asked(pair.b)["calls_asked_for_by_nack_that_came"] == 1, 5, "the call came again")


def test_a_storm_of_nacks_is_slowed_and_named_in_the_log(make_pair, sgsn):
    pair = make_pair(edit=with_nacks).start()
    s = sgsn(pair)
    first, calls = 240011234560000, 150  # of the same first six octets
    teids = [s.ask(s.create(str(first + n))).number(gtp.TEID_CONTROL) for n in range(calls)]
    pair.b.wait_label("show srp checkpoint statistics", "Current pre-allocated calls:", calls)
    assert first.to_bytes(8, "big")[:6] == (first + calls).to_bytes(8, "big")[:6]
    assert damage(pair.b, first, octets=6) >= calls
    for t in teids:
        assert s.ask(s.update(t)).cause == gtp.ACCEPTED
    lab.until(lambda: asked(pair.b)["calls_asked_for_by_nack_that_came"] == calls, 20, "all came again", every=0.2)
    lab.until(lambda: "NACK storm is over" in pair.b.tail(lines=500), 10, "the storm is over")
    b = asked(pair.b)
    assert b["nack_storms"] >= 1 and b["nacks_held_back_in_a_storm"] > 0
    assert "checkpoints GGSN_UPDATE_SESSION (171) cannot be applied: application failure" in pair.b.tail(lines=500)


def test_calls_of_the_access_point_ims_have_their_own_duration(make_pair, sgsn):
    def edit(x, text):
        text = text.replace("checkpoint session duration 0", "checkpoint session duration 600\n      checkpoint session duration ims-session 0")
        return text.replace("    apn internet\n", "    apn IMS\n      ip address pool name internet\n    #exit\n    apn internet\n")
    pair = make_pair(edit=edit).start()
    s = sgsn(pair)
    data = s.ask(s.create(IMSI))
    voice = s.ask(s.create("240011234500002", apn="ims.mnc001.mcc240.gprs"))
    assert (data.cause, voice.cause) == (gtp.ACCEPTED, gtp.ACCEPTED)
    pair.b.wait_label("show srp checkpoint statistics", "Current pre-allocated calls:", 1)
    pair.a.wait_label("show srp checkpoint statistics", "Current calls below checkpoint duration:", 1)
    assert "240011234500002" in pair.b.sh("show subscribers all")
    # a planned switchover takes the young one along
    pair.switchover()
    assert s.ask(s.update(data.number(gtp.TEID_CONTROL))).cause == gtp.ACCEPTED


def test_a_corrupted_stream_is_refused_by_name_and_everything_arrives(make_pair, sgsn):
    pair = make_pair(relay=True).start()
    s = sgsn(pair)
    pair.relay.do("set checkpoint ab corrupt")
    teids = [s.ask(s.create(f"24001123450{n:04}")).number(gtp.TEID_CONTROL) for n in range(20)]
    lab.until(lambda: asked(pair.b)["total_frames_refused"] > 0, 10, "a frame was refused")
    refused = asked(pair.b, "show srp checkpoint statistics debug-info")["debug"]
    named = [row for d in refused for row in d["refusals"]]
    assert sum(row["count"] for row in named) > 0 and all(row["rule"] for row in named)
    pair.relay.do("set checkpoint ab pass")
    pair.settle(pair.a)
    pair.b.wait_label("show srp checkpoint statistics", "Current pre-allocated calls:", len(teids))


def test_the_statistics_of_both_ends_agree(make_pair, sgsn):
    pair = make_pair().start()
    s = sgsn(pair)
    teids = [s.ask(s.create(f"24001123450{n:04}")).number(gtp.TEID_CONTROL) for n in range(10)]
    for t in teids:
        assert s.ask(s.update(t)).cause == gtp.ACCEPTED
    for t in teids[:3]:
        assert s.ask(s.delete(t)).cause == gtp.ACCEPTED

    def agree():
        a, b = asked(pair.a), asked(pair.b)
        return all(a[f"total_{what}_sent"] == b[f"total_{what}_received"] > 0
                   for what in ("full_checkpoints", "micro_checkpoints", "call_deletions", "batches")) \
            and b["total_acknowledgements_sent"] == a["total_acknowledgements_received"]
    lab.until(agree, 5, "what one sent the other has counted")

    def kinds(chassis, what):
        rows = {row["cmd_id"]: row[what] for row in asked(chassis, "show srp checkpoint info")["checkpoints"]}
        return rows[1], rows[SESSION], rows[None] >= 10
    lab.until(lambda: kinds(pair.a, "sent") == kinds(pair.b, "received") == (3, 10, True), 5, "by kind as well")


def test_the_numbers_of_calls_follow_what_happens_to_them(make_pair, sgsn):
    """What no single session manager's link counts: calls by state on both chassis, and those taken over."""
    pair = make_pair(edit=lambda x, text: text.replace("checkpoint session duration 0", "checkpoint session duration 60")).start()
    s = sgsn(pair)
    before = asked(pair.a)
    assert before["sessmgrs_in_active_connected_state"] == before["number_of_sessmgrs"] == 2
    teids = [s.ask(s.create(str(int(IMSI) + n))).number(gtp.TEID_CONTROL) for n in range(3)]
    lab.until(lambda: asked(pair.a)["current_calls_below_checkpoint_duration"] == 3, 5, "three are young")
    a, b = asked(pair.a), asked(pair.b)
    assert (a["current_active_calls"], a["current_pre_allocated_calls"]) == (3, 0)
    assert (b["current_active_calls"], b["current_pre_allocated_calls"]) == (0, 0)
    pair.switchover()
    lab.until(lambda: asked(pair.b)["current_active_calls"] == 3, 5, "the flush brought them")
    lab.until(lambda: asked(pair.a)["current_pre_allocated_calls"] == 3, 5, "and A holds them for B")
    a, b = asked(pair.a), asked(pair.b)
    assert a["total_first_full_checkpoints_in_critical_flush"] == 3 and a["total_calls_lost"] == 0
    assert b["total_calls_recovered"] == 3 and a["current_active_calls"] == 0
    lab.until(lambda: asked(pair.b)["sessmgrs_in_active_connected_state"] == 2
              and asked(pair.a)["sessmgrs_in_standby_connected_state"] == 2, 10, "connected again")
    assert s.ask(s.delete(teids[0])).cause == gtp.ACCEPTED
    lab.until(lambda: asked(pair.a)["current_pre_allocated_calls"] == 2, 5, "a deletion goes the other way now")
    pair.a.kill_all()
    lab.until(lambda: asked(pair.b)["sessmgrs_in_pending_active_state"] == 2, 5, "without a peer they are pending")


def test_a_disabled_kind_stays_disabled_when_a_session_manager_is_started_again(make_pair, sgsn):
    pair = make_pair(edit=with_nacks).start()
    s = sgsn(pair)
    pair.b.sh(f"srp disable nack micro-chkpt-cmd {SESSION}")

    def states():
        return {c["cmd_id"]: c["nack"] for c in asked(pair.b, "show srp checkpoint info")["checkpoints"]}
    before = states()
    assert before[SESSION] != before[116], before
    victims = [pid for pid, role in pair.b.roles().items() if role.startswith("sessmgr")]
    for pid in victims:
        lab.kill(pid)
    lab.until(lambda: len([p for p, r in pair.b.roles().items() if r.startswith("sessmgr") and p not in victims]) == len(victims),
              10, "they are started again")
    pair.settle(pair.a)
    lab.until(lambda: states() == before, 5, "the new ones know it")
    teid = s.ask(s.create(IMSI)).number(gtp.TEID_CONTROL)
    pair.b.wait_label("show srp checkpoint statistics", "Current pre-allocated calls:", 1)
    assert damage(pair.b, IMSI) >= 1
    assert s.ask(s.update(teid)).cause == gtp.ACCEPTED
    lab.until(lambda: asked(pair.b)["nacks_not_sent_not_configured_or_disabled"] == 1, 5, "no NACK was sent")
    assert asked(pair.b)["total_mc_nacks_sent"] == 0
