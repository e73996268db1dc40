"""A peer that lies about its configuration lines: the chassis says what is wrong, and goes on.

The peer is a program of this test that speaks the redundancy link (docs/WIRE.md): OPEN, a HELLO now and then, an answer
to VALIDATE_ASK, and whatever a case sends for CONFIG_REQUEST.
"""
import socket
import struct
import threading
import zlib

import pytest

import lab

OPEN, HELLO, HELLO_REPLY, CONFIG_REQUEST, CONFIG_LINES, VALIDATE_ASK, VALIDATE_ANSWER = 1, 2, 3, 16, 17, 18, 19
ID, DIGEST = (1).to_bytes(8, "big"), (77).to_bytes(8, "big")


def u(n, size):
    return n.to_bytes(size, "big")


def frame(kind, *fields):
    body = b"".join(bytes([i, len(v)]) + v for i, v in fields)
    return struct.pack(">HBBII", 0x5352, 1, kind, len(body), zlib.crc32(body, zlib.crc32(bytes([kind])))) + body


def hello(kind, seq, sent):
    values = {1: ID, 2: u(5, 8), 3: u(0, 8), 7: seq, 8: sent, 9: u(0, 8), 10: u(1, 1), 11: u(0, 1), 12: u(9, 1), 13: u(34, 1),
              14: bytes(6), 15: u(0, 1), 16: u(2, 2), 17: u(2, 2), 18: u(1000, 4), 19: u(3000, 4), 24: u(0, 1), 25: u(0, 2),
              26: DIGEST, 27: u(0, 8), 50: u(1, 8), 60: u(0, 4)}
    return frame(kind, *sorted(values.items()))


class Liar:
    """lines(fields of the request) gives the frames that answer CONFIG_REQUEST."""

    def __init__(self, pair):
        self.lines = lambda request, offset: []
        self.socket = socket.create_connection((pair.net + "1", lab.SRP_PORT), 5, (pair.net + "2", 0))
        version = next(l for l in (lab.TOP / "docs" / "WIRE.md").read_text().split("## SRP: control")[1].splitlines()
                       if l.startswith("Version "))
        self.socket.sendall(frame(OPEN, (1, ID), (2, u(5, 8)), (3, u(0, 8)), (4, u(1, 1)),
                                  (6, u(int(version.split()[1].rstrip(",")), 2))))
        self.is_open = True
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def exactly(self, n):
        data = b""
        while len(data) < n:
            more = self.socket.recv(n - len(data))
            if not more:
                raise OSError("closed")
            data += more
        return data

    def run(self):
        try:
            while True:
                _, _, kind, length, _ = struct.unpack(">HBBII", self.exactly(12))
                body, fields = self.exactly(length), {}
                while body:
                    fields[body[0]] = body[2:2 + body[1]]
                    body = body[2 + body[1]:]
                self.answer(kind, fields)
        except OSError:
            self.is_open = False

    def answer(self, kind, fields):
        if kind == OPEN:
            self.socket.sendall(hello(HELLO, u(1, 4), u(1, 8)))
        elif kind == HELLO:
            self.socket.sendall(hello(HELLO_REPLY, fields[7], fields[8]))
        elif kind == VALIDATE_ASK:
            self.socket.sendall(frame(VALIDATE_ANSWER, (1, ID), (10, u(1, 1)), (16, u(2, 2)), (17, u(2, 2)), (20, fields[20]),
                                      (26, DIGEST), (45, u(0, 4)), (46, b""), (47, u(0, 1))))
        elif kind == CONFIG_REQUEST:
            self.socket.sendall(b"".join(self.lines(fields[20], int.from_bytes(fields[40], "big"))))

    def close(self):
        self.socket.close()
        self.thread.join(5)


def lines(request, offset, packed_bytes, plain_bytes, chunk, status=0, digest=DIGEST):
    return frame(CONFIG_LINES, (1, ID), (20, request), (26, digest), (40, u(offset, 4)), (41, u(status, 1)),
                 (42, u(packed_bytes, 4)), (43, u(plain_bytes, 4)), (44, chunk[:255]), (44, chunk[255:510]), (44, chunk[510:765]))


def whole(text, plain=None, cut=0):
    packed = zlib.compress(text)
    packed = packed[:len(packed) - cut]
    return lambda request, offset: [lines(request, at, len(packed), len(text) if plain is None else plain, packed[at:at + 765])
                                    for at in range(offset, min(len(packed), offset + 8 * 765), 765)]


BOMB = b"=" + b"x" * (8 << 20) + b"\n"
CASES = {
    "a size that is too small": (whole(b"=a\n=b\n", plain=3), "the peer's lines are not what it declared"),
    "a size that is too large": (whole(b"=a\n=b\n", plain=1 << 20), "the peer's lines are not what it declared"),
    "eight megabytes in eight thousand octets": (whole(BOMB, plain=1 << 20), "the peer's lines are not what it declared"),
    "the end is missing": (whole(b"=a\n=b\n" * 9, cut=3), "the peer's lines are not what it declared"),
    "no lines in it": (whole(b"\x1b[2J"), "the peer's lines are malformed"),
    "nothing at all": (lambda r, o: [lines(r, o, 100, 100, b"")], "the peer sent no lines"),
    "more than was declared": (lambda r, o: [lines(r, o, 3, 100, b"x" * 700)], "the peer sent no lines"),
    "other lines at every turn": (lambda r, o: [lines(r, o, 5000, 9000, b"x" * 765, digest=u(o + 1, 8))
                                                for o in (0, 765)], "is being changed"),
    "never ready": (lambda r, o: [lines(r, o, 0, 0, b"", status=2)], "is being changed"),
}


@pytest.fixture(scope="module")
def lied_to():
    pair = lab.Pair("validation_liar")
    pair.a.start()
    pair.a.wait_state("Active")
    liar = Liar(pair)
    lab.until(lambda: pair.a.label("show srp info", "Connection State:") == "Connected" and pair.a.peer_state() == "Standby",
              5, "the chassis hears the program")
    yield pair.a, liar
    liar.close()
    pair.close()


@pytest.mark.parametrize("case", CASES)
def test_a_lie_is_named_and_the_link_goes_on(lied_to, case):
    a, liar = lied_to
    liar.lines, words = CASES[case]
    rc, out = a.run("srp validate-configuration")
    assert rc != 0 and out.startswith("Failure: the configurations could not be compared: ") and words in out.lower(), out
    assert a.state() == "Active" and liar.is_open


def test_after_the_lies_the_truth_is_compared(lied_to):
    a, liar = lied_to
    liar.lines = whole(b"=a\n=context \xc3\xa9: b\n")
    rc, out = a.run("srp validate-configuration")
    assert rc != 0 and "only on the peer: a\nonly" in out and "only on the peer: context \\xc3\\xa9: b\n" in out, out


def test_too_many_lines_are_believed_by_their_digest(lied_to):
    a, liar = lied_to
    liar.lines = lambda request, offset: [lines(request, offset, 0, 0, b"", status=1)]
    rc, out = a.run("srp validate-configuration")
    assert rc != 0 and "too many to be compared one by one" in out, out


def test_a_peer_that_sends_no_lines_is_given_up(lied_to):
    a, liar = lied_to
    liar.lines = lambda request, offset: []
    rc, out = a.run("srp validate-configuration")
    assert rc != 0 and out == "Failure: the peer chassis did not send its configuration in time\n", out
