"""Chassis, pairs and clients for the end-to-end tests: real programs, started and ended by pid.

Nothing here decides what is right; it starts things, asks them, and waits with a deadline. Every
process that is started is remembered and killed at the end, also after a failure.
"""
import collections
import ctypes
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
OUT = TOP / "build" / "e2e"
CHASSISD = TOP / os.environ.get("CHASSISD", "build/chassisd")
STARSH = TOP / "build" / "starsh"
GTP_CLIENT = TOP / "build" / "gtp_client"
SRP_PORT = 7310
LAB_NET = "127.0.1."  # what configs/lab-*.cfg say; each run replaces it by its own
DEAD_INTERVAL = 3.0   # of configs/lab-*.cfg
# Every wait is so many times as long as it says: a machine may stand still for a second, and its disk take ten. How soon
# something has to be there says the test that claims it, by times that the chassis tell.
PATIENCE = 3

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
_libc = ctypes.CDLL(None, use_errno=True)
_started = []  # every Popen of this run


def _die_with_parent():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def adopt_orphans():
    """Children whose parent dies come to this process, so that none is lost to the clean-up."""
    _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def spawn(argv, **kw):
    kw.setdefault("stdin", subprocess.DEVNULL)
    p = subprocess.Popen([str(a) for a in argv], preexec_fn=_die_with_parent, cwd=TOP, **kw)
    _started.append(p)
    return p


def stat_of(pid):
    """(state letter, parent pid) of a process, or None when it is gone."""
    try:
        rest = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return rest[0], int(rest[1])


def descendants(pid):
    below = collections.defaultdict(list)
    for d in os.listdir("/proc"):
        if d.isdigit() and (s := stat_of(d)):
            below[s[1]].append(int(d))
    found, todo = [], [pid]
    while todo:
        for child in below[todo.pop()]:
            found.append(child)
            todo.append(child)
    return found


def is_alive(pid):
    s = stat_of(pid)
    return s is not None and s[0] not in "ZX"


def kill(pid, sig=signal.SIGKILL):
    try:
        os.kill(pid, sig)
    except ProcessLookupError:
        pass


def kill_everything():
    """The end of a run: whatever is still below this process."""
    for p in _started:
        if p.poll() is None:
            kill(p.pid, signal.SIGCONT)
            kill(p.pid)
    for pid in descendants(os.getpid()):
        kill(pid)
    for p in _started:
        try:
            p.wait(30)
        except subprocess.TimeoutExpired:
            pass


class Late(AssertionError):
    """What was waited for did not become true in time."""


def until(condition, seconds, what, every=0.02):
    """Polls until condition() is true and returns its value; Late after @seconds times PATIENCE."""
    end = time.monotonic() + seconds * PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            raise Late(f"not within {seconds * PATIENCE} s: {what}; last seen: {value!r}")
        time.sleep(every)


def stays(condition, seconds, what, every=0.05):
    """Asserts that condition() is true now and all the time for so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert condition(), f"no longer: {what}"
        time.sleep(every)


def random_net():
    """A random 127.a.b. of which nothing is bound yet; 127.0 is left to the lab."""
    while True:
        net = f"127.{random.randint(1, 254)}.{random.randint(0, 254)}."
        used = set()
        for table in ("tcp", "udp"):
            for line in pathlib.Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
                h = line.split()[1].split(":")[0]
                used.add(".".join(str(int(h[i:i + 2], 16)) for i in (6, 4, 2, 0)))
        if not any(u.startswith(net) for u in used):
            return net


_directories = set()


def new_directory(name):
    """An empty build/e2e/NAME, the name short and used once in this run."""
    name = re.sub(r"[^A-Za-z0-9_.-]+", "_", name).removeprefix("test_")[:32].strip("_")
    path = OUT / name
    n = 1
    while path in _directories:
        n += 1
        path = OUT / f"{name}-{n}"
    _directories.add(path)
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def srp_lines(**per_chassis):
    """An edit of configurations: lines of a=[...] and b=[...], or both=[...], at the head of the redundancy link's block."""
    def edit(x, text):
        added = list(per_chassis.get("both", ())) + list(per_chassis.get(x, ()))
        for line in added:  # instead of the same line of the lab
            text = re.sub(rf"^ *{line.split()[0]} .*\n", "", text, flags=re.M) if line.startswith(("hello-", "dead-")) else text
        return text.replace("service-redundancy-protocol\n", "service-redundancy-protocol\n" + "".join(f"      {l}\n" for l in added))
    return edit


