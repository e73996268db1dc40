#!/usr/bin/python3
"""relay.py - stands between two chassis and does to their TCP connections what networks do.

    relay.py PORT FACE_A ADDRESS_A FACE_B ADDRESS_B

Chassis A knows FACE_A as its peer, B knows FACE_B. What arrives at FACE_A goes on to ADDRESS_B from
FACE_B, and the other way round. The first frame of a connection (OPEN) tells control and checkpoint
connections and session managers apart. Commands come on standard input, one a line, each answered
by one line. WHICH is all, control, checkpoint or checkpoint:N; WAY is ab, ba or both.

    set WHICH WAY pass|freeze|drop|corrupt|delay MS
                     freeze keeps the bytes until it passes again; drop throws them away, and what has lost
                     bytes is reset when the rule goes; corrupt flips a bit of every piece
    cut WHICH        reset what there is and whatever comes
    heal WHICH       take `set` and `cut` of this WHICH back
    reset WHICH      reset once
    clear            take everything back
    list             the connections as JSON
"""
import asyncio
import json
import random
import socket
import struct
import sys
import time

OPEN_HEADER = struct.Struct(">HBBII")  # magic, version, type, length of the body, checksum
MAGIC_CONTROL, MAGIC_CHECKPOINT = 0x5352, 0x5343
FIELD_INSTANCE = 1                    # of a checkpoint's OPEN: docs/WIRE.md
CHUNK, QUEUE = 65536, 64


def fields(body):
    """{id: value} of a list of one-byte id, one-byte length, value."""
    found, at = {}, 0
    while at + 2 <= len(body):
        ident, size = body[at], body[at + 1]
        found.setdefault(ident, int.from_bytes(body[at + 2:at + 2 + size], "big"))
        at += 2 + size
    return found


def name_of(first):
    """control, checkpoint:N, or None while the first frame is not complete."""
    if len(first) < OPEN_HEADER.size:
        return None
    magic, _, _, length, _ = OPEN_HEADER.unpack_from(first)
    if magic == MAGIC_CONTROL:
        return "control"
    if magic != MAGIC_CHECKPOINT or length > 4096:
        return "unknown"
    if len(first) < OPEN_HEADER.size + length:
        return None
    return f"checkpoint:{fields(first[OPEN_HEADER.size:OPEN_HEADER.size + length]).get(FIELD_INSTANCE)}"


def matches(which, name):
    return which == "all" or name == which or (name or "").split(":")[0] == which


class Relay:
    def __init__(self):
        self.rules, self.cuts = {}, set()  # (which, way) -> (action, seconds); which
        self.connections = set()
        self.changed = asyncio.Event()

    def rule(self, name, way):
        """The most special rule for a connection and a direction."""
        found = ("pass", 0)
        for which in ("all", (name or "?").split(":")[0], name):
            found = self.rules.get((which, way), found)
        return found

    def is_cut(self, name):
        return any(matches(which, name) for which in self.cuts)

    def wake(self):
        self.changed.set()
        self.changed = asyncio.Event()
        for c in list(self.connections):
            if c.damaged and all(self.rule(c.name, w)[0] != "drop" for w in ("ab", "ba")):
                c.reset()
            elif self.is_cut(c.name):
                c.reset()

    def command(self, words):
        verb, args = words[0], words[1:]
        if verb == "set":
            which, way, action = args[:3]
            for w in ("ab", "ba") if way == "both" else (way,):
                self.rules[which, w] = (action, float(args[3]) / 1000 if action == "delay" else 0)
        elif verb == "cut":
            self.cuts.add(args[0])
        elif verb == "heal":
            self.cuts.discard(args[0])
            self.rules = {k: v for k, v in self.rules.items() if k[0] != args[0]}
        elif verb == "clear":
            self.cuts.clear()
            self.rules.clear()
        elif verb == "reset":
            for c in list(self.connections):
                if matches(args[0], c.name):
                    c.reset()
        elif verb == "list":
            return json.dumps([c.as_dict() for c in self.connections])
        else:
            return f"unknown {verb}"
        self.wake()
        return "ok"


