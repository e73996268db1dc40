"""Switchovers, losses and link faults while subscribers come and go."""
import os
import random
import re
import time

import pytest

import gtp
import lab
import watch


def load(pair, *more, contexts=500, index=50, imsi=240010000000000):
    """gtp_client that creates, updates and deletes at random, patient enough for the loss of a chassis."""
    return pair.gtp_client("mixed", "--local", f"{pair.net}{index}", "--remote", pair.service, "--contexts", contexts,
                           "--rate", 1000, "--t3", 100, "--n3", 100, "--imsi", imsi, *more, index=index)


def wait_calls(pair, n):
    lab.until(lambda: (pair.active().subscribers() or 0) >= n, 20, f"{n} calls are held")


def calls(chassis):
    """{(call id, IMSI, address)} of `show subscribers all`, without what changes by itself."""
    return set(re.findall(r"^\S{6} ([0-9a-f]{8}) (\d+) .*? (\d+\.\d+\.\d+\.\d+) ", chassis.sh("show subscribers all"), re.M))


def switched_over(pair):
    """True after a switchover. A reset may be noticed only now: then it is refused in words and nothing has changed."""
    old = pair.active()
    rc, out = old.run("srp initiate-switchover -noconfirm")
    if rc == 0:
        pair.settle(pair.b if old is pair.a else pair.a)
        return True
    assert ("connect" in out or "did not answer" in out) and old.state() == "Active", out
    pair.settle(old)
    return False


def nothing_lost(client):
    result = client.summary()
    assert client.process.returncode == 0, client.text()[-2000:]
    assert result["lost"] == result["wrong"] == result["other"] == result["restart_changes"] == 0, result
    return result


def same_calls_on_both(pair, held):
    """Both chassis hold the same calls: what the one lists before a switchover the other lists after it."""
    pair.settle()
    before = calls(pair.active())
    assert len(before) == held
    pair.switchover()
    assert calls(pair.active()) == before


def ledger(path):
    """What the client holds, in the form of calls(): (call id, IMSI, address)."""
    lines = [line.split() for line in path.read_text().splitlines()[1:]]
    return {(f[3], f[1], ".".join(str(b) for b in bytes.fromhex(f[5]))) for f in lines}


def test_200_planned_switchovers_under_load_lose_nothing(pair):
    kept = pair.dir / "ledger"
    client = load(pair, "--state", kept)
    wait_calls(pair, 200)
    for _ in range(200):
        pair.switchover()
        pair.settle()
    result = nothing_lost(client.terminate())
    print(result)
    same_calls_on_both(pair, result["held"])
    assert calls(pair.active()) == ledger(kept), "every call that the client holds, and no other"


