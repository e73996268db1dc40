"""checkpoints - full synchronization, micro-checkpoints, the way back from a cut, takeover, at a million sessions.

Beside each stands its peer with the same records: anchors/floor_sync.c, which does nothing but the transfer, and Redis.
They run one after the other in each repetition, so that a neighbour's noise hits all of them. Sessions come from the
generator of anchors/ through bulk.c. N (1,000,000) sessions, REPS (5) repetitions, UPDATES (2,000,000), CUT_S (30).
"""
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import time

import lab

BIN = lab.TOP / "build" / "bench"
N = int(os.environ.get("N", 1000000))
REPS = min(10, int(os.environ.get("REPS", 5)))
UPDATES = int(os.environ.get("UPDATES", 2000000))
CUT_S = int(os.environ.get("CUT_S", 30))
RATES = (50000, 200000)
LAG_S = 5
CHANGE_BYTES = 60  # traffic counters and last activity of a call: its micro-checkpoints
SESSMGRS = int(os.environ.get("SESSMGRS", 2))
HELLO_MS = 50
SYNC = f"full resync of {N:,} sessions, {{}}, s"
SYNC_CPU = f"CPU of a full resync of {N:,} sessions, both sides, {{}}, s"
MICRO_CPU = "CPU of an update, both sides, us"
APNS = ("internet.example.net", "ims", "mms.example.net", "corp.acme.example", "iot.telemetry.example",
        "web.vodaphonic.example", "sos", "enterprise.vpn.example")


def words(argv, timeout=300):
    """The key=number words of a program's last line."""
    out = subprocess.run([str(a) for a in argv], stdout=subprocess.PIPE, text=True, check=True, timeout=timeout).stdout
    return {k: float(v) for line in out.splitlines() for k, v in re.findall(r"(\w+)=(-?[0-9.]+)(?:\s|$)", line)}


def tried(measure, *args):
    """[result] of a program beside ours, or [] and a word when it breaks: that is no reason to lose our figures."""
    try:
        return [measure(*args)]
    except subprocess.CalledProcessError as e:
        print(f"left out: {e}", flush=True)
        return []


def warm():
    """The first touch of memory that the host of a virtual machine has not yet given costs several times as much."""
    subprocess.run([BIN / "memwarm", "2.5"], stdout=subprocess.DEVNULL, check=True)


def configuration(compression):
    def edit(x, text):
        text = text.replace("10.64.0.0 255.255.0.0", "10.0.0.0 255.240.0.0")
        apns = "".join(f"    apn {a}\n      ip address pool name internet\n    #exit\n" for a in APNS)
        text = text.replace("    apn internet\n", apns + "    apn internet\n")
        return lab.srp_lines(both=[f"checkpoint session compression {compression}", f"hello-interval milliseconds {HELLO_MS}",
                                   "dead-interval milliseconds 2000"])(x, text)
    return edit


class Pair(lab.Pair):
    """A pair whose session managers are open to the bulk loader."""

    def __init__(self, name, compression):
        super().__init__(name, edit=configuration(compression), options=["--sessmgrs", str(SESSMGRS)])
        for c in self.both:
            (c.root / "bench").mkdir(exist_ok=True)

    def entry(self, chassis):
        return chassis.root / "bench"

    def start_one(self, chassis, **kw):
        os.environ["STARLING_BENCH"] = str(self.entry(chassis))
        try:
            chassis.start(**kw)
        finally:
            del os.environ["STARLING_BENCH"]

    def load(self, n):
        self.start_one(self.a)
        self.a.wait_state("Active")
        before = pss(self.a)
        result = words([BIN / "bulk", "load", self.entry(self.a), SESSMGRS, n])
        result["pss_b"] = (pss(self.a) - before) / n
        return result

    def bulk(self, mode, *more, timeout=300):
        return words([BIN / "bulk", mode, self.entry(self.a), self.entry(self.b), SESSMGRS, *more], timeout)


class Standstill:
    """How long the machine itself ran nothing, standstill.c: what hellos and turns are to be held against."""

    def __enter__(self):
        self.process, self.seen = lab.spawn([BIN / "standstill"], stdout=subprocess.PIPE, text=True), {}
        return self.seen

    def __exit__(self, *error):
        self.process.terminate()
        out = self.process.communicate(timeout=10)[0]
        self.seen.update((k, float(v)) for k, v in re.findall(r"(\w+)=([0-9.]+)", out))


def turns(chassis):
    """Of the loops of @chassis: {name: (p99, max)} of their turns in ms, processor time."""
    rows = re.findall(r"^ 1/0 (\w+) +(\d+) .* ([0-9.]+)ms +([0-9.]+)ms +good$", chassis.sh("show task resources max"), re.M)
    return {name + number: (float(p99), float(most)) for name, number, p99, most in rows}


