#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Writes captures of small conversations, as they come from a network that has its ways.

    capture.py CASE FILE [LINK]      a case is a function below, a link one of LINKS
"""

import itertools
import socket
import struct
import sys

CLIENT, SERVER = ("10.0.0.1", 40000), ("10.0.0.2", 7000)
CLIENT6, SERVER6 = ("fd00::1", 40000), ("fd00::2", 7000)
FIN, SYN, RST, ACK = 1, 2, 4, 16
OPTIONS = bytes([0, 1, 4, 0, 0, 0, 0])
LONG = b"0123456789" * 30


def ethernet(ip, tags=b""):
    kind = 0x0800 if ip[0] >> 4 == 4 else 0x86DD
    return bytes(12) + tags + struct.pack(">H", kind) + ip


def padded(ip):
    return ethernet(ip).ljust(60, b"\xee")


def family(ip, v6):
    return 2 if ip[0] >> 4 == 4 else v6


PACKET = itertools.count()
LINKS = {
    "ethernet": (1, padded),
    "vlan": (1, lambda ip: ethernet(ip, bytes.fromhex("8100 0007"))),
    "qinq": (1, lambda ip: ethernet(ip, bytes.fromhex("88a8 0005 8100 0007"))),
    "null": (0, lambda ip: struct.pack("=I", family(ip, 30)) + ip),
    "loop": (108, lambda ip: struct.pack(">I", family(ip, 24)) + ip),
    "sll": (113, lambda ip: bytes(14) + ethernet(ip)[12:]),
    "sll2": (276, lambda ip: ethernet(ip)[12:14] + bytes(18) + ip),
    "any": (276, lambda ip: ethernet(ip)[12:14] + bytes(2) + struct.pack(">I", next(PACKET) % 2) + bytes(12) + ip),
    "nine": (276, lambda ip: ethernet(ip)[12:14] + bytes(2) + struct.pack(">I", next(PACKET) % 9) + bytes(12) + ip),
    "raw": (101, lambda ip: ip),
}


class Capture:
    """Packets, each with as many bytes as there were."""

    def __init__(self):
        self.packets = []
        self.extension = None  # the number of an IPv6 header in front, and what it has behind the next one's
        self.sized = True
        self.fragment = 0x4000  # not to be fragmented, as most are
        self.copies = 1
        self.pauses = []

    def ip(self, protocol, source, target, payload):
        if ":" in source[0]:
            hosts = socket.inet_pton(socket.AF_INET6, source[0]) + socket.inet_pton(socket.AF_INET6, target[0])
            if self.extension:
                payload, protocol = bytes([protocol]) + self.extension[1] + payload, self.extension[0]
            size = len(payload) if self.sized else 0
            self.packets.append((struct.pack(">IHBB", 6 << 28, size, protocol, 64) + hosts + payload, 0))
            return
        hosts = socket.inet_aton(source[0]) + socket.inet_aton(target[0])
        size = 20 + len(payload) if self.sized else 0
        head = struct.pack(">BBHHHBBH", 0x45, 0, size, 7, self.fragment, 64, protocol, 0)
        self.packets.append((head + hosts + payload, 0))

    def udp(self, source, target, data, whole=None):
        head = struct.pack(">HHHH", source[1], target[1], 8 + (len(data) if whole is None else whole), 0)
        self.ip(17, source, target, head + data)

    def tcp(self, source, target, sequence, acknowledged, flags, data=b""):
        head = struct.pack(">HHIIBBHHH", source[1], target[1], sequence % 2**32, acknowledged % 2**32,
                           0x50, flags, 1000, 0, 0)
        self.ip(6, source, target, head + data)

    def cut(self, length):
        """The last packet was captured up to that byte of it."""
        packet, _ = self.packets[-1]
        self.packets[-1] = packet[:length], len(packet) - length

    def pause(self):
        """What follows comes a second later than it would."""
        self.pauses.append(len(self.packets))

    def write(self, file, link):
        number, wrap = LINKS[link]
        file.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, number))
        for i, (packet, missing) in enumerate(self.packets):
            data = wrap(packet)
            if missing:
                data = data[:len(wrap(b"\x45")) - 1 + len(packet)] if link != "ethernet" else ethernet(packet)
            seconds = 1700000000 + sum(i >= pause for pause in self.pauses)
            nanoseconds = i // self.copies * 1000000 + i
            file.write(struct.pack("<IIII", seconds, nanoseconds, len(data), len(data) + missing) + data)


class Connection:
    def __init__(self, capture, client=CLIENT, server=SERVER, first=1000, opened=True):
        self.capture, self.ends = capture, (client, server)
        self.next = [first, first + 50000]
        if opened:
            self.send(0, SYN, b"")
            self.send(1, SYN | ACK, b"")
            self.send(0, ACK, b"")

    def send(self, who, flags, data, offset=0, counts=True):
        """Sends what follows, or what is so far from that; who is 0 for the client."""
        acknowledged = self.next[not who] if flags & ACK else 0
        self.capture.tcp(self.ends[who], self.ends[not who], self.next[who] + offset, acknowledged, flags, data)
        if counts:
            self.next[who] += len(data) + bool(flags & (SYN | FIN))

    def say(self, who, data):
        self.send(who, ACK, data)

    def miss(self, who, data):
        """Is sent, and not captured."""
        self.next[who] += len(data)


def whole(capture, **kinds):
    connection = Connection(capture, **kinds)
    connection.say(0, b"PING")
    connection.say(1, b"PONG")
    connection.send(0, FIN | ACK, b"")
    connection.send(1, FIN | ACK, b"")
    return connection


def datagrams(capture):
    capture.udp(CLIENT, SERVER, b"PING")
    capture.udp(SERVER, CLIENT, b"PONG")


def copies(capture):
    """Each was captured at two interfaces, and the second is said twice."""
    capture.copies = 4
    for source, target, data in (CLIENT, SERVER, b"PING"), (SERVER, CLIENT, b"PONG"), (SERVER, CLIENT, b"PONG"):
        capture.udp(source, target, data)
        capture.udp(source, target, data)


def passed_on(capture):
    capture.copies = 9
    for _ in range(9):
        capture.udp(CLIENT, SERVER, b"PING")


def version6(capture):
    whole(capture, client=CLIENT6, server=SERVER6)


def extended(capture):
    """Behind options, an authentication header, and that of fragments, of which it is the only one."""
    for extension in (60, OPTIONS), (51, bytes([4]) + bytes(22)), (44, bytes(7)):
        capture.extension = extension
        capture.udp(CLIENT6, SERVER6, b"PING")
        capture.udp(SERVER6, CLIENT6, b"PONG")
    capture.extension = 0, OPTIONS
    version6(capture)


def unsized(capture):
    """Packets of a network card's own making, and datagrams, that no 16 bits can tell the size of."""
    capture.sized = False
    whole(capture)
    whole(capture, client=CLIENT6, server=SERVER6)
    capture.udp(CLIENT, SERVER, b"PING", whole=-8)
    capture.udp(SERVER, CLIENT, b"PONG", whole=-8)