class Connection:
    def __init__(self, relay, dialer):
        self.relay, self.dialer, self.name = relay, dialer, None
        self.first, self.damaged, self.dead = b"", False, False
        self.bytes, self.since, self.writers = {"ab": 0, "ba": 0}, time.monotonic(), []
        self.tasks = []

    def as_dict(self):
        return {"name": self.name, "dialer": self.dialer, "age": time.monotonic() - self.since,
                "open": self.first[:512].hex(), **self.bytes}

    def log(self, what):
        print(f"{time.time():.3f} {self.dialer} {self.name} {what}", file=sys.stderr, flush=True)

    def reset(self):
        if self.dead:
            return
        self.dead = True
        self.relay.connections.discard(self)
        for w in self.writers:
            self.abort(w)
        for t in self.tasks:
            t.cancel()
        self.log("reset")

    @staticmethod
    def abort(writer):
        try:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except (OSError, AttributeError):
            pass  # this end is closed already; the other one has to be as well
        writer.transport.abort()

    def learn(self, data):
        """Takes the dialer's first bytes until they say what this connection is."""
        if self.name is None:
            self.first += data
            self.name = name_of(self.first)
            if self.name:
                self.log("opened")
                if self.relay.is_cut(self.name):
                    self.reset()

    async def read(self, way, reader, queue):
        from_dialer = way[0] == self.dialer
        try:
            while data := await reader.read(CHUNK):
                if from_dialer:
                    self.learn(data)
                action, seconds = self.relay.rule(self.name, way)
                if action == "drop":
                    self.damaged = True
                    continue
                if action == "corrupt":
                    at = random.randrange(len(data))
                    data = data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1:]
                await queue.put((time.monotonic() + seconds, data))
            await queue.put((time.monotonic(), b""))
        except OSError:
            await queue.put((time.monotonic(), None))

    async def write(self, way, queue, writer):
        try:
            while True:
                due, data = await queue.get()
                if (wait := due - time.monotonic()) > 0:
                    await asyncio.sleep(wait)
                while self.relay.rule(self.name, way)[0] == "freeze":
                    await self.relay.changed.wait()
                if self.relay.rule(self.name, way)[0] == "drop":
                    self.damaged = True
                    continue
                if data is None:
                    return self.reset()
                if not data:
                    return writer.write_eof()
                self.bytes[way] += len(data)
                writer.write(data)
                await writer.drain()
        except OSError:
            self.reset()

    async def run(self, reader, writer, onward):
        self.writers.append(writer)
        self.relay.connections.add(self)
        try:
            if self.relay.is_cut(None):
                return self.reset()
            to_reader, to_writer = await asyncio.open_connection(*onward[0], local_addr=onward[1])
        except OSError:
            return self.reset()
        self.writers.append(to_writer)
        if self.dead:  # reset while it was dialled
            return self.abort(to_writer)
        out, back = ("ab", "ba") if self.dialer == "a" else ("ba", "ab")
        there, here = asyncio.Queue(QUEUE), asyncio.Queue(QUEUE)
        self.tasks = [asyncio.ensure_future(t) for t in (
            self.read(out, reader, there), self.write(out, there, to_writer),
            self.read(back, to_reader, here), self.write(back, here, writer))]
        await asyncio.gather(*self.tasks, return_exceptions=True)
        if not self.dead:
            self.dead = True
            self.relay.connections.discard(self)
            for w in self.writers:
                w.close()
            self.log("closed")


async def main(port, face_a, address_a, face_b, address_b):
    relay = Relay()

    def serve(dialer, onward):
        async def accepted(reader, writer):
            await Connection(relay, dialer).run(reader, writer, onward)
        return accepted
    await asyncio.start_server(serve("a", ((address_b, port), (face_b, 0))), face_a, port)
    await asyncio.start_server(serve("b", ((address_a, port), (face_a, 0))), face_b, port)
    print("ready", flush=True)
    commands = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while line := await commands.readline():
        print(line.decode().strip(), file=sys.stderr, flush=True)
        print(relay.command(line.decode().split()), flush=True)


class RelayProcess:
    """The tests' handle on a relay between the two chassis of a pair."""

    def __init__(self, pair, log):
        import re
        self.log, self.process = log, None
        bind = [re.search(r"^\s*bind address (\S+)", (c.root / "flash" / f"lab-{c.name}.cfg").read_text()
                          .split("service-redundancy-protocol", 1)[1], re.M).group(1) for c in pair.both]
        self.args = [f"{pair.net}11", bind[0], f"{pair.net}12", bind[1]]

    def start(self):
        import lab
        import subprocess
        with open(self.log, "ab") as err:
            self.process = lab.spawn([sys.executable, __file__, lab.SRP_PORT] + self.args,
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=err, text=True, bufsize=1)
        assert self.process.stdout.readline() == "ready\n"

    def do(self, command):
        self.process.stdin.write(command + "\n")
        answer = self.process.stdout.readline().strip()
        assert answer == "ok", f"{command}: {answer}"

    def connections(self):
        self.process.stdin.write("list\n")
        return json.loads(self.process.stdout.readline())

    def names(self):
        return sorted(c["name"] or "?" for c in self.connections())

    def tail(self, lines=15):
        return "\n".join(self.log.read_text().splitlines()[-lines:]) if self.log.exists() else ""

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(30)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), *sys.argv[2:6]))