def pss(chassis):
    """Memory of all processes of a chassis, shared pages by their share."""
    total = 0
    for pid in [chassis.pid] + lab.descendants(chassis.pid):
        text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
        total += int(re.search(r"^Pss:\s+(\d+)", text, re.M).group(1)) * 1024
    return total


def fresh_standby(pair):
    """B is started, filled and ended again: what `bulk resync` says, and hellos, memory and lateness of the loop."""
    warm()
    b, before = pair.b, turns(pair.a)
    with Standstill() as machine:
        pair.start_one(b, wait=False)
        r = pair.bulk("resync", N, pair.a.pid, b.pid)
    lab.until(b.answers_or_died, 10, "B answers")
    r["machine_ms"], r["machine_long"] = machine["longest_ms"], machine["long_ones"]
    mine, his = turns(pair.a), turns(b)
    grown = [most for name, (_, most) in mine.items() if most > before[name][1]]  # else it is of the loading, or of a run before
    r["turn_p99_ms"] = max(p99 for p99, _ in [*mine.values(), *his.values()])
    r["turn_max_ms"] = max([most for _, most in his.values()] + grown)
    r["hello_p99_ms"] = max(c.number("show srp statistics", "Hello round trip p99 (us):") for c in pair.both) / 1000
    r["late_p99_ms"] = int(re.search(r"Event loop lateness.* p99 (\d+)", pair.a.sh("show srp statistics")).group(1)) / 1000
    assert pair.bulk("same")["same"] == N, "B holds the same records, octet by octet"
    r["pss_b"] = pss(b) / N
    b.kill_all()
    for p in pair.entry(b).iterdir():
        p.unlink()
    return r


def floor(*more):
    """One run of the floor program: (words of the synchronization, words of the updates or None)."""
    warm()
    out = subprocess.run([str(a) for a in (BIN / "floor_sync", "-n", N, *more)], stdout=subprocess.PIPE, text=True, check=True,
                         timeout=300).stdout
    found = [{k: float(v) for k, v in re.findall(r"(\w+)=(-?[0-9.]+)(?:\s|$)", line)} for line in out.splitlines()]
    return found[0], found[1] if len(found) > 1 else None


