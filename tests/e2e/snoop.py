#!/usr/bin/python3
"""snoop.py INTERFACE PORT - prints every TCP segment of a port that passes an interface, one JSON line each.

    {"t": seconds, "from": address, "to": address, "sport": n, "dport": n, "tos": octet, "syn": bool, "seq": n, "data": hex}

Both families; "tos" is the whole octet, the type of service or the traffic class. Ends when it is killed. The other half,
Capture, is the tests' handle on it: it starts one in a network namespace and decodes the control connections.
"""
import json
import pathlib
import socket
import struct
import subprocess
import sys
import time
import zlib

SO_RCVBUFFORCE = 33
ETH, IPV4, IPV6, TCP, ALL = 14, 0x0800, 0x86DD, 6, 0x0003


def segment(frame):
    """The fields of a TCP segment in an Ethernet frame, or None."""
    kind = struct.unpack_from(">H", frame, 12)[0]
    if kind == IPV4 and frame[ETH + 9] == TCP:
        head = (frame[ETH] & 15) * 4
        tos, family, at = frame[ETH + 1], socket.AF_INET, ETH + 12
        end, size = ETH + struct.unpack_from(">H", frame, ETH + 2)[0], 4
    elif kind == IPV6 and frame[ETH + 6] == TCP:
        head = 40
        tos, family, at = struct.unpack_from(">H", frame, ETH)[0] >> 4 & 255, socket.AF_INET6, ETH + 8
        end, size = ETH + head + struct.unpack_from(">H", frame, ETH + 4)[0], 16
    else:
        return None
    tcp = ETH + head
    sport, dport, seq = struct.unpack_from(">HHI", frame, tcp)
    data = tcp + (frame[tcp + 12] >> 4) * 4
    return {"from": socket.inet_ntop(family, frame[at:at + size]), "to": socket.inet_ntop(family, frame[at + size:at + 2 * size]),
            "sport": sport, "dport": dport, "tos": tos, "syn": bool(frame[tcp + 13] & 2), "seq": seq,
            "data": frame[data:end].hex()}


def main(interface, port):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL))
    s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 32 << 20)  # nothing is missed while this program waits for its turn
    s.bind((interface, ALL))
    print("ready", flush=True)
    while True:
        frame = s.recv(1 << 17)
        found = segment(frame)
        if found and port in (found["sport"], found["dport"]) and (found["data"] or found["syn"]):
            print(json.dumps({"t": round(time.time(), 4), **found}), flush=True)


# --- the wire, as docs/WIRE.md has it --------------------------------------------------------------------------------
HEADER = struct.Struct(">HBBII")  # magic, version, type, length of the body, CRC-32 of type and body
CONTROL, CHECKPOINT = 0x5352, 0x5343
TYPES = {1: "OPEN", 2: "HELLO", 3: "HELLO_REPLY", 4: "PREPARE", 5: "READY", 6: "REFUSE", 7: "TAKE", 24: "RESOURCE"}
FIELDS = {1: "chassis-id", 2: "incarnation", 3: "epoch", 9: "lineage", 10: "state", 11: "mode", 12: "priority",
          13: "route-modifier", 18: "hello-ms", 19: "dead-ms"}
STATES = ["Init", "Standby", "PendingActive", "Active", "ActivePendingStandby"]


def fields(body):
    found, at = {}, 0
    while at < len(body):
        ident, size = body[at], body[at + 1]
        found[FIELDS.get(ident, ident)] = int.from_bytes(body[at + 2:at + 2 + size], "big")
        at += 2 + size
    assert at == len(body), "the fields fill the body"
    return found


class Stream:
    """One direction of a connection: segments in any order, once or repeated, to frames."""

    def __init__(self):
        self.next, self.waiting, self.bytes = None, {}, b""

    def add(self, s):
        """Frames (type, fields) that this segment completes; none of what is no control connection."""
        if s["syn"]:
            self.next = s["seq"] + 1 & 0xFFFFFFFF
            return
        if self.next is None:
            return  # it began before the capture
        self.waiting[s["seq"]] = bytes.fromhex(s["data"])
        while True:
            for seq, data in list(self.waiting.items()):
                skip = self.next - seq & 0xFFFFFFFF
                if skip < 1 << 31:
                    del self.waiting[seq]
                    self.bytes += data[skip:]
                    self.next = self.next + len(data[skip:]) & 0xFFFFFFFF
                    break
            else:
                break
        while len(self.bytes) >= HEADER.size:
            magic, version, kind, length, crc = HEADER.unpack_from(self.bytes)
            if magic != CONTROL:
                return
            body = self.bytes[HEADER.size:HEADER.size + length]
            if len(body) < length:
                return
            assert version == 1 and zlib.crc32(bytes([kind]) + body) == crc, "a frame of the control connection"
            self.bytes = self.bytes[HEADER.size + length:]
            yield TYPES.get(kind, kind), fields(body)


class Capture:
    def __init__(self, prefix, interface, port, path):
        import lab
        self.path = pathlib.Path(path)
        with open(self.path, "wb") as out:
            self.process = lab.spawn(list(prefix) + [sys.executable, __file__, interface, port], stdout=out, stderr=subprocess.STDOUT)
        lab.until(lambda: self.path.read_bytes().startswith(b"ready\n"), 10, f"capture begins: {self.path.read_text()}")

    def segments(self):
        return [json.loads(line) for line in self.path.read_text().splitlines()[1:] if line.endswith("}")]

    def messages(self):
        """[(seconds, sender, type, fields)] of the control connections, in the order of the wire."""
        streams, found = {}, []
        for s in self.segments():
            stream = streams.setdefault((s["from"], s["sport"], s["to"], s["dport"]), Stream())
            if s["syn"]:
                stream = streams[s["from"], s["sport"], s["to"], s["dport"]] = Stream()
            found += [(s["t"], s["from"], kind, values) for kind, values in stream.add(s)]
        return found

    def close(self):
        self.process.kill()
        self.process.wait(30)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