def reordered(capture):
    connection = Connection(capture)
    connection.send(0, ACK, b"NG", offset=2, counts=False)
    connection.send(0, ACK, b"I", offset=1, counts=False)
    connection.send(0, ACK, b"P", counts=False)
    connection.miss(0, b"PING")
    connection.say(1, b"PONG")


def retransmitted(capture):
    connection = Connection(capture)
    connection.send(0, SYN, b"", offset=-1, counts=False)
    for _ in range(3):
        connection.send(0, ACK, b"PING", counts=False)
    connection.send(0, ACK, b"PINGxxxx"[:3], counts=False)
    connection.miss(0, b"PING")
    connection.send(0, ACK, b"G", offset=-1, counts=False)
    connection.say(1, b"PONG")
    connection.send(0, ACK, b"PING", offset=-4, counts=False)


def overlapping(capture):
    connection = Connection(capture)
    connection.send(0, ACK, b"NG", offset=2, counts=False)
    connection.send(0, ACK, b"PIN", counts=False)
    connection.miss(0, b"PING")
    connection.say(1, b"PO")
    connection.send(1, ACK, b"PONG", offset=-2, counts=False)


def around(capture):
    whole(capture, first=2**32 - 3)


def missing(capture):
    connection = Connection(capture)
    connection.say(0, b"PI")
    connection.miss(0, b"NGPI")
    connection.say(0, b"NG")
    connection.say(1, b"PONG")


def missing_first(capture):
    """The client's SYN is not there, either."""
    connection = Connection(capture, opened=False)
    connection.send(1, SYN | ACK, b"")
    connection.miss(1, b"P")
    connection.say(1, b"ONG")
    connection.say(0, b"PING")


