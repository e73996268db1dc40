#!/usr/bin/python3
"""Judges captured GTP messages with two decoders that share no code with ours.

    gtp_decode.py FILE... [--service ADDR] [--apn NAME] [--restart N] [--expect KINDS]

FILEs are written by `gtp_client --capture`, in the order of the runs. Every message must decode in tshark
without a remark and in scapy without a rest; both must see the same values; answers must fit their requests, name
the service address, keep TEIDs, address and charging id of a context, and a repeated request must get the identical
octets. Run it with the system's Python (python3-scapy). Exit status 0, 1 (each fault a line), 77: a decoder is missing.
"""
import argparse
import collections
import logging
import shutil
import subprocess
import sys

logging.getLogger("scapy").setLevel(logging.ERROR)
try:
    from scapy.contrib import gtp
    from scapy.layers.inet import IP, UDP
    from scapy.packet import NoPayload, Padding, Raw
    from scapy.utils import RawPcapReader
except ImportError:
    gtp = None

KINDS = {1: "echo", 16: "create", 18: "update", 20: "delete"}
ACCEPTED = 128

# What both decoders tell: our name, tshark's field, how to read tshark's text.
FIELDS = [
    ("type", "gtp.message", lambda v: int(v, 0)),
    ("seq", "gtp.seq_number", lambda v: int(v, 0)),
    ("teid", "gtp.teid", lambda v: int(v, 0)),
    ("cause", "gtp.cause", int),
    ("imsi", "e212.imsi", str),
    ("recovery", "gtp.recovery", int),
    ("teid_data", "gtp.teid_data", lambda v: int(v, 0)),
    ("teid_control", "gtp.teid_cp", lambda v: int(v, 0)),
    ("nsapi", "gtp.nsapi", int),
    ("charging_id", "gtp.chrg_id", lambda v: int(v, 0)),
    ("address", "gtp.user_ipv4", str),
    ("apn", "gtp.apn", str),
    ("gsn", "gtp.gsn_ipv4", lambda v: tuple(v.split(","))),
]
REMARKS = ["_ws.malformed", "_ws.expert.message", "_ws.unreassembled"]

Message = collections.namedtuple("Message", "where source dest fields octets")


def by_tshark(path):
    """One dict a frame."""
    argv = ["tshark", "-r", path, "-T", "fields", "-E", "separator=|", "-E", "occurrence=a"]
    for name in [f[1] for f in FIELDS] + REMARKS:
        argv += ["-e", name]
    out = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    for line in out.splitlines():
        words = line.split("|")
        fields = {name: read(word) for (name, _, read), word in zip(FIELDS, words) if word != ""}
        yield fields, [w for w in words[len(FIELDS):] if w]


def scapy_digits(value):
    text = value.decode() if isinstance(value, bytes) else str(value)
    return text.rstrip("fF")


def scapy_elements(elements):
    found = {}
    for e in elements:
        kind = type(e)
        if kind is gtp.IE_Cause:
            found["cause"] = e.CauseValue
        elif kind is gtp.IE_IMSI:
            found["imsi"] = scapy_digits(e.imsi)
        elif kind is gtp.IE_Recovery:
            found["recovery"] = e.restart_counter
        elif kind is gtp.IE_TEIDI:
            found["teid_data"] = e.TEIDI
        elif kind is gtp.IE_TEICP:
            found["teid_control"] = e.TEICI
        elif kind is gtp.IE_NSAPI:
            found["nsapi"] = e.NSAPI
        elif kind is gtp.IE_ChargingId:
            found["charging_id"] = e.Charging_id
        elif kind is gtp.IE_EndUserAddress:
            if e.length == 6:
                found["address"] = e.PDPAddress
        elif kind is gtp.IE_AccessPointName:
            found["apn"] = e.APN.decode() if isinstance(e.APN, bytes) else e.APN
        elif kind is gtp.IE_GSNAddress:
            found["gsn"] = found.get("gsn", ()) + (e.ipv4_address,)
    return found


def by_scapy(octets):
    """The fields, and what scapy could not place."""
    head = gtp.GTPHeader(octets)
    fields = {"type": head.gtp_type, "seq": head.seq, "teid": head.teid}
    rest = [type(p).__name__ for p in layers(head) if isinstance(p, (Raw, Padding))]
    body = head.payload
    if isinstance(body, NoPayload) or not hasattr(body, "IE_list"):
        return fields, rest
    rest += [type(e).__name__ for e in body.IE_list if isinstance(e, (Raw, Padding, gtp.IE_NotImplementedTLV))]
    fields.update(scapy_elements(body.IE_list))
    return fields, rest


def layers(packet):
    while packet and not isinstance(packet, NoPayload):
        yield packet
        packet = packet.payload