class Redis:
    """A master with the same records, and a replica that is fresh for each synchronization."""
    OPTIONS = ["--bind", "127.0.0.1", "--daemonize", "no", "--save", "", "--appendonly", "no", "--repl-diskless-sync-delay", "0",
               "--repl-diskless-sync", "yes", "--repl-diskless-load", "swapdb", "--repl-backlog-size", "256mb",
               "--client-output-buffer-limit", "replica 0 0 0"]

    def __init__(self, directory):
        self.dir, self.started = directory, 0
        self.port, self.master = self.server()
        subprocess.run([BIN / "redis_client", "load", str(self.port), str(N)], check=True, stdout=subprocess.DEVNULL, timeout=300)

    def server(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        self.started += 1
        d = self.dir / str(self.started)
        d.mkdir(parents=True)
        p = lab.spawn(["redis-server", "--port", port, "--dir", d, "--logfile", d / "log", *self.OPTIONS], stdout=subprocess.DEVNULL)
        lab.until(lambda: subprocess.run(["redis-cli", "-p", str(port), "ping"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout == b"PONG\n", 10, "redis")
        return port, p

    def resync(self):
        warm()
        port, replica = self.server()
        before = cpu(self.master.pid) + cpu(replica.pid)
        r = words([BIN / "redis_client", "resync", port, self.port, N])
        time.sleep(0.6)  # the master reaps its child
        r["cpu_s"] = cpu(self.master.pid) + cpu(replica.pid) - before
        replica.kill()
        replica.wait()
        return r

    def updates(self, count):
        port, replica = self.server()
        words([BIN / "redis_client", "resync", port, self.port, N])
        before = cpu(self.master.pid) + cpu(replica.pid)
        r = words([BIN / "redis_client", "updates", self.port, port, N, count, "set"])
        r["cpu_us_upd"] = (cpu(self.master.pid) + cpu(replica.pid) - before) * 1e6 / count
        replica.kill()
        replica.wait()
        return r

    def close(self):
        self.master.kill()
        self.master.wait()


def cpu(pid):
    """CPU seconds of a process and its children that were reaped."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(f) for f in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def median(results, key):
    return statistics.median(r[key] for r in results)


def spread(results, key):
    values = [r[key] for r in results]
    return f"{min(values):.2f} to {max(values):.2f}, of {len(values)}"


def add_resync(table):
    lab.OUT.mkdir(parents=True, exist_ok=True)
    ours, bare, theirs, loaded = {}, {z: [] for z in ("lz4", "lz4 two", "isal1", "zlib1")}, [], {}
    for z in ("lz4", "zlib"):  # one pair at a time: an idle chassis reads its records again and again
        pair, redis = Pair("bench_" + z, z), None
        ours[z] = []
        try:
            loaded[z] = pair.load(N)
            if z == "lz4" and shutil.which("redis-server"):
                redis = Redis(lab.new_directory("bench_redis"))
            for _ in range(REPS):
                bare["lz4" if z == "lz4" else "isal1"].append(floor("-z", "lz4" if z == "lz4" else "isal1", "-c", 1)[0])
                ours[z].append(fresh_standby(pair))
                if z == "lz4":
                    bare["lz4 two"].append(floor("-z", "lz4", "-c", 2)[0])
                if redis:
                    theirs += tried(redis.resync)
        finally:
            if redis:
                redis.close()
            pair.close()
    bare["zlib1"].append(floor("-z", "zlib1", "-c", 1)[0])
    for z, seconds, mb, cpu_s in (("lz4", 1.3, 345, 2.0), ("zlib", 2.5, 285, None)):
        r = ours[z]
        beside = median(bare["lz4" if z == "lz4" else "isal1"], "sync_s")
        table.add(f"resync of {N} sessions, {z}, s", median(r, "sync_s"), seconds, f"{median(r, 'sync_s') / beside:.1f} x the floor", spread(r, "sync_s"),
                  (SYNC.format(z), "Starling"))
        table.add("  on the wire, MB", median(r, "wire_mb"), mb * N / 1e6, "", f"{loaded[z]['octets_rec']:.0f} octets a record")
        table.add("  CPU of both sides, s", median(r, "cpu_s"), cpu_s, "", spread(r, "cpu_s"), (SYNC_CPU.format(z), "Starling"))
        table.add("  hello round trip p99", median(r, "hello_p99_ms"), 5, "", f"one every {HELLO_MS} ms; {spread(r, 'hello_p99_ms')}")
        table.add("  longest turn of a loop, p99", median(r, "turn_p99_ms"), 5, "", f"processor time, the worst of both chassis; {spread(r, 'turn_p99_ms')}")
        table.add("  longest turn of a loop", median(r, "turn_max_ms"), 5, "", f"of the standby from its start to all held, and of the active where it had none as long; {spread(r, 'turn_max_ms')}")
        table.add("  the machine ran nothing for", median(r, "machine_ms"), None, "", f"at most; over 5 ms {sum(x['machine_long'] for x in r):.0f} times; {spread(r, 'machine_ms')}")
        table.add("  slowest answer of a session manager", median(r, "slowest_answer_ms"), None, "", "two cores for four of them: waiting included")
    for name, r in bare.items():
        table.add(f"  floor, {name}, s", median(r, "sync_s"), None, "", f"{median(r, 'wire_mb'):.0f} MB, CPU {median(r, 'cpu_s'):.2f} s",
                  (SYNC.format("lz4" if "lz4" in name else "zlib"), f"floor program, {name}"))
        table.beside(SYNC_CPU.format("lz4" if "lz4" in name else "zlib"), f"floor program, {name}", median(r, "cpu_s"))
    if theirs:
        table.add("  Redis diskless, s", median(theirs, "sync_s"), None, f"{median(theirs, 'sync_s') / median(ours['lz4'], 'sync_s'):.1f} x ours",
                  f"{median(theirs, 'wire_mb'):.0f} MB, CPU {median(theirs, 'cpu_s'):.2f} s", (SYNC.format("lz4"), "Redis, diskless"))
        table.beside(SYNC_CPU.format("lz4"), "Redis, diskless", median(theirs, "cpu_s"))
    table.add("memory of such a session, Active, bytes", loaded["lz4"]["pss_b"], 1024, "", "growth of PSS, arena included")
    table.add("memory of such a session, Standby, bytes", median(ours["lz4"], "pss_b"), 1024, "", "PSS of the whole chassis")


def filled_pair(name, n):
    pair = Pair(name, "lz4")
    pair.load(n)
    pair.start_one(pair.b)
    pair.settle(pair.a)
    lab.until(lambda: pair.b.preallocated() == n, 60, "B holds all")
    return pair


def add_micro(table):
    pair = filled_pair("bench_micro", N)
    redis = Redis(lab.new_directory("bench_redis")) if shutil.which("redis-server") else None
    ours, bare, theirs, lags = [], [], [], {rate: [] for rate in RATES}
    try:
        for _ in range(REPS):
            bare.append(floor("-z", "lz4", "-u", 5 * UPDATES)[1])
            ours.append(pair.bulk("updates", UPDATES, pair.a.pid, pair.b.pid))
            if redis:
                theirs += tried(redis.updates, UPDATES // 4)
            for rate in RATES:
                lags[rate].append(pair.bulk("lag", rate, LAG_S))
        assert pair.bulk("same")["same"] == N
    finally:
        if redis:
            redis.close()
        pair.close()
    table.add("updates of traffic counters, thousands a second", median(ours, "upd_s") / 1000, 2000, "", spread(ours, "upd_s"), is_least=True)
    table.add("  on the wire, bytes each", median(ours, "wire_b_upd"), 40, "", f"{median(ours, 'micros_per_upd'):.2f} micro-checkpoints each")
    table.add("  CPU of both sides, us each", median(ours, "cpu_us_upd"), 0.6, "", "making the update included", (MICRO_CPU, "Starling"))
    table.beside(MICRO_CPU, "floor program", median(bare, "cpu_us_upd"))
    table.add("  floor, thousands a second", median(bare, "upd_s") / 1000, None, "", f"{median(bare, 'wire_b_upd'):.0f} bytes, {median(bare, 'cpu_us_upd'):.2f} us each")
    if theirs:
        table.add("  Redis SET, thousands a second", median(theirs, "upd_s") / 1000, None, "", f"{median(theirs, 'cpu_us_upd'):.2f} us each")
        table.beside(MICRO_CPU, "Redis SET", median(theirs, "cpu_us_upd"))
    for rate, r in lags.items():
        table.add(f"lag at {rate} updates a second, p50, us", median(r, "lag_p50_us"), 100 if rate == 50000 else None)
        table.add("  p99, us", median(r, "lag_p99_us"), 300 if rate == 50000 else 5000, "", spread(r, "lag_p99_us"))


def add_recut(table):
    """B is frozen for CUT_S seconds, long enough for the connections to be closed; then only changes may travel."""
    pair, results = filled_pair("bench_recut", N), []
    try:
        for _ in range(max(1, REPS // 2)):
            pair.b.freeze()
            start = time.monotonic()
            lab.until(lambda: "Ready" not in pair.a.peer_conn().values(), CUT_S, "A has given the connections up", every=0.2)
            changed = words([BIN / "bulk", "change", pair.entry(pair.a), SESSMGRS, N // 100])
            time.sleep(max(0, start + CUT_S - time.monotonic()))
            watch = subprocess.Popen([BIN / "bulk", "rejoin", pair.entry(pair.a), str(SESSMGRS)], stdout=subprocess.PIPE, text=True)
            pair.b.thaw()
            out = watch.communicate(timeout=60)[0]
            r = {k: float(v) for k, v in re.findall(r"(\w+)=(-?[0-9.]+)", out)}
            pair.settle(pair.a)
            assert pair.bulk("same")["same"] == N
            results.append(dict(r, changed=changed["done"], ratio=r["wire_b"] / (changed["done"] * CHANGE_BYTES)))
    finally:
        pair.close()
    table.add(f"back from a cut of {CUT_S} s, {N // 100} of {N} changed, transfer", median(results, "rejoin_ms"), 150, "", spread(results, "rejoin_ms"))
    table.add("  bytes on the wire / changed bytes", median(results, "ratio"), 1.2, "", f"{CHANGE_BYTES} bytes changed in each session")


def takeover_gaps(n):
    """Milliseconds without an answer around a planned switchover of a pair that holds n sessions."""
    pair = filled_pair(f"bench_take{n}", n)
    try:
        client = pair.gtp_client("update", "--local", f"{pair.net}50", "--remote", pair.service, "--contexts", 1000, "--rate", 1000)
        lab.until(lambda: pair.a.subscribers() == n + 1000, 30, "calls are held", every=0.2)
        for _ in range(2 * REPS):
            pair.settle()
            # nothing but the command runs beside it: who looks whether it is over takes the processors of what is measured
            client.process.send_signal(signal.SIGUSR1)
            pair.active().sh("srp initiate-switchover -noconfirm")
            time.sleep(0.05)
            client.process.send_signal(signal.SIGUSR1)
            time.sleep(0.2)
        pair.settle()
        client.terminate()
        assert client.summary()["lost"] == 0, client.summary()
        return [{"gap_ms": int(us) / 1000} for us in re.findall(r"^marker=\d+ gap_us=(\d+)", client.text(), re.M)][::2]
    finally:
        pair.close()


def add_takeover(table):
    few, many = takeover_gaps(10000), takeover_gaps(N)
    table.add("takeover at 10,000 sessions, gap", median(few, "gap_ms"), 10, "", spread(few, "gap_ms"))
    table.add(f"takeover at {N} sessions, gap", median(many, "gap_ms"), 10, "", spread(many, "gap_ms"))
    table.add("  ratio", median(many, "gap_ms") / median(few, "gap_ms"), 1.5)
