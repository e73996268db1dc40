"""Two chassis in network namespaces of their own with a router between, made as root or in an
unprivileged user namespace. Each namespace is held by a process of its own and dies with it.

    A (10.91.1.2) ---- 10.91.1.1 router 10.91.2.1 ---- B (10.91.2.2)
    The subscribers' side lives in the router; it has no routing daemon, so the test moves the route
    of the service address to the chassis that serves.
"""
import os
import re
import shutil
import subprocess

import lab

SERVICE = "192.0.2.100"
LINKS = {"a": ("10.91.1.1", "10.91.1.2"), "b": ("10.91.2.1", "10.91.2.2")}
LINKS6 = {"a": ("fd91:1::1", "fd91:1::2"), "b": ("fd91:2::1", "fd91:2::2")}  # beside them; the SRP link's when asked for


class NoRight(Exception):
    """Network namespaces are not to be had here."""


def enter(pid):
    """Words before a command that runs it in the namespaces held by a process."""
    user = [] if os.geteuid() == 0 else ["-U", "--preserve-credentials"]
    return ["nsenter", "-t", str(pid)] + user + ["-n", "--"]


def hold(prefix, flags):
    """A process which holds new namespaces; returns its pid when they are there."""
    p = lab.spawn(list(prefix) + ["unshare", *flags, "--", "sh", "-c", "echo ready; exec sleep infinity"],
                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if p.stdout.readline() != "ready\n":
        raise NoRight(p.stderr.read().strip())
    return p.pid


def output_of(argv, p):
    """Standard output; what the kernel does not allow or know is a missing right, anything else a fault."""
    if p.returncode:
        lacks = any(w in p.stderr for w in ("not permitted", "not supported", "Permission denied"))
        raise (NoRight if lacks else AssertionError)(f"{' '.join(map(str, argv))}: {p.stderr.strip()}")
    return p.stdout


class NetPair(lab.Pair):
    """A pair on network namespaces with the second address driver."""

    def __init__(self, name, family=4, edit=None):
        """family: of bind address and peer-ip-address; edit(x, text): the configuration of a chassis, changed."""
        self.srp_links, self.edit = {4: LINKS, 6: LINKS6}[family], edit
        root = os.geteuid() == 0
        if not shutil.which("nft") or not shutil.which("ip"):
            raise NoRight("nft and ip are needed")
        self.holders = {"r": hold([], ["-n"] if root else ["-Urn"])}
        self.net = "10.91."
        self.dir = lab.new_directory(name)
        self.clients, self.relay = [], None
        self.ip("r", "link set lo up")
        self.inside("r", "sysctl", "-qw", "net.ipv4.ip_forward=1")
        user = [] if root else ["nsenter", "-t", str(self.holders["r"]), "-U", "--preserve-credentials", "--"]
        for x, (router, own) in LINKS.items():
            self.holders[x] = hold(user, ["-n"])
            self.ip("r", f"link add eth-{x} type veth peer name eth0 netns {self.holders[x]}")
            self.ip("r", f"addr add {router}/24 dev eth-{x}")
            self.ip("r", f"link set eth-{x} up")
            for words in ("link set lo up", f"addr add {own}/24 dev eth0", "link set eth0 up", f"route add default via {router}"):
                self.ip(x, words)
        if family == 6:
            self._add_ipv6()
        self.nft("add table ip cuts", "add chain ip cuts between { type filter hook forward priority 0; }")
        self.a, self.b = (self._net_chassis(x) for x in "ab")

    def _add_ipv6(self):
        self.inside("r", "sysctl", "-qw", "net.ipv6.conf.all.forwarding=1")
        for x, (router, own) in LINKS6.items():
            self.ip("r", f"addr add {router}/64 dev eth-{x} nodad")
            self.ip(x, f"addr add {own}/64 dev eth0 nodad")
            self.ip(x, f"route add default via {router}")

    @property
    def service(self):
        return SERVICE

    def _net_chassis(self, x):
        text = (lab.TOP / "configs" / f"lab-{x}.cfg").read_text()
        own, peer = self.srp_links[x][1], self.srp_links["b" if x == "a" else "a"][1]
        block = re.search(r"service-redundancy-protocol.*?#exit", text, re.S).group()
        old_own = re.search(r"bind address (\S+)", block).group(1)
        old_peer = re.search(r"peer-ip-address (\S+)", block).group(1)
        for old, new in ((old_own, own), (old_peer, peer), (lab.LAB_NET + "100", SERVICE)):
            text = re.sub(rf"(?<![\d.]){re.escape(old)}(?![\d.])", new, text)
        if self.edit:
            text = self.edit(x, text)
        return lab.Chassis(x, self.dir / x, text, prefix=enter(self.holders[x]), options=["--address-driver", "freebind"])

    def inside(self, where, *argv):
        p = subprocess.run(enter(self.holders[where]) + [str(a) for a in argv], capture_output=True, text=True, timeout=60)
        return output_of(argv, p)

    def ip(self, where, words):
        return self.inside(where, "ip", *words.split())

    def capture(self, x="a"):
        """Records what passes the router's side of a chassis' link, on the SRP port."""
        import snoop
        found = snoop.Capture(enter(self.holders["r"]), f"eth-{x}", lab.SRP_PORT, self.dir / "capture")
        self.clients.append(found)
        return found

    def nft(self, *lines):
        p = subprocess.run(enter(self.holders["r"]) + ["nft", "-f", "-"], input="".join(l + "\n" for l in lines),
                           capture_output=True, text=True, timeout=60)
        output_of(["nft"], p)

    def cut(self, *ways):
        """Drops what A sends to B (ab), B to A (ba) in the middle: nobody is told."""
        assert self.srp_links is LINKS, "cut is for IPv4"
        source = {"ab": LINKS["a"][1], "ba": LINKS["b"][1]}
        self.nft(*[f"add rule ip cuts between ip saddr {source[w]} drop" for w in ways])

    def lossy(self, percent):
        self.nft(f"add rule ip cuts between numgen random mod 100 < {percent} drop")

    def heal(self):
        self.nft("flush chain ip cuts between")

    def owners(self):
        """The chassis whose namespace has the service address."""
        return [x for x in "ab" if SERVICE in self.ip(x, "-4 addr show dev lo")]

    def route_to(self, chassis):
        self.ip("r", f"route replace {SERVICE}/32 via {LINKS[chassis.name][1]}")

    def in_router(self, *argv, timeout=60):
        """Runs a program on the subscribers' side; (exit status, output)."""
        p = subprocess.run(enter(self.holders["r"]) + [str(a) for a in argv], stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True, timeout=timeout, cwd=lab.TOP)
        return p.returncode, p.stdout

    def close(self):
        super().close()
        for pid in self.holders.values():
            lab.kill(pid)