class Judge:
    def __init__(self, options):
        self.options = options
        self.faults = []
        self.seen = collections.Counter()
        self.contexts = {}   # TEID of the gateway -> fields of the Create's answer, and IMSI
        self.requests = {}   # (source, dest, seq) -> last request
        self.answers = {}    # (request octets, source) -> octets of its answer
        self.held = {}       # address -> TEID

    def fault(self, m, text):
        self.faults.append(f"{m.where}: {text}")

    def message(self, path, number, octets, source, dest, seen_by_tshark):
        fields, remarks = seen_by_tshark
        mine, rest = by_scapy(octets)
        m = Message(f"{path} frame {number}", source, dest, fields, octets)
        self.seen[fields.get("type")] += 1
        for remark in remarks:
            self.fault(m, f"tshark remarks: {remark}")
        for r in rest:
            self.fault(m, f"scapy leaves {r}")
        for name in set(fields) | set(mine):
            if fields.get(name) != mine.get(name):
                self.fault(m, f"{name} is {fields.get(name)} for tshark, {mine.get(name)} for scapy")
        if fields.get("type") in KINDS:
            self.request(m)
        elif fields.get("type") in (k + 1 for k in KINDS):
            self.answer(m)
        else:
            self.fault(m, f"message type {fields.get('type')} was not expected")

    def request(self, m):
        f = m.fields
        self.requests[m.source, m.dest, f["seq"]] = m
        if f["type"] == 16:
            if f.get("apn") != self.options.apn:
                self.fault(m, f"apn is {f.get('apn')}")
            if len(f.get("imsi", "")) < 6:
                self.fault(m, f"imsi is {f.get('imsi')}")

    def answer(self, m):
        f = m.fields
        ask = self.requests.get((m.dest, m.source, f["seq"]))
        if ask is None:
            return self.fault(m, "answers no request")
        if f["type"] != ask.fields["type"] + 1:
            self.fault(m, f"type {f['type']} answers type {ask.fields['type']}")
        earlier = self.answers.setdefault((ask.octets, m.source, m.dest), m.octets)
        if earlier != m.octets:
            self.fault(m, "a repeated request got another answer")
        if self.options.service and m.source != self.options.service:
            self.fault(m, f"comes from {m.source}")
        if "recovery" in f and self.options.restart is not None and f["recovery"] != self.options.restart:
            self.fault(m, f"restart counter is {f['recovery']}")
        if f["type"] == 2:
            if "recovery" not in f:
                self.fault(m, "no restart counter")
        elif f.get("cause") != ACCEPTED:
            self.fault(m, f"cause is {f.get('cause')}")
        else:
            {17: self.created, 19: self.updated, 21: self.deleted}[f["type"]](m, ask)

    def created(self, m, ask):
        f = m.fields
        if f["teid"] != ask.fields["teid_control"]:
            self.fault(m, "header TEID is not the SGSN's")
        if f.get("gsn") != (m.source, m.source):
            self.fault(m, f"GSN addresses are {f.get('gsn')}")
        for name in ("teid_data", "teid_control", "charging_id", "address", "recovery"):
            if not f.get(name) and name != "recovery":
                return self.fault(m, f"no {name}")
        if f["teid_control"] >> 25 == 0:
            self.fault(m, "TEID names no session manager")
        if self.held.get(f["address"], f["teid_control"]) != f["teid_control"]:
            self.fault(m, f"address {f['address']} is held by another context")
        self.held[f["address"]] = f["teid_control"]
        self.contexts[f["teid_control"]] = f

    def updated(self, m, ask):
        known = self.contexts.get(ask.fields["teid"])
        if m.fields["teid"] != ask.fields["teid_control"]:
            self.fault(m, "header TEID is not the SGSN's")
        if m.fields.get("gsn") != (m.source, m.source):
            self.fault(m, f"GSN addresses are {m.fields.get('gsn')}")
        for name in ("teid_data", "teid_control", "charging_id"):
            if known and m.fields.get(name) != known[name]:
                self.fault(m, f"{name} was {known[name]}, is {m.fields.get(name)}")

    def deleted(self, m, ask):
        known = self.contexts.get(ask.fields["teid"])
        if known:
            self.held.pop(known["address"], None)

    def close(self):
        for kind, name in KINDS.items():
            if name in self.options.expect and not (self.seen[kind] and self.seen[kind + 1]):
                self.faults.append(f"no {name} with an answer was captured")


def judge_file(judge, path):
    frames = by_tshark(path)
    for number, (raw, _) in enumerate(RawPcapReader(path), 1):
        packet = IP(raw)
        octets = bytes(packet[UDP].payload)
        judge.message(path, number, octets, packet.src, packet.dst, next(frames))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--service")
    parser.add_argument("--apn", default="internet")
    parser.add_argument("--restart", type=int)
    parser.add_argument("--expect", default="echo,create,update,delete", type=lambda v: v.split(","))
    options = parser.parse_args()
    if gtp is None or not shutil.which("tshark"):
        print("tshark or python3-scapy is not installed")
        return 77
    judge = Judge(options)
    for path in options.files:
        judge_file(judge, path)
    judge.close()
    for fault in judge.faults[:50]:
        print(fault)
    count = sum(judge.seen.values())
    print(f"messages={count} faults={len(judge.faults)} "
          + " ".join(f"{name}={judge.seen[kind]}/{judge.seen[kind + 1]}" for kind, name in KINDS.items()))
    return 1 if judge.faults or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
