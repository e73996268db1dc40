"""Bytes that nobody should send. Each ends in a clear error or a counted discard: no process dies, no
call is lost, the pair stays as it is."""
import os
import random
import socket
import struct

import pytest

import gtp
import lab

CALLS = 20


@pytest.fixture
def rng(request):
    seed = int(os.environ.get("SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"SEED={seed}")
    return random.Random(seed)


class Unharmed:
    """A pair with calls, and the check that all of it is still there: the same processes, the same
    states, the same calls."""

    def __init__(self, pair):
        self.pair = pair
        self.sgsn = gtp.Sgsn(f"{pair.net}60", pair.service)
        self.teids = [self.sgsn.ask(self.sgsn.create(f"2400112345000{i:02}")).number(gtp.TEID_CONTROL) for i in range(CALLS)]
        pair.b.wait_label("show srp checkpoint statistics", "Current pre-allocated calls:", CALLS)
        self.processes = [(c.pid, c.roles()) for c in pair.both]

    def check(self):
        assert [(c.pid, c.roles()) for c in self.pair.both] == self.processes, "the same processes"
        assert (self.pair.a.state(), self.pair.b.state()) == ("Active", "Standby")
        assert self.pair.a.subscribers() == CALLS
        self.pair.settle(self.pair.a)
        assert self.pair.b.preallocated() == CALLS
        for t in self.teids[:3] + self.teids[-3:]:
            assert self.sgsn.ask(self.sgsn.update(t)).cause == gtp.ACCEPTED


@pytest.fixture
def unharmed(relayed):
    u = Unharmed(relayed)
    yield u
    u.check()
    u.sgsn.close()


def mutations(rng, raw, count):
    """Valid bytes with bits flipped, cut short, grown, or with a length that lies."""
    for _ in range(count):
        b = bytearray(raw)
        for _ in range(rng.randint(1, 4)):
            kind = rng.randrange(4)
            at = rng.randrange(len(b)) if b else 0
            if kind == 0 and b:
                b[at] ^= 1 << rng.randrange(8)
            elif kind == 1:
                del b[at:]
            elif kind == 2:
                b[at:at] = rng.randbytes(rng.randint(1, 40))
            elif b:
                b[at] = rng.choice((0, 1, 127, 128, 255))
        yield bytes(b)


def test_garbage_on_the_cli_socket(unharmed, rng):
    for chassis in unharmed.pair.both:
        line = b"show version"
        valid = b"\x01" + struct.pack(">I", 10) + b"STAR\x01\x00\x00\x18\x00\x50" + b"\x02" + struct.pack(">I", len(line)) + line
        inputs = [rng.randbytes(rng.randint(0, 5000)) for _ in range(40)] + list(mutations(rng, valid, 100))
        inputs += [b"\x02\xff\xff\xff\xff" + b"x" * 70000, b"\x02\x00\x00\x00", b"show version\n" * 1000]
        for raw in inputs:
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(30)
            s.connect(str(chassis.root / "run" / "cli.sock"))
            try:
                s.sendall(raw)
                s.shutdown(socket.SHUT_WR)
                while s.recv(65536):
                    pass
            except (BrokenPipeError, ConnectionResetError):
                pass
            s.close()
        assert "Active Software" in chassis.sh("show version")


def test_garbage_typed_at_the_command_line(unharmed, rng):
    a = unharmed.pair.a
    for _ in range(100):
        text = "".join(chr(rng.choice((rng.randrange(32, 127), rng.randrange(1, 256), 0x7c, 0x22, 0x3f)))
                       for _ in range(rng.randint(1, 200))).replace("\n", " ").replace("\0", " ")
        rc, out = a.run("show " + text)
        assert rc in (0, 1)
    rc, out = a.run("x" * 5000)
    assert rc == 1 and out, "a line that is too long is refused in words"


def srp_address(chassis):
    text = chassis.flash(chassis.config_name).split("service-redundancy-protocol", 1)[1]
    return text.split("bind address", 1)[1].split()[0]


def send_srp(chassis, raw):
    """To the SRP port; whatever comes back is read to the end or for a moment."""
    with socket.create_connection((srp_address(chassis), lab.SRP_PORT), timeout=30) as s:
        s.settimeout(0.05)
        try:
            s.sendall(raw)
            while s.recv(65536):
                pass
        except OSError:
            pass


def test_garbage_on_the_srp_port(unharmed, rng):
    header = struct.Struct(">HBBI")
    inputs = [rng.randbytes(rng.randint(0, 3000)) for _ in range(20)]
    inputs += [header.pack(0x5352, 1, 1, 0xffffffff), header.pack(0x5352, 9, 1, 4) + b"abcd", header.pack(0x5352, 1, 200, 0),
               header.pack(0x5352, 1, 1, 1000) + b"x", b"GET / HTTP/1.0\r\n\r\n", header.pack(0x5352, 1, 2, 4) + b"abcd"]
    for chassis in unharmed.pair.both:
        for raw in inputs:
            send_srp(chassis, raw)


@pytest.mark.parametrize("kind", ["control", "checkpoint"])
def test_mutated_openings_of_a_real_connection_and_what_follows(unharmed, rng, kind):
    opened = [bytes.fromhex(c["open"]) for c in unharmed.pair.relay.connections() if (c["name"] or "").startswith(kind)]
    assert opened, "the relay has seen a connection of this kind"
    length = 12 + struct.unpack_from(">I", opened[0], 4)[0]
    first = opened[0][:length]
    inputs = list(mutations(rng, first, 20)) + [first + rng.randbytes(2000) for _ in range(5)]
    for chassis in unharmed.pair.both:
        for raw in inputs:
            send_srp(chassis, raw)
    unharmed.pair.settle(unharmed.pair.a)


def test_garbage_and_mutated_messages_on_the_gtp_port(unharmed, rng):
    pair = unharmed.pair
    s = gtp.Sgsn(f"{pair.net}61", pair.service)
    create, update, delete = s.create("240011239900001"), s.update(unharmed.teids[0]), s.delete(0x7fffffff)
    inputs = [rng.randbytes(rng.randint(0, 1500)) for _ in range(300)]
    for valid in (create[:12] + create[12:], update, delete, s.echo()):
        inputs += [valid[:n] for n in range(len(valid))]
    # Mutations keep the type and TEID of a message that cannot hit a call which exists.
    inputs += [delete[:12] + m for m in mutations(rng, delete[12:], 200)]
    inputs += [b"", b"\x32", b"\x32\x10\xff\xff" + b"\0" * 1400, b"\x48" + create[1:], b"\x12" + create[1:]]
    for raw in inputs:
        s.send(raw)
        while s.receive(0) is not None:
            pass
    s.ask(s.echo())
    s.close()


def test_mutated_creates_never_crash(unharmed, rng):
    """What is accepted after a mutation is a call of its own: it is deleted again."""
    pair = unharmed.pair
    s = gtp.Sgsn(f"{pair.net}62", pair.service)
    for i in range(300):
        valid = s.create("2400112399%05d" % i)
        raw = valid[:12] + next(mutations(rng, valid[12:], 1))
        raw = raw[:2] + struct.pack(">H", len(raw) - 8) + raw[4:]
        s.send(raw)
        while receive_loose(s) is not None:
            pass
    s.ask(s.echo())
    s.close()
    unharmed.sgsn = gtp_again(unharmed)


def receive_loose(s):
    s.socket.settimeout(0.02)
    try:
        return gtp.Message(s.socket.recv(4096))
    except (socket.timeout, BlockingIOError):
        return None


def gtp_again(unharmed):
    """All calls are cleared with those that a mutation made: make the known ones again."""
    def cleared():  # the last Create may still be on its way
        unharmed.pair.a.sh("clear subscribers all -noconfirm")
        return unharmed.pair.a.subscribers() == 0
    lab.until(cleared, 10, "no call is left")
    s = unharmed.sgsn
    unharmed.teids = [s.ask(s.create(f"2400112348000{i:02}")).number(gtp.TEID_CONTROL) for i in range(CALLS)]
    unharmed.pair.b.wait_label("show srp checkpoint statistics", "Current pre-allocated calls:", CALLS)
    return s


def test_a_configuration_of_binary_rubbish_is_refused_and_the_old_one_still_loads(make_pair, rng):
    pair = make_pair()
    a = pair.a
    a.start()
    a.sh("save configuration /flash/good.cfg -noconfirm")
    good = a.sh("show configuration")
    for i in range(10):
        a.flash("/flash/rubbish.cfg", rng.randbytes(rng.randint(1, 20000)))
        rc, out = a.run("configure /flash/rubbish.cfg")
        assert rc == 1 and out.strip(), "refused in words"
        assert a.is_running()
    assert a.sh("show configuration") == good, "the running configuration is as before"
    a.stop()
    a.start("--config", "/flash/good.cfg", config=False)
    assert a.sh("show configuration") == good


def test_a_chassis_started_with_binary_rubbish_says_so(make_pair, rng):
    a = make_pair().a
    a.flash("/flash/rubbish.cfg", rng.randbytes(5000))
    a.start("--config", "/flash/rubbish.cfg", config=False, wait=False)
    lab.until(lambda: a.process.poll() is not None or a.run("show version")[0] == 0, 10, "ends or runs")
    said = a.tail("run/log", 50) + a.tail("run/output", 50)
    assert "rubbish.cfg" in said, said
    if a.process.poll() is not None:
        assert a.process.returncode > 0, "ended in words, not by a signal"
