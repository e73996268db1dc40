"""failover - from `kill -9` of the active chassis to an answer of the standby, with the shortest intervals there are, and
keepalived at its fastest beside it: two namespaces, no state, from the kill to the address at the backup."""
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import time

import lab
import netlab

KILLS = int(os.environ.get("KILLS", 30))
CALLS, RATE = 1000, 1000
ADVERT_S = 0.01  # the least that keepalived takes
ADDRESS = "10.92.0.50"
GROUP = "kill -9 of the active, ms without service"


def ours():
    """Milliseconds without an answer around each kill, requests going out every millisecond."""
    fast = lab.srp_lines(both=["hello-interval milliseconds 20", "dead-interval milliseconds 60"])
    pair = lab.Pair("bench_failover", edit=fast).start()
    try:
        client = pair.gtp_client("update", "--local", f"{pair.net}50", "--remote", pair.service, "--contexts", CALLS,
                                 "--rate", RATE, "--t3", 100, "--n3", 100)
        lab.until(lambda: pair.a.subscribers() == CALLS, 20, "calls are held")
        for _ in range(KILLS):
            pair.settle()
            lab.until(lambda: pair.standby().preallocated() == CALLS, 20, "the standby holds the calls")
            time.sleep(0.3)
            old = pair.active()
            new = pair.b if old is pair.a else pair.a
            client.process.send_signal(signal.SIGUSR1)
            old.kill_chassisd()
            old.process.wait()
            new.wait_state("Active")
            time.sleep(0.1)
            client.process.send_signal(signal.SIGUSR1)
            old.start()
        client.terminate()
        result = client.summary()
        assert result["lost"] == result["wrong"] == result["other"] == 0, result
        return [int(us) / 1000 for us in re.findall(r"^marker=\d+ gap_us=(\d+)", client.text(), re.M)][::2]
    finally:
        pair.close()


def configuration(priority):
    return f"""global_defs {{
    vrrp_version 3
    vrrp_garp_master_delay 0
    script_user root
}}
vrrp_instance V {{
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority {priority}
    advert_int {ADVERT_S}
    garp_master_delay 0
    virtual_ipaddress {{
        {ADDRESS}/24
    }}
}}
"""


class Keepalived:
    def __init__(self, directory):
        root = os.geteuid() == 0
        self.dir = pathlib.Path(directory)
        self.dir.mkdir(parents=True, exist_ok=True)
        a = netlab.hold([], ["-n"] if root else ["-Urn"])
        user = [] if root else ["nsenter", "-t", str(a), "-U", "--preserve-credentials", "--"]
        self.holders = [a, netlab.hold(user, ["-n"])]
        self.inside(0, "ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", str(self.holders[1]))
        for i in (0, 1):
            for words in ("link set lo up", f"addr add 10.92.0.{i + 1}/24 dev eth0", "link set eth0 up"):
                self.inside(i, "ip", *words.split())
        self.processes = []

    def inside(self, i, *argv):
        return subprocess.run(netlab.enter(self.holders[i]) + list(argv), check=True, capture_output=True, text=True).stdout

    def has_address(self, i):
        return ADDRESS in self.inside(i, "ip", "-4", "addr", "show", "dev", "eth0")

    def begin(self, i, priority):
        conf = self.dir / f"{i}.conf"
        conf.write_text(configuration(priority))
        for name in (f"{i}.pid", f"{i}.vrrp.pid"):
            (self.dir / name).unlink(missing_ok=True)
        with open(self.dir / f"{i}.log", "ab") as log:
            p = lab.spawn(netlab.enter(self.holders[i]) + ["keepalived", "-n", "-l", "-P", "-f", conf, "-p", self.dir / f"{i}.pid",
                                                           "-r", self.dir / f"{i}.vrrp.pid"], stdout=log, stderr=log)
        self.processes.append(p)
        return p

    def end(self, p):
        for pid in [p.pid] + lab.descendants(p.pid):
            lab.kill(pid)
        p.wait()
        self.processes.remove(p)

    def takeover(self):
        """Milliseconds from the kill of the master until its backup has the address."""
        master = self.begin(0, 150)
        lab.until(lambda: self.has_address(0), 10, "the master has the address")
        backup = self.begin(1, 120)
        time.sleep(0.5)
        assert not self.has_address(1), "one has the address"
        monitor = lab.spawn(netlab.enter(self.holders[1]) + ["ip", "-ts", "monitor", "address"], stdout=subprocess.PIPE, text=True)
        time.sleep(0.1)
        killed = time.time()
        self.end(master)
        line = ""
        while ADDRESS not in line:
            line = monitor.stdout.readline()
        stamp, micro = re.match(r"\[(\S+)\.(\d+)\]", line).groups()
        taken = time.mktime(time.strptime(stamp, "%Y-%m-%dT%H:%M:%S")) + int(micro) / 1e6
        monitor.kill()
        monitor.wait()
        self.end(backup)
        for i in (0, 1):
            subprocess.run(netlab.enter(self.holders[i]) + ["ip", "addr", "del", f"{ADDRESS}/24", "dev", "eth0"], capture_output=True)
        return (taken - killed) * 1000

    def close(self):
        for p in list(self.processes):
            self.end(p)
        for pid in self.holders:
            lab.kill(pid)


def keepaliveds():
    """As ours(), or None where it cannot be had."""
    if not shutil.which("keepalived") or not shutil.which("ip"):
        return None
    try:
        pair = Keepalived(lab.new_directory("bench_keepalived"))
    except netlab.NoRight:
        return None
    try:
        return [pair.takeover() for _ in range(KILLS)]
    finally:
        pair.close()


def add(table, p99):
    gaps = ours()
    median = statistics.median(gaps)
    other = keepaliveds()
    fastest = statistics.median(other) if other else None
    table.add("kill -9 of the active to answers, hello 20 ms, median", median, 80,
              f"{median / fastest:.1f} x keepalived" if fastest else "", f"of {len(gaps)}, {CALLS} calls held, {RATE} requests/s", (GROUP, "Starling, calls kept"))
    table.add("kill -9 of the active to answers, p99", p99(gaps), 80, f"{p99(gaps) / p99(other):.1f} x keepalived" if other else "",
              f"max {max(gaps):.2f}")
    if other:
        table.add("  keepalived, advertisements of 10 ms, median", fastest,
                  note=f"of {len(other)}, p99 {p99(other):.2f}; kill to address, no state",
                  beside=(GROUP, "keepalived, no state"))
