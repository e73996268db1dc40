"""A small GTPv1-C client for tests that need exact bytes (3GPP TS 29.060). Shares no code with the
chassis: a message is built and read by hand here."""
import socket
import struct

ECHO_REQUEST, ECHO_RESPONSE = 1, 2
CREATE_REQUEST, CREATE_RESPONSE = 16, 17
UPDATE_REQUEST, UPDATE_RESPONSE = 18, 19
DELETE_REQUEST, DELETE_RESPONSE = 20, 21
ACCEPTED, NON_EXISTENT = 128, 192
TV_BYTES = {1: 1, 2: 8, 3: 6, 4: 4, 5: 4, 8: 1, 14: 1, 15: 1, 16: 4, 17: 4, 18: 5, 19: 1, 20: 1, 21: 1, 22: 1,
            23: 1, 24: 1, 25: 2, 26: 2, 27: 2, 28: 2, 29: 1, 127: 4}
CAUSE, IMSI, RECOVERY, SELECTION, TEID_DATA, TEID_CONTROL, TEARDOWN, NSAPI, CHARGING_ID = 1, 2, 14, 15, 16, 17, 19, 20, 127
END_USER, APN, GSN, MSISDN, QOS = 128, 131, 133, 134, 135


class Message:
    def __init__(self, raw):
        self.raw = raw
        flags, self.type, length, self.teid = struct.unpack_from(">BBHI", raw)
        assert flags >> 4 == 3, f"GTP version 1, protocol GTP: {raw.hex()}"
        assert length == len(raw) - 8, "length of the header"
        self.seq = struct.unpack_from(">H", raw, 8)[0] if flags & 7 else None
        self.ies = []
        at = 12 if flags & 7 else 8
        while at < len(raw):
            ident = raw[at]
            if ident < 128:
                size, start = TV_BYTES[ident], at + 1
            else:
                size, start = struct.unpack_from(">H", raw, at + 1)[0], at + 3
            self.ies.append((ident, raw[start:start + size]))
            at = start + size
        assert at == len(raw), "the last element ends with the message"

    def get(self, ident, nth=0):
        values = [v for i, v in self.ies if i == ident]
        return values[nth] if nth < len(values) else None

    def number(self, ident):
        v = self.get(ident)
        return None if v is None else int.from_bytes(v, "big")

    @property
    def cause(self):
        return self.number(CAUSE)

    @property
    def address(self):
        """The end user's IPv4 address."""
        v = self.get(END_USER)
        return None if v is None or len(v) != 6 else socket.inet_ntoa(v[2:])

    @property
    def gsn(self):
        v = self.get(GSN)
        return None if v is None else socket.inet_ntoa(v)


def tv(ident, value):
    return bytes([ident]) + value.to_bytes(TV_BYTES[ident], "big")


def tlv(ident, value):
    return struct.pack(">BH", ident, len(value)) + value


def bcd(digits, size):
    padded = (digits + "F" * (size * 2))[:size * 2]
    return bytes(int(padded[i + 1] + padded[i], 16) for i in range(0, size * 2, 2))


def message(kind, teid, seq, body=b""):
    return struct.pack(">BBHIHBB", 0x32, kind, len(body) + 4, teid, seq, 0, 0) + body


class Sgsn:
    """One SGSN: a socket on its own address, bound to port 2123 as an SGSN's is."""

    def __init__(self, address, ggsn, port=2123, restart=7):
        self.address, self.ggsn, self.restart = address, ggsn, restart
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, port))
        self.seq = 100

    def close(self):
        self.socket.close()

    def send(self, raw):
        self.socket.sendto(raw, (self.ggsn, 2123))

    def receive(self, seconds=2.0):
        """The next answer, or None after so many seconds."""
        self.socket.settimeout(seconds)
        try:
            raw, source = self.socket.recvfrom(4096)
        except (socket.timeout, BlockingIOError):
            return None
        assert source == (self.ggsn, 2123), f"answer from {source}, not from the service address"
        return Message(raw)

    def ask(self, raw, tries=5, seconds=1.0):
        """Sends and waits for the answer to its sequence number, repeating it as T3 and N3 would."""
        want = raw[1] + 1, struct.unpack_from(">H", raw, 8)[0]
        for _ in range(tries):
            self.send(raw)
            while (answer := self.receive(seconds)) is not None:
                if (answer.type, answer.seq) == want:
                    return answer
        raise AssertionError(f"no answer to {raw.hex()}")

    def next_seq(self):
        self.seq = (self.seq + 1) & 0xffff
        return self.seq

    def echo(self):
        return message(ECHO_REQUEST, 0, self.next_seq())

    def create(self, imsi, nsapi=5, apn="internet", teid=None):
        """A Create PDP Context Request; teid is ours for control, data is the next one."""
        teid = teid or 0x10000 + int(imsi) % 100000 * 16 + nsapi
        gsn = socket.inet_aton(self.address)
        labels = b"".join(bytes([len(l)]) + l.encode() for l in apn.split("."))
        body = bytes([IMSI]) + bcd(imsi, 8) + tv(RECOVERY, self.restart) + tv(SELECTION, 0xfc)
        body += tv(TEID_DATA, teid + 1) + tv(TEID_CONTROL, teid) + tv(NSAPI, nsapi) + tv(26, 0x0800)
        body += tlv(END_USER, b"\xf1\x21") + tlv(APN, labels) + tlv(GSN, gsn) + tlv(GSN, gsn)
        body += tlv(MSISDN, b"\x91" + bcd("46702123456", 6)) + tlv(QOS, bytes.fromhex("000b921f"))
        return message(CREATE_REQUEST, 0, self.next_seq(), body)

    def update(self, teid, nsapi=5, data_teid=0x2222):
        gsn = socket.inet_aton(self.address)
        body = tv(RECOVERY, self.restart) + tv(TEID_DATA, data_teid) + tv(TEID_CONTROL, data_teid + 1) + tv(NSAPI, nsapi)
        body += tlv(GSN, gsn) + tlv(GSN, gsn) + tlv(QOS, bytes.fromhex("000b921f"))
        return message(UPDATE_REQUEST, teid, self.next_seq(), body)

    def delete(self, teid, nsapi=5):
        return message(DELETE_REQUEST, teid, self.next_seq(), bytes([TEARDOWN, 0xff]) + tv(NSAPI, nsapi))