def missing_end(capture):
    connection = Connection(capture)
    connection.say(0, b"PI")
    connection.miss(0, b"NG")
    connection.say(1, b"PONG")


def missing_before_end(capture):
    connection = Connection(capture)
    connection.say(0, b"PING")
    connection.say(1, b"PO")
    connection.miss(1, b"NG")
    connection.send(1, FIN | ACK, b"")


def begun(capture):
    connection = Connection(capture, opened=False)
    connection.say(0, b"PING")
    connection.say(1, b"PONG")


def begun_between(capture):
    """The same, and another connection in the midst of it."""
    connection = Connection(capture, client=("10.0.0.1", 40001), opened=False)
    connection.say(0, b"ONE")
    capture.pause()
    whole(capture)
    capture.pause()
    connection.say(1, b"TWO")


def answered(capture):
    """Of what was asked nothing is there."""
    Connection(capture, opened=False).say(1, b"PONG")


def kept_alive(capture):
    """What asks whether the other still is there has the number of a byte that was acknowledged."""
    connection = Connection(capture, opened=False)
    connection.send(0, ACK, b"", offset=-1, counts=False)
    connection.send(1, ACK, b"")
    connection.say(0, b"PING")
    connection.say(1, b"PONG")
    connection.send(0, ACK, b"")


def kept_alive_unasked(capture):
    """The same, and what it asked for is there behind the next segment alone."""
    connection = Connection(capture, opened=False)
    connection.send(0, ACK, b"", offset=-1, counts=False)
    connection.say(0, b"PING")
    connection.say(1, b"PONG")


def kept_alive_first(capture):
    """The same was captured before the SYN that it comes behind."""
    connection = Connection(capture)
    connection.say(0, b"PING")
    connection.send(1, ACK, b"", offset=-1, counts=False)
    capture.packets[1:] = capture.packets[3:] + capture.packets[1:3]
    connection.say(1, b"PONG")


def far_ahead(capture):
    """Much waits for what comes last, before something that came first."""
    connection = Connection(capture)
    connection.send(0, ACK, b"G", offset=2002, counts=False)
    for at in range(1, 2002):
        connection.send(0, ACK, b"N", offset=at, counts=False)
    connection.send(0, ACK, b"P", counts=False)
    connection.miss(0, bytes(2003))
    connection.say(1, b"PONG")


def port_again(capture):
    whole(capture)
    whole(capture, first=900000)


def reset(capture):
    connection = Connection(capture)
    connection.say(0, b"PING")
    connection.say(1, b"PONG")
    connection.send(1, RST | ACK, b"")
    connection.send(0, RST, b"")


def reset_early(capture):
    """Half of the answer was on its way when the client had enough of it."""
    connection = Connection(capture)
    connection.say(0, b"PING")
    connection.say(1, b"PO")
    connection.send(0, RST | ACK, b"")
    connection.say(1, b"NG")
    connection.send(0, RST, b"")


def refused_first(capture):
    """As some do, the client asks once more with the number that was refused."""
    capture.tcp(CLIENT, SERVER, 1000, 0, SYN)
    capture.tcp(SERVER, CLIENT, 0, 1001, RST | ACK)
    whole(capture, first=1000)


def end_before(capture):
    """Of an earlier connection of the same ends only the last packets are there."""
    capture.tcp(CLIENT, SERVER, 70000, 90000, FIN | ACK)
    capture.tcp(SERVER, CLIENT, 90000, 70001, FIN | ACK)
    whole(capture)


def confirmed_first(capture):
    """What confirms bytes, and what comes behind that, was captured before these."""
    connection = Connection(capture)
    connection.say(0, b"PI")
    connection.say(0, b"NG")
    connection.say(1, b"PONG")
    capture.packets[-3:] = capture.packets[:-4:-1]


def opened_unseen(capture):
    """Of the server's beginning nothing is there, and its first segments are the wrong way round."""
    connection = Connection(capture, opened=False)
    connection.send(0, SYN, b"")
    connection.next[1] += 1
    connection.say(1, b"HEL")
    connection.say(1, b"LO")
    capture.packets[-2:] = capture.packets[:-3:-1]
    connection.say(0, b"PING")
    connection.say(1, b"PONG")


