"""A peer that lies about its transitions: what it tells stays words, and what is whole is learnt all the same."""
import json
import re
import time
import zlib

import pytest

import lab
from test_validation_liar import HELLO, ID, Liar, frame, hello, u

TRANSITION, TRANSITION_ASK, PIECE = 9, 10, 240
STEP = ["Active", "Standby", "the peer hands over"]


def body(change, why="the operator asks"):
    return json.dumps({
        "number": change, "changed": change, "at_us": int(time.time() * 1e6), "duration_us": 10, "epoch": 1, "from": 3, "to": 1,
        "reason": 11, "rm": 1, "peer_rm": 2, "open": False, "interrupted": False, "lost_known": True, "calls": 3, "left_out": 0,
        "lost": [0, 0, 0], "phases_us": [0] * 7, "steps": [[0, *STEP[:2], why]] * 8, "names": []}).encode()


def piece(change, part, parts, octets):
    return frame(TRANSITION, (1, ID), (51, u(change, 8)), (52, u(part, 2)), (53, u(parts, 2)), (54, octets))


def whole(change, why="the operator asks"):
    """The answer to a question: that piece of this transition, the first when it has not so many."""
    octets = body(change, why)
    cut = [octets[i:i + PIECE] for i in range(0, len(octets), PIECE)]
    return lambda part: piece(change, part if part < len(cut) else 0, len(cut), cut[part if part < len(cut) else 0])


class Teller(Liar):
    told, tell = 1, None

    def answer(self, kind, fields):
        if kind == TRANSITION_ASK and self.tell:
            self.socket.sendall(self.tell(int.from_bytes(fields[52], "big")))
        elif kind == TRANSITION_ASK:
            pass
        elif kind == HELLO:  # its reply says up to which change there is something to tell
            reply = hello(3, fields[7], fields[8])
            at = reply.index(bytes([27, 8])) + 2
            self.socket.sendall(self.sealed(reply[:at] + u(self.told, 8) + reply[at + 8:]))
        else:
            super().answer(kind, fields)

    @staticmethod
    def sealed(whole_frame):
        kind, octets = whole_frame[3:4], whole_frame[12:]
        return whole_frame[:8] + u(zlib.crc32(octets, zlib.crc32(kind)), 4) + octets


@pytest.fixture(scope="module")
def told():
    pair = lab.Pair("history_liar")
    pair.a.start()
    pair.a.wait_state("Active")
    liar = Teller(pair)
    lab.until(lambda: pair.a.label("show srp info", "Connection State:") == "Connected", 5, "the chassis hears the program")
    yield pair.a, liar
    liar.close()
    pair.close()


def wait_learnt(a, change):
    lab.until(lambda: re.search(rf"^ *{change} .* peer Active>Standby", a.sh("show srp history"), re.M), 10,
              f"transition {change} is learnt", every=0.1)


def test_a_number_of_pieces_that_changes_neither_ends_the_link_nor_keeps_the_whole_one_out(told):
    a, liar = told
    downs = (a.root / "run" / "log").read_text().count("connection to peer")
    liar.tell = lambda part: piece(5000, part, 1 if part else 128, b"x" * PIECE)
    liar.told = 5000
    time.sleep(2.5)  # two hellos, each of which may ask again
    liar.tell = whole(5000)
    wait_learnt(a, 5000)
    assert (a.root / "run" / "log").read_text().count("connection to peer") == downs and liar.is_open


def test_words_that_are_orders_to_a_terminal_are_refused(told):
    a, liar = told
    liar.tell = whole(5001, "\x1b[2J\x07")
    liar.told = 5001
    lab.until(lambda: "not a transition" in a.tail(lines=50), 10, "it is refused", every=0.1)
    liar.tell = whole(5002)
    liar.told = 5002
    wait_learnt(a, 5002)
    for command in ("show srp history verbose", "show srp details"):
        assert "\x1b" not in a.sh(command)
    assert liar.is_open and a.state() == "Active"
