"""The calls of a session manager where they lie: shared memory, as session/arena_layout.h draws it."""
import json
import mmap
import struct

import lab

SLOTS = 1 << 20
PAGE, GRANULE, HEAD, SIDES = 4096, 64, 16, 2 * 64
DIRECTORY = PAGE + -(-(SLOTS // 56 + 1 + 17) // PAGE) * PAGE
CELLS = DIRECTORY + SLOTS * 8


def proof(chassis):
    return json.loads(chassis.sh("show srp checkpoint proof | json"))


def memory(chassis, instance):
    """The file of the calls of one session manager, as chassisd laid it out."""
    for pid in lab.descendants(chassis.process.pid):
        words = open(f"/proc/{pid}/cmdline", "rb").read().split(b"\0")
        if b"sessmgr" in words and str(instance).encode() in words:
            return f"/proc/{pid}/fd/4"
    raise AssertionError(f"no session manager {instance}")


def flip(chassis, teid):
    """One bit in the middle of what is stored of the call @teid, behind its side."""
    with open(memory(chassis, teid >> 25), "r+b") as f, mmap.mmap(f.fileno(), 0) as mem:
        entry, = struct.unpack_from("<Q", mem, DIRECTORY + (teid & SLOTS - 1) * 8)
        cell = CELLS + ((entry & 0xffffffff) - 1) * GRANULE
        length, = struct.unpack_from("<H", mem, cell + SIDES + 8)
        mem[cell + SIDES + HEAD + length // 2] ^= 0x20