class Chassis:
    """One chassis: a root directory and, when started, a chassisd in the foreground below us."""

    def __init__(self, name, root, config, prefix=(), options=()):
        self.name, self.root = name, pathlib.Path(root)
        self.root_word = os.path.relpath(root, TOP)  # as programs get it: names of sockets are short
        self.prefix, self.options = list(prefix), list(options)
        self.config_name = f"/flash/lab-{name}.cfg"
        self.process = None
        for d in ("flash", "run"):
            (self.root / d).mkdir(parents=True, exist_ok=True)
        self.flash(self.config_name, config)
        self.flash("/flash/license.lic", (TOP / "configs" / "lab.lic").read_text())

    def flash(self, name, content=None):
        """Writes (or, without content, reads) a file of the chassis by its own name for it."""
        path = self.root / name.lstrip("/")
        if content is None:
            return path.read_text()
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content)
        return path

    # --- life -----------------------------------------------------------------------------------
    def start(self, *extra, config=True, wait=True):
        argv = self.prefix + [CHASSISD, "--root", self.root_word]
        if config:
            argv += ["--config", self.config_name]
        argv += self.options + list(extra)
        output = open(self.root / "run" / "output", "ab")
        self.process = spawn(argv, stdout=output, stderr=output)
        output.close()
        if wait:
            until(self.answers_or_died, 30, f"chassis {self.name} answers on its console")
            assert self.process.poll() is None, f"chassis {self.name} ended: {self.tail('run/output')}"
        return self

    def answers_or_died(self):
        return self.process.poll() is not None or self.run("show version")[0] == 0

    @property
    def pid(self):
        return self.process.pid

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def roles(self):
        """{pid: role word with its instance} of the children of chassisd."""
        found = {}
        for pid in descendants(self.pid):
            try:
                words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
            except OSError:
                continue
            if "--role" in words:
                role = words[words.index("--role") + 1]
                if "--instance" in words:
                    role += " " + words[words.index("--instance") + 1]
                found[pid] = role
        return found

    def kill_chassisd(self):
        """kill -9 of chassisd alone."""
        self.process.send_signal(signal.SIGKILL)

    def kill_all(self):
        """kill -9 of every process of this chassis."""
        pids = [self.pid] + descendants(self.pid)
        for pid in pids:
            kill(pid)
        self.process.wait(30)
        until(lambda: not any(is_alive(p) for p in pids), 5, f"processes of {self.name} are gone")

    def stop(self):
        if self.is_running():
            self.process.terminate()
            self.process.wait(60)

    def freeze(self, pids=None):
        """Stops all its processes; to look for them (@pids) takes a moment."""
        self.frozen = pids or [self.pid] + descendants(self.pid)
        for pid in self.frozen:
            kill(pid, signal.SIGSTOP)

    def thaw(self):
        for pid in self.frozen:
            kill(pid, signal.SIGCONT)

    def tail(self, name="run/log", lines=20):
        """The end of a log, without the comings and goings of our own questions."""
        try:
            text = (self.root / name).read_text(errors="replace")
            return "\n".join([l for l in text.splitlines() if " session " not in l][-lines:])
        except OSError:
            return ""

    # --- asking ----------------------------------------------------------------------------------
    def run(self, command, timeout=60):
        """(exit status, output) of one command."""
        p = subprocess.run([STARSH, "-r", self.root_word, "-c", command], stdin=subprocess.DEVNULL, timeout=timeout,
                           cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return p.returncode, p.stdout.decode(errors="replace")

    def sh(self, command, timeout=60):
        """Output of a command which has to succeed."""
        rc, out = self.run(command, timeout)
        assert rc == 0, f"{self.name}: {command!r} gave {rc}: {out}"
        return out

    def script(self, *lines, timeout=60):
        """(exit status, output) of several lines through a pipe."""
        p = subprocess.run([STARSH, "-r", self.root_word], input="".join(l + "\n" for l in lines).encode(),
                           timeout=timeout, cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return p.returncode, p.stdout.decode(errors="replace")

    def configure(self, *lines):
        """Configuration lines; a line that works is silent."""
        rc, out = self.script("configure", *lines, "end")
        assert rc == 0 and out.strip() == "", f"{self.name}: {lines}: {rc} {out}"

    def label(self, command, label):
        """The value behind `label:` in the output of a command, or None."""
        rc, out = self.run(command)
        m = re.search(rf"^\s*{re.escape(label.rstrip(':'))}[ \t]*:[ \t]*(.*?)[ \t]*$", out, re.M) if rc == 0 else None
        return m.group(1) if m else None

    def number(self, command, label):
        value = self.label(command, label)
        m = re.match(r"\d+", value or "")
        return int(m.group()) if m else None

    def state(self):
        return self.label("show srp info", "Chassis State:")

    def peer_state(self):
        return self.label("show srp info", "Peer State:")

    def preallocated(self):
        return self.number("show srp checkpoint statistics", "Current pre-allocated calls:")

    def subscribers(self):
        return self.number("show subscribers summary", "Total Subscribers:")

    def wait_state(self, state, seconds=12, every=0.01):
        return until(lambda: self.state() == state, seconds, f"{self.name} is {state} (is {self.state()})", every)

    def wait_label(self, command, label, value, seconds=10):
        return until(lambda: self.number(command, label) == value, seconds,
                     f"{self.name}: {label} {value} (is {self.label(command, label)})")

    def wait_open(self, seconds=10):
        """Waits until new calls are taken again after a takeover."""
        until(lambda: self.label("show srp info", "Control Packets:") == "all served", seconds, f"{self.name} takes new calls")

    def peer_conn(self):
        """{sessmgr instance: Ready, Conn or ''} of `show srp checkpoint statistics verbose`."""
        return parse_peer_conn(self.run("show srp checkpoint statistics verbose")[1])

    def sessmgrs_ready(self):
        conn = self.peer_conn()
        return bool(conn) and all(v == "Ready" for v in conn.values())


def parse_peer_conn(text):
    lines = text.splitlines()
    found = {}
    for line in lines:
        words = line.split()
        if words and words[0].isdigit():
            state = [w for w in words[1:] if w in ("Ready", "Conn")]
            found[int(words[0])] = state[0] if state else ""
    return found


class Pair:
    """Two chassis on a network of their own, with a relay between them when asked for."""

    def __init__(self, name, net=None, edit=None, options=(), relay=False):
        self.net = net or random_net()
        self.dir = new_directory(name)
        self.relay = None
        self.a = self._chassis("a", edit, options, relay)
        self.b = self._chassis("b", edit, options, relay)
        self.clients = []
        if relay:
            from relay import RelayProcess
            self.relay = RelayProcess(self, self.dir / "relay.log")

    def _chassis(self, x, edit, options, relay):
        text = (TOP / "configs" / f"lab-{x}.cfg").read_text().replace(LAB_NET, self.net)
        if relay:  # each chassis knows the relay's face as its peer
            text, n = re.subn(r"(peer-ip-address) .*", rf"\1 {self.net}{11 if x == 'a' else 12}", text)
            assert n == 1, "one peer-ip-address in the configuration"
        if edit:
            text = edit(x, text)
        return Chassis(x, self.dir / x, text, options=options)

    @property
    def service(self):
        return self.net + "100"

    @property
    def both(self):
        return (self.a, self.b)

    def start(self):
        """Starts A, then B, until A is Active and B Standby with every session manager Ready."""
        if self.relay:
            self.relay.start()
        self.a.start()
        self.b.start()
        self.settle(self.a)
        return self

    def settle(self, active=None, seconds=15):
        """Waits until one (this one) is Active, the other Standby and fully connected."""
        def settled():
            states = [c.state() for c in self.both]
            if sorted(s or "" for s in states) != ["Active", "Standby"]:
                return False
            if active and states[self.both.index(active)] != "Active":
                return False
            serving = self.active()
            return (serving and serving.label("show srp info", "Connection State:") == "Connected"
                    and serving.label("show srp info", "Control Packets:") == "all served"
                    and serving.sessmgrs_ready())
        until(settled, seconds, f"settled; A {self.a.state()}, B {self.b.state()}, "
              f"peer conn A {self.a.peer_conn()} B {self.b.peer_conn()}", every=0.05)

    def active(self):
        return next((c for c in self.both if c.is_running() and c.state() == "Active"), None)

    def standby(self):
        return next((c for c in self.both if c.is_running() and c.state() == "Standby"), None)

    def switchover(self, wait=True, until_open=True, force=False):
        old = self.active()
        new = self.b if old is self.a else self.a
        rc, out = old.run("srp initiate-switchover " + ("force " if force else "") + "-noconfirm")
        assert rc == 0, f"switchover refused: {out}"
        if wait:
            new.wait_state("Active")
            old.wait_state("Standby")
            if until_open:
                new.wait_open()
        return old, new

    def sgsnemu(self, contexts, index=0, **kw):
        client = SgsnEmu(self, contexts, index, **kw)
        self.clients.append(client)
        return client

    def gtp_client(self, *args, index=50):
        client = GtpClient(self, index, args)
        self.clients.append(client)
        return client

    def set_dead_interval(self, seconds):
        """Of both, in force: the timer that ran with the old one ends with the next hello."""
        for c in self.both:
            c.configure("context srp", "service-redundancy-protocol", f"dead-interval {seconds}")
        for c in self.both:
            c.wait_label("show srp info", "Dead Interval:", seconds * 1000)
            heard = c.number("show srp statistics", "Hello messages received:")
            until(lambda: c.number("show srp statistics", "Hello messages received:") > heard, 10, f"{c.name} hears a hello")

    def watch(self):
        from watch import DualActiveWatch
        return DualActiveWatch(self)

    def close(self):
        for c in self.clients:
            c.close()
        for c in self.both:
            if c.is_running():
                for pid in [c.pid] + descendants(c.pid):
                    kill(pid, signal.SIGCONT)
                c.kill_all()
        if self.relay:
            self.relay.close()


class SgsnEmu:
    """sgsnemu of osmo-ggsn, unchanged, without tun device. It never retransmits, and waits about
    20 s after its last release before it ends, so what it says is read from its log."""

    def __init__(self, pair, contexts, index=0, imsi=240010123456789, apn="internet", prefix=()):
        self.dir = pair.dir / f"sgsnemu{index}"
        self.dir.mkdir(parents=True, exist_ok=True)
        self.log = self.dir / "log"
        with open(self.log, "wb") as log:
            self.process = spawn(
                list(prefix) + ["stdbuf", "-oL", "sgsnemu", "--listen", f"{pair.net}{30 + index}", "--remote", pair.service,
                 "--contexts", contexts, "--timelimit", 0, "--apn", apn, "--imsi", imsi + index * 100000,
                 "--msisdn", 46702123456 + index * 1000, "--statedir", self.dir, "--pidfile", self.dir / "pid"],
                stdout=log, stderr=log)

    def text(self):
        return self.log.read_text(errors="replace")

    def count(self, message):
        return len(re.findall(message, self.text()))

    def created(self):
        return self.count(r"PDP ctx: received EUA with IP address")

    def released(self):
        return self.count(r"delete PDP context response\. Cause value: 128\b")

    def wait_created(self, n, seconds=20):
        until(lambda: self.created() >= n, seconds, f"sgsnemu has {n} contexts (has {self.created()})", every=0.05)

    def release(self):
        self.process.terminate()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(30)


class GtpClient:
    """build/gtp_client: our own client with retransmission and a ledger; ends with a summary line. It is patient: an
    answer that comes late is one, unless the test says otherwise."""

    def __init__(self, pair, index, args, prefix=()):
        self.log = pair.dir / f"gtp_client{index}.log"
        with open(self.log, "wb") as log:
            self.process = spawn(list(prefix) + [GTP_CLIENT, "--n3", 100] + list(args), stdout=log, stderr=log)

    def wait(self, seconds=180):
        self.process.wait(seconds)
        return self

    def terminate(self, seconds=60):
        self.process.terminate()
        return self.wait(seconds)

    def text(self):
        return self.log.read_text(errors="replace")

    def summary(self):
        """The words key=value of its last line, numbers as numbers."""
        line = self.text().strip().splitlines()[-1]
        found = {}
        for k, v in re.findall(r"(\w+)=(\S+)", line):
            try:
                found[k] = float(v) if "." in v else int(v)
            except ValueError:
                found[k] = v
        return found

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(30)


class Terminal:
    """starsh on a real terminal, by pexpect."""
    PROMPT = r"\[\S+\]\S+?(?:\(\S+\))?[#>] "

    def __init__(self, chassis, columns=160, history=""):
        import pexpect
        env = dict(os.environ, TERM="dumb", INPUTRC="/dev/null", STARSH_HISTORY=history)
        self.child = pexpect.spawn(str(STARSH), ["-r", chassis.root_word], env=env, cwd=str(TOP), dimensions=(50, columns),
                                   encoding="utf-8", codec_errors="replace", timeout=60,
                                   preexec_fn=_die_with_parent)
        self.child.delaybeforesend = None
        self.prompt = None

    def wait_prompt(self, prompt=None):
        """Waits for a prompt (this exact one) and returns what stood before it."""
        pattern = re.escape(prompt) if prompt else self.PROMPT
        self.child.expect(r"(?:^|[\r\n])(" + pattern + r")$")
        self.prompt = self.child.match.group(1)
        return self.child.before.replace("\r", "")

    def command(self, line, prompt=None):
        """Types a line and Enter, returns its output without the echoed line."""
        self.child.send(line + "\r")
        text = self.wait_prompt(prompt)
        return text.split("\n", 1)[1] if "\n" in text else ""

    def help(self, line):
        """What a question mark behind a line shows; the line is dropped afterwards."""
        self.child.send(line)
        self.child.expect(re.escape(line) + "$")
        self.child.send("?")
        self.child.expect(re.escape(self.prompt + line) + "$")
        shown = self.child.before.replace("\r", "")
        self.drop_line()
        return shown.removeprefix("\n")

    def drop_line(self):
        """Takes back what is typed. The terminal may draw the prompt again for that: the one that counts
        comes behind a comment of our own."""
        self.child.send("\x15#@@\r")
        self.child.expect(r"#@@[\r\n]+" + re.escape(self.prompt) + "$")

    def type(self, keys):
        self.child.send(keys)

    def expect(self, pattern):
        self.child.expect(pattern)
        return self.child.before.replace("\r", "")

    def close(self):
        self.child.close(force=True)
