"""Planned switchover and loss of a chassis, as the subscribers' side sees it."""
import re
import subprocess
import sys
import time

import pytest

import conftest
import gtp
import lab
import watch


@pytest.fixture
def sgsn(request):
    made = []

    def make(pair, host=60):
        s = gtp.Sgsn(f"{pair.net}{host}", pair.service)
        made.append(s)
        return s
    yield make
    for s in made:
        s.close()


def two_hundred_contexts(pair):
    client = pair.sgsnemu(200)
    client.wait_created(200)
    assert pair.a.subscribers() == 200
    pair.b.wait_label("show srp checkpoint statistics", "Current pre-allocated calls:", 200)
    return client


def calls_per_sessmgr(chassis):
    """{instance: calls}, from the TEIDs (call ids) of `show subscribers all`: seven top bits."""
    found = {}
    for teid in re.findall(r"\b0?x?([0-9a-f]{8})\b", chassis.sh("show subscribers all"), re.I):
        found[int(teid, 16) >> 25] = found.get(int(teid, 16) >> 25, 0) + 1
    return found


@pytest.mark.needs("sgsnemu")
def test_200_contexts_of_sgsnemu_survive_a_planned_switchover(pair):
    client = two_hundred_contexts(pair)
    spread = calls_per_sessmgr(pair.a)
    assert sum(spread.values()) == 200 and len(spread) >= 2 and min(spread.values()) >= 50, spread
    out = pair.a.sh("srp initiate-switchover -noconfirm")
    pair.b.wait_state("Active")
    pair.a.wait_state("Standby")
    assert pair.b.subscribers() == 200, out
    client.release()
    lab.until(lambda: client.released() == 200, 20, f"200 releases with cause 128 ({client.released()})", every=0.1)
    pair.b.wait_label("show subscribers summary", "Total Subscribers:", 0)
    pair.a.wait_label("show srp checkpoint statistics", "Current pre-allocated calls:", 0)


@pytest.mark.needs("sgsnemu")
def test_200_contexts_of_sgsnemu_survive_the_loss_of_a_chassis(pair):
    client = two_hundred_contexts(pair)
    with watch.Lateness() as machine:
        pair.a.kill_all()
        killed = time.time()
        pair.b.wait_state("Active")
    gap = watch.active_since(pair.b) - killed
    print(f"Active {gap * 1000:.0f} ms after the kill")
    assert gap <= lab.DEAD_INTERVAL + 0.1 + machine.late
    assert pair.b.subscribers() == 200
    client.release()
    lab.until(lambda: client.released() == 200, 20, f"200 releases with cause 128 ({client.released()})", every=0.1)
    pair.b.wait_label("show subscribers summary", "Total Subscribers:", 0)


def test_a_call_made_on_a_is_updated_and_deleted_on_b(pair, sgsn):
    s = sgsn(pair)
    made = s.ask(s.create("240011234500001"))
    assert made.cause == gtp.ACCEPTED and made.address and made.gsn == pair.service
    updated = s.ask(s.update(made.number(gtp.TEID_CONTROL)))
    assert updated.cause == gtp.ACCEPTED
    before = pair.a.sh("show subscribers all")
    pair.b.wait_label("show srp checkpoint statistics", "Current pre-allocated calls:", 1)
    pair.switchover()
    after = pair.b.sh("show subscribers all")
    teid = made.number(gtp.TEID_CONTROL)
    for wanted in (made.address, "240011234500001"):
        assert wanted in before and wanted in after, after
    again = s.ask(s.update(teid, data_teid=0x3333))
    assert again.cause == gtp.ACCEPTED
    assert again.number(gtp.TEID_CONTROL) == teid and again.number(gtp.TEID_DATA) == made.number(gtp.TEID_DATA)
    assert again.number(gtp.CHARGING_ID) == made.number(gtp.CHARGING_ID)
    assert s.ask(s.delete(teid)).cause == gtp.ACCEPTED
    assert s.ask(s.delete(teid)).cause == gtp.NON_EXISTENT
    assert pair.b.subscribers() == 0


def test_counters_of_a_call_go_on_after_a_switchover(pair, sgsn):
    s = sgsn(pair)
    teid = s.ask(s.create("240011234500002")).number(gtp.TEID_CONTROL)
    for _ in range(5):
        assert s.ask(s.update(teid)).cause == gtp.ACCEPTED
    details = "show subscribers full imsi 240011234500002"
    before = pair.a.number(details, "Updates:")
    assert before == 5
    pair.switchover()
    assert pair.b.number(details, "Updates:") == 5
    assert s.ask(s.update(teid)).cause == gtp.ACCEPTED
    assert pair.b.number(details, "Updates:") == 6