def test_resets_and_delays_of_the_link_and_switchovers_under_load_lose_nothing(relayed):
    seed = int(os.environ.get("SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"SEED={seed}")
    rng = random.Random(seed)
    client = load(relayed)
    wait_calls(relayed, 200)
    with relayed.watch() as seen:
        for _ in range(15):
            relayed.relay.do(rng.choice(("reset all", "reset control", "reset checkpoint", "reset checkpoint:1",
                                         "set all ab delay 20", "set checkpoint both delay 50", "clear")))
            relayed.settle()
            if rng.random() < 0.5:
                lab.until(lambda: switched_over(relayed), 10, "a switchover that is not refused")
    relayed.relay.do("clear")
    assert seen.dual == []
    held = nothing_lost(client.terminate())["held"]
    same_calls_on_both(relayed, held)


@pytest.mark.parametrize("which", ["checkpoint", "control"])
def test_corrupted_bytes_between_the_chassis_lose_no_call(relayed, which):
    client = load(relayed)
    wait_calls(relayed, 200)
    pids = [(c.pid, c.roles()) for c in relayed.both]
    with relayed.watch() as seen:
        relayed.relay.do(f"set {which} both corrupt")
        end = time.monotonic() + 2
        lab.until(lambda: time.monotonic() > end, 5, "two seconds of it")
        relayed.relay.do("clear")
        relayed.relay.do("reset all")
        relayed.settle()
    assert [(c.pid, c.roles()) for c in relayed.both] == pids, "the same processes"
    if which == "checkpoint":
        assert {s for _, s in seen.history} == {("Active", "Standby")}, seen.history
    held = nothing_lost(client.terminate())["held"]
    same_calls_on_both(relayed, held)


def test_the_loss_of_a_chassis_under_load_keeps_what_the_standby_had_acknowledged(pair):
    state = pair.dir / "state"
    resting = pair.gtp_client("create", "--local", f"{pair.net}51", "--remote", pair.service, "--contexts", 500,
                              "--state", state, "--imsi", 240020000000000, index=51).wait()
    assert resting.process.returncode == 0, resting.text()
    client = load(pair)
    wait_calls(pair, 700)
    with watch.Lateness() as machine:
        pair.a.kill_all()
        killed = time.time()
        pair.b.wait_state("Active")
    assert watch.active_since(pair.b) - killed <= lab.DEAD_INTERVAL + 0.1 + machine.late
    before = client.text()
    lab.until(lambda: (pair.b.subscribers() or 0) >= 600, 10, "calls on B")
    result = client.terminate().summary()
    print(before, result)
    assert result["lost"] == result["wrong"] == result["restart_changes"] == 0, result
    # What was under way in the last moment may be gone; it was not acknowledged by the standby.
    assert result["other"] <= 20, result
    gone = pair.gtp_client("delete", "--local", f"{pair.net}51", "--remote", pair.service, "--contexts", 500,
                           "--state", state, "--imsi", 240020000000000, index=52).wait()
    assert gone.process.returncode == 0, gone.text()


def test_a_lost_chassis_that_returns_under_load_gets_everything_and_can_take_over(pair):
    client = load(pair)
    wait_calls(pair, 200)
    pair.b.kill_all()
    pair.b.start()
    pair.settle(pair.a)
    pair.switchover()
    held = nothing_lost(client.terminate())["held"]
    same_calls_on_both(pair, held)


def test_a_switchover_waits_for_young_calls_too(make_pair):
    """With checkpoint session duration 60 young calls are not checkpointed, but a switchover takes them along."""
    pair = make_pair(edit=lambda x, text: text.replace("checkpoint session duration 0", "checkpoint session duration 60")).start()
    s = gtp.Sgsn(f"{pair.net}60", pair.service)
    teids = [s.ask(s.create(f"2400112345000{i:02}")).number(gtp.TEID_CONTROL) for i in range(20)]
    assert pair.b.preallocated() == 0
    pair.switchover()
    assert pair.b.subscribers() == 20
    for t in teids:
        assert s.ask(s.delete(t)).cause == gtp.ACCEPTED
    s.close()


def recovery(s):
    return s.ask(s.echo()).number(gtp.RECOVERY)


def test_the_restart_counter_stays_while_the_calls_live_and_changes_when_they_are_gone(pair):
    s = gtp.Sgsn(f"{pair.net}60", pair.service)
    first = recovery(s)
    pair.a.kill_all()
    pair.b.wait_state("Active")
    assert recovery(s) == first
    pair.a.start()
    pair.settle(pair.b)
    pair.switchover()
    assert recovery(s) == first
    for c in pair.both:
        c.kill_all()
    for c in pair.both:
        c.start()
    pair.settle()
    assert recovery(s) != first, "all contexts are gone: the SGSN has to learn of it"
    s.close()


@pytest.mark.parametrize("role", ["sessmgr 1", "demux 1"])
def test_a_killed_role_comes_back_and_the_pair_settles(pair, role):
    s = gtp.Sgsn(f"{pair.net}60", pair.service)
    teids = [s.ask(s.create(f"2400112345000{i:02}")).number(gtp.TEID_CONTROL) for i in range(20)]
    pair.b.wait_label("show srp checkpoint statistics", "Current pre-allocated calls:", 20)
    pid = next(p for p, r in pair.a.roles().items() if r == role)
    lab.kill(pid)
    lab.until(lambda: any(r == role and p != pid for p, r in pair.a.roles().items()), 5, f"a new {role}")
    pair.settle(pair.a)
    others = [t for t in teids if role != f"sessmgr {t >> 25}"]
    for t in others:
        assert s.ask(s.update(t)).cause == gtp.ACCEPTED
    assert s.ask(s.create("240011234500099")).cause == gtp.ACCEPTED
    s.close()


def test_a_change_of_the_pools_under_load_gives_no_address_twice(pair):
    rest = pair.gtp_client("create", "--local", f"{pair.net}51", "--remote", pair.service, "--contexts", 3000, "--rate", 3000,
                           "--imsi", 240020000000000, index=51).wait()
    assert rest.process.returncode == 0, rest.text()
    client = load(pair)
    wait_calls(pair, 3200)
    for n in range(10):  # each makes new bitmaps, in which 3,000 calls and more mark their addresses, slice by slice
        for c in pair.both:
            c.configure("context isp", f"ip pool more{n} 10.{70 + n}.0.0 255.255.255.0 public 0 srp-activate")
    held = nothing_lost(client.terminate())["held"]
    lab.until(lambda: pair.active().subscribers() == 3000 + held, 10, "all calls are counted")
    addresses = [a for _, _, a in calls(pair.active())]
    assert len(set(addresses)) == len(addresses) == 3000 + held
    same_calls_on_both(pair, 3000 + held)
