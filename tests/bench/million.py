"""million - a million sessions through GTP, and what proves them: proof of sync and audit.

Sessions of the first part come from callgen, whose ledger is compared after a switchover; those of the second from bulk.c,
with a few of callgen beside them whose places in memory are known. N (1,000,000) sessions, AUDITS (3) repetitions.
"""
import os
import random
import time

import callgen
import checkpoints
import lab
from arena import flip, proof
from checkpoints import N, median, spread

SGSNS, WINDOW = 8, 128
CHURN_S, CHURN_RATE = 6, 2000
AUDITS = int(os.environ.get("AUDITS", 3))
PLACES, DAMAGED = 200, 10  # records whose places are known, and how many of them are damaged at a time
UPDATE_RATE = 1000


def cpu(chassis):
    """CPU seconds of all processes of a chassis."""
    return sum(checkpoints.cpu(pid) for pid in [chassis.pid] + lab.descendants(chassis.pid))


def add_gtp(table):
    pair = checkpoints.Pair("bench_gtp", "lz4")
    try:
        for c in pair.both:
            pair.start_one(c)
        pair.settle(pair.a)
        checkpoints.warm()
        generator = callgen.Generator(pair, N, sgsns=SGSNS, options=["--window", WINDOW])
        before = [cpu(c) for c in pair.both]
        generator.start("create")
        lab.until(lambda: pair.b.preallocated() >= 0.98 * N, 900, "B holds most", every=0.5)
        lab.until(lambda: pair.b.preallocated() == N, 60, "B holds all", every=0.002)
        held_ns = time.monotonic_ns()
        made = generator.finish(120, is_asked=False)
        assert made.rc == 0 and made.words["held"] == N, made
        used = [(cpu(c) - b) * 1e6 / N for c, b in zip(pair.both, before)]
        assert pair.bulk("same")["same"] == N, "B holds the same records, octet by octet"
        held_ms = (held_ns - max(int(line[callgen.CREATED]) for line in generator.lines()[1])) / 1e6
        generator.start("churn", "--seconds", CHURN_S, "--rate", CHURN_RATE)
        time.sleep(CHURN_S / 3)
        pair.switchover()
        churned = generator.finish(120, is_asked=False)
        assert churned.rc == 0, churned
        pair.settle(pair.b)
        found = generator("verify", timeout=900)
        assert found.rc == 0 and found.words["verified_held"] == found.words["held"] == pair.b.subscribers(), found
    finally:
        pair.close()
    w = made.words
    table.add("sessions made through GTP, thousands a second", w["per_s"] / 1000, None, "", f"{N} in {w['seconds']:.1f} s, {WINDOW} requests under way, the client on the same cores")
    table.add("  CPU of the Active, us each", used[0])
    table.add("  CPU of the Standby, us each", used[1])
    table.add("  CPU of the client, us each", w["cpu_s"] * 1e6 / N)
    table.add("  round trip, median", w["rtt_p50_us"] / 1000, None, "", f"p99 {w['rtt_p99_us'] / 1000:.1f}; {w['retransmissions']} repeated")
    table.add("  until the Standby holds all, behind the last answer", held_ms, None, "", "as one sees who asks every 2 ms")
    f = found.words
    table.add("  ledger after a switchover under load, contradictions", f["lost"] + f["older"] + f["returned"] + f["twice"] + f["wrong"], None, "",
              f"{f['verified_held']} calls and {f['verified_deleted']} deleted ones asked for in {f['seconds']:.0f} s; {churned.words['sent']} requests in the {CHURN_S} s around it")


def ages(pair, seconds):
    """The ages of the oldest record read as both say them, ms, every 100 ms."""
    found, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        found += [{"age": proof(c)["age_ms"]} for c in pair.both]
        time.sleep(0.1)
    return found


def damage_and_audit(pair, teids):
    """Bits of some records of B flipped: seconds until both name all of them, and of the audit that mends them."""
    wanted = sorted(random.sample(teids, DAMAGED))
    for teid in wanted:
        flip(pair.b, teid)
    flipped, r = time.monotonic(), {}
    for c in (pair.b, pair.a):
        lab.until(lambda: proof(c)["differ"] == DAMAGED, 30, f"{c.name} names them", every=0.01)
        r[f"named_{c.name}_s"] = time.monotonic() - flipped
        named = proof(c)["calls_that_differ"]
        assert sorted(int(n["callid"], 16) for n in named) == wanted, (wanted, named)
        assert {n["how"] for n in named} == {"record damaged on the standby"}, named
    start = time.monotonic()
    out = pair.a.sh("srp initiate-audit manual-with-sync", timeout=120)
    r["audit_s"] = time.monotonic() - start
    assert f"0 new, 0 stale, {DAMAGED} inactive, 0 still different" in out, out
    for c in pair.both:
        lab.until(lambda: proof(c)["is_proved"] and proof(c)["differ"] == 0, 30, "nothing differs any more")
    return r


def add_audit(table):
    pair = checkpoints.filled_pair("bench_audit", N)
    try:
        known = callgen.Generator(pair, PLACES, index=60)
        assert known("create").rc == 0
        subscribers = callgen.Generator(pair, 1000, index=50)
        assert subscribers("create").rc == 0
        calls = N + PLACES + 1000
        subscribers.start("update", "--count", 1000000000, "--rate", UPDATE_RATE)
        for c in pair.both:
            lab.until(lambda: proof(c)["is_proved"] and proof(c)["calls"] == calls, 60, "all calls are proved", every=0.1)
            # from the end of the full synchronization, in which little is read, one pass over all records
            lab.until(lambda: proof(c)["age_ms"] < 2000, 10, "all records are read once", every=0.1)
        old = ages(pair, 10)
        runs = [damage_and_audit(pair, known.teids()) for _ in range(AUDITS)]
        updated = subscribers.finish()
        assert updated.rc == 0 and known("verify").rc == subscribers("verify").rc == 0
        lab.until(lambda: pair.b.preallocated() == calls, 10, "B holds all")
        assert pair.bulk("same")["same"] == calls
    finally:
        pair.close()
    under = f"{UPDATE_RATE} updates a second meanwhile"
    worst = max(o["age"] for o in old)
    table.add(f"proof of {calls} sessions: oldest record read, s", worst / 1000, 2, "", f"worst of {len(old)} on both chassis, median {median(old, 'age') / 1000:.2f}; {under}")
    table.add(f"  {DAMAGED} records damaged on the Standby are named, s", max(r["named_b_s"] for r in runs), 2, "", f"by it, worst; {spread(runs, 'named_b_s')}")
    table.add("  by the Active, s", max(r["named_a_s"] for r in runs), None, "", spread(runs, "named_a_s"))
    table.add(f"audit of {calls} sessions that mends them, s", median(runs, "audit_s"), 5, "", f"{spread(runs, 'audit_s')}; the ids are exactly those damaged")