def test_a_repeated_request_gets_the_identical_answer_also_after_a_switchover(pair, sgsn):
    s = sgsn(pair)
    create = s.create("240011234500003")
    made = s.ask(create)
    assert s.ask(create).raw == made.raw
    assert pair.a.subscribers() == 1
    deleted_create = s.create("240011234500004")
    gone = s.ask(deleted_create)
    delete = s.delete(gone.number(gtp.TEID_CONTROL))
    released = s.ask(delete)
    update = s.update(made.number(gtp.TEID_CONTROL))
    updated = s.ask(update)
    echo = s.ask(s.echo())
    pair.switchover()
    assert s.ask(create).raw == made.raw, "Create, restart counter included"
    assert s.ask(update).raw == updated.raw, "Update"
    assert s.ask(delete).raw == released.raw, "Delete of a call that is gone"
    assert s.ask(s.echo()).number(gtp.RECOVERY) == echo.number(gtp.RECOVERY)
    assert pair.b.subscribers() == 1


def test_a_repeated_request_gets_the_identical_answer_after_the_loss_of_a_chassis(pair, sgsn):
    s = sgsn(pair)
    create = s.create("240011234500005")
    made = s.ask(create)
    echo = s.ask(s.echo())
    pair.b.wait_label("show srp checkpoint statistics", "Current pre-allocated calls:", 1)
    pair.a.kill_all()
    pair.b.wait_state("Active")
    assert s.ask(create).raw == made.raw
    assert s.ask(s.echo()).number(gtp.RECOVERY) == echo.number(gtp.RECOVERY)


def test_answers_before_and_after_a_switchover_decode_alike_in_tshark_and_scapy(pair):
    captures = []

    def run(mode, *more):
        captures.append(pair.dir / f"{len(captures)}.pcap")
        client = pair.gtp_client(mode, "--local", f"{pair.net}51", "--remote", pair.service, "--contexts", 50,
                                 "--state", pair.dir / "state", "--capture", captures[-1], *more, index=len(captures))
        assert client.wait().process.returncode == 0, client.text()
    run("create")
    run("update", "--seconds", 0.5)
    pair.switchover()
    run("update", "--seconds", 0.5)
    run("delete")
    p = subprocess.run([sys.executable, lab.TOP / "tests/e2e/gtp_decode.py", *captures, "--service", pair.service],
                       capture_output=True, text=True, timeout=120)
    if p.returncode == 77:
        conftest.missing(p.stdout.strip())
    assert p.returncode == 0, p.stdout


def test_calls_cleared_by_the_operator_are_gone_on_both_chassis(pair, sgsn):
    s = sgsn(pair)
    for i in range(10):
        assert s.ask(s.create(f"24001123450010{i}")).cause == gtp.ACCEPTED
    pair.b.wait_label("show srp checkpoint statistics", "Current pre-allocated calls:", 10)
    pair.a.sh("clear subscribers all -noconfirm")
    pair.a.wait_label("show subscribers summary", "Total Subscribers:", 0)
    pair.b.wait_label("show srp checkpoint statistics", "Current pre-allocated calls:", 0)


def test_switchover_on_a_standby_chassis_is_a_failure_and_changes_nothing(pair):
    rc, out = pair.b.run("srp initiate-switchover -noconfirm")
    assert rc == 1 and out.startswith("Failure: "), out
    rc, out = pair.b.run("srp initiate-switchover force -noconfirm")
    assert rc == 1 and out.startswith("Failure: "), out
    assert (pair.a.state(), pair.b.state()) == ("Active", "Standby")


def test_switchover_and_back_and_back_again_with_calls(pair, sgsn):
    s = sgsn(pair)
    teids = []
    for i in range(6):
        teids.append(s.ask(s.create(f"24001123450020{i}")).number(gtp.TEID_CONTROL))
        pair.switchover()
        pair.settle()
        assert pair.active().subscribers() == len(teids)
        pair.standby().wait_label("show srp checkpoint statistics", "Current pre-allocated calls:", len(teids))
    for t in teids:
        assert s.ask(s.delete(t)).cause == gtp.ACCEPTED


def test_service_is_started_on_both_and_the_standby_says_who_serves_the_address(pair):
    served = "the address is served by the active chassis"
    for active, standby in ((pair.a, pair.b), (pair.b, pair.a)):
        assert active.label("show ggsn-service all", "Service Status:") == "Started"
        assert served not in active.sh("show ggsn-service all")
        assert standby.label("show ggsn-service all", "Service Status:") == "Started"
        assert served in standby.sh("show ggsn-service all")
        if active is pair.a:
            pair.switchover()
            pair.settle()
