#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Writes captures as inputs of pcap_fuzz: those of tests/capture.py, also as pcapng, and one like ours.

    pcap_seeds.py DIRECTORY
"""

import io
import json
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
import capture  # noqa: E402


def block(kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack("<II", kind, 12 + len(body)) + body + struct.pack("<I", 12 + len(body))


def option(code, data):
    return struct.pack("<HH", code, len(data)) + data + bytes(-len(data) % 4)


def section(notes=b""):
    return block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + notes)


def interface(link, options=b""):
    return block(1, struct.pack("<HHI", link, 0, 262144) + option(9, b"\t") + options)


def packet(number, data, options=b"", missing=0):
    head = struct.pack("<IIIII", number, 0, 1, len(data), len(data) + missing)
    return block(6, head + data + bytes(-len(data) % 4) + options)


def as_pcapng(pcap):
    """The same packets in the other format."""
    out = section() + interface(struct.unpack_from("<I", pcap, 20)[0])
    at = 24
    while at < len(pcap):
        length, whole = struct.unpack_from("<II", pcap, at + 8)
        out += packet(0, pcap[at + 16:at + 16 + length], missing=whole - length)
        at += 16 + length
    return out + block(5, struct.pack("<III", 0, 0, 0) + option(5, struct.pack("<Q", 0)))


def note(value):
    return option(1, json.dumps(value).encode())


def end(name):
    return {"pid": 1, "comm": name, "inode": 2, "address": "/run/" + name}


def own():
    """As we write captures."""
    tags = struct.pack(">HH4sHHIHH", 12, 4, b"data", 35, 4, 0, 0, 0)
    conversation = {"conversation": 1, "family": "unix", "type": "dgram", "client": end("a"), "server": end("b")}
    carried = {"offset": 0, "ancillary": [{"descriptors": ["socket"]}]}
    lost = dict.fromkeys(["messages", "bytes", "cut", "unfollowed", "foreign", "bypassed"], 1)
    return (section(note({"command": ["talk", "x"], "backend": "syscall"}))
            + interface(252, note(conversation))
            + packet(0, tags + b"PING", option(2, struct.pack("<I", 2)) + note(carried) + option(4, bytes(8)))
            + packet(0, tags + b"PO", option(2, struct.pack("<I", 1)) + option(1, b"exchange 1, response, part 1 of 2"))
            + packet(0, tags + b"NG", option(2, struct.pack("<I", 1)) + option(1, b"exchange 1, response, part 2 of 2"), 5)
            + block(5, struct.pack("<III", 0, 0, 0) + note({"lost": lost})))


def seeds():
    for case, make in capture.CASES.items():
        for link in capture.LINKS if case == "whole" else ["ethernet"]:
            made, file = capture.Capture(), io.BytesIO()
            make(made)
            made.write(file, link)
            yield f"{case}-{link}.pcap", file.getvalue()
            yield f"{case}-{link}.pcapng", as_pcapng(file.getvalue())
    for case, make in capture.SOCKDUMPS.items():
        file = io.BytesIO()
        make(file)
        yield f"{case}.pcap", file.getvalue()
    yield "own.pcapng", own()


for name, data in seeds():
    with open(os.path.join(sys.argv[1], name), "wb") as file:
        file.write(data)