def opened_late(capture):
    """The SYN was captured behind what it began."""
    connection = Connection(capture, opened=False)
    connection.next[0] += 1
    connection.send(1, SYN | ACK, b"")
    connection.send(0, ACK, b"")
    connection.say(0, b"PI")
    connection.send(0, SYN, b"", offset=-3, counts=False)
    connection.say(0, b"NG")
    connection.say(1, b"PONG")


def port_again_unseen(capture):
    """Of the next connection of the same ends the SYN is not there, or no beginning at all."""
    whole(capture)
    connection = Connection(capture, first=900000, opened=False)
    connection.send(1, SYN | ACK, b"")
    connection.say(0, b"PING")
    connection.say(1, b"PONG")
    connection.send(0, RST | ACK, b"")
    connection = Connection(capture, first=90000000, opened=False)
    connection.say(0, b"PING")
    connection.say(1, b"PONG")


def port_again_late(capture):
    """The last segment of a connection was captured behind the SYN of the next one of the same ends."""
    connection = whole(capture)
    connection.send(0, ACK, b"")
    late = capture.packets.pop()
    start = len(capture.packets) + 1
    whole(capture, first=90000000)
    capture.packets.insert(start, late)


def confirmed_end(capture):
    """One number more was confirmed than is there: a FIN, or a byte."""
    connection = Connection(capture)
    connection.say(0, b"PIN")
    connection.miss(0, b"G")
    connection.say(1, b"PONG")


def snaplen(capture):
    connection = Connection(capture)
    connection.say(0, LONG)
    capture.cut(140)
    connection.say(1, b"PONG")
    capture.udp(CLIENT, SERVER, LONG)
    capture.cut(128)


def snaplen_again(capture):
    """What was cut is sent again together with what comes behind it, and cut in the same place."""
    connection = Connection(capture)
    connection.say(0, LONG[:100])
    capture.cut(44)
    connection.send(0, ACK, LONG, offset=-100, counts=False)
    capture.cut(44)
    connection.miss(0, LONG[100:])
    connection.say(0, LONG)
    connection.say(1, b"PONG")


def headers(capture):
    whole(capture)
    capture.udp(CLIENT, SERVER, b"PING")
    capture.cut(24)


def fragments(capture):
    capture.extension = 44, bytes([0, 0, 1, 0, 0, 0, 7])
    capture.udp(CLIENT6, SERVER6, b"PI" + bytes(6), whole=20)
    capture.fragment = 0x2000
    capture.udp(CLIENT, SERVER, b"PI" + bytes(6), whole=20)
    capture.fragment = 2
    capture.ip(17, CLIENT, SERVER, bytes(12))


def others(capture):
    whole(capture)
    capture.ip(1, CLIENT, SERVER, bytes(8))


def user0(file, said=((200, 100, b"PING"), (100, 200, b"PO"), (100, 200, b"NG"))):
    """As sockdump --format pcap writes it: receiver, sender, and what was sent."""
    file.write(struct.pack("=IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 51200, 147))
    for sender, receiver, data in said:
        file.write(struct.pack("=IIII", 1, 0, 16 + len(data), 16 + len(data)))
        file.write(struct.pack(">QQ", receiver, sender) + data)


def unconnected(file):
    """Datagrams of sockets that are connected to nobody."""
    user0(file, ((200, 0, b"PING"), (100, 0, b"PONG"), (200, 0, b"PING"), (100, 0, b"PONG")))


def third(file):
    user0(file, ((200, 0, b"PING"), (100, 0, b"PONG"), (300, 0, b"PING")))


SOCKDUMPS = {f.__name__: f for f in (user0, unconnected, third)}
CASES = {f.__name__: f for f in (
    whole, datagrams, copies, passed_on, version6, extended, unsized, reordered, retransmitted, overlapping, around,
    missing, missing_first, missing_end, missing_before_end, begun, begun_between, answered, kept_alive,
    kept_alive_unasked, kept_alive_first, far_ahead, port_again, reset, reset_early, refused_first, end_before,
    confirmed_first, opened_unseen, opened_late, port_again_unseen, port_again_late, confirmed_end, snaplen,
    snaplen_again, headers, fragments, others)}


def main():
    case, path = sys.argv[1:3]
    with open(path, "wb") as file:
        if case in SOCKDUMPS:
            SOCKDUMPS[case](file)
            return
        capture = Capture()
        CASES[case](capture)
        capture.write(file, sys.argv[3] if len(sys.argv) > 3 else "ethernet")


if __name__ == "__main__":
    main()
