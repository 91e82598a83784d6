#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Prints a recording of a fixed conversation that holds what is awkward for a language.

    conversation.py SHAPE

    awkward     every exchange has a request and a response, with every byte sequence that could
                end, break or change a literal or a comment
    long        a message of 1 MiB on either side, of which one is text
    optional    two conversations; requests without a response, responses without a request, empty
                messages, messages cut and lost, exchanges of some runs only, what comes with a message
    many        several messages on a side, none, and empty ones
    hostile     a command and servers whose names try to end a comment, a string or a line
    crowd       more exchanges than a method or a class of the Java machine has room for, in one
                conversation and in many
    nothing     no conversation at all
"""

import base64
import json
import random
import sys

MIB = 1 << 20

TEXTS = [
    b"GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n",
    b"tracking",
    b'{"id": 1, "method": "echo", "params": ["it\'s", "a \\\\ b"]}\n',
    b"  leading and trailing spaces, a tab\tand a line\n  ",
    "naïve 日本語 😀 text\n".encode(),
    b"\n\n\r\n\n",
    b"an " + b"endless " * 40 + b"line",
    b"\\x41b \\u0041 \\u{41} \\101 \\N{DIGIT ONE} \\U00000041 %41 &#65; \\",
    b"x" * 79 + b'"' + b"y" * 200,
]

QUOTES = [
    b"\x41b\x01b\x0012\x7f8\xffa\x1b[31m",
    b"'", b'"', b"`", b'"""', b"'''", b'""""', b'\\"', b"\\", b"\\\\", b"\\\n", b"$\\",
    b"*/", b"/*", b"/* */ //", b"-->", b"]]>", b"{-", b"-}", b"=begin\n=end\n", b"--", b"# {", b"%}",
    b"${HOME}", b"#{x}", b"$(x)", b"$x @y %z", b"\\(x)", b"{{name}}", b"{{{x}}}", b"<%= x %>", b"{x}",
    b"??/", b"????=??'", b"??/\n", b"\\u{", b"\\u000a", b"\\x{41}", b"~D[", b"HEX\n", b"EOF\n", b"EOT",
    b"__END__\n", b"=cut\n", b"#endif\n", b"//go:build ignore", b"```", b"~~~~", b"-- x --\n", b"---\n...\n",
    b"\xc3", b"\xff\xfe", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"\xc0\x80", b"\x00", b"\x000", b"\x0a0",
    "\u2028\u2029\u202e\ufeff\u0085".encode(),
]  # fmt: skip

HOSTILE = [
    "*/", "*/ */ garbage /*", "/*", "-->", "]]>", '"""', "'''", '" + garbage + "', "'", "`", "\\",
    "\\\"", "\\u000a garbage", "\\u0022", "${garbage}", "#{garbage}", "\\(garbage)", "{{name}}", "{{{name}}}",
    "a\nb garbage", "\r garbage", "\x1b[31m", "\u202e", "\u2028 garbage", "\u00e9", "\u65e5\u672c", "\U000e0041",
    "{-", "-}", "|", "^ haddock", "=begin", "__END__", "=cut", "%>", "?" + "?/", "#![garbage]", "end", "-- x --",
    "\x85", "", "1", "type", "a" * 90,
]  # fmt: skip


class Recording:
    """Conversations of datagrams, printed as they are told."""

    def __init__(self, command):
        header = {"format": "sockfixture-recording", "version": 1, "command": command, "backend": "ptrace"}
        self.lines = [header]
        self.conversation = 0
        self.servers = []
        self.cut = self.missing = self.lost = 0

    def open(self, server):
        self.conversation += 1
        self.servers.append(server)

    def say(self, direction, data, missing=0, lost=0, **ancillary):
        server = escape(self.servers[-1])
        ends = [
            {"pid": 1, "comm": "client", "inode": 2 * self.conversation, "address": ""},
            {"pid": 2, "comm": "server", "inode": 2 * self.conversation + 1, "address": server},
        ]
        if direction == "response":
            ends.reverse()
        line = {
            "time": f"1795478267.{len(self.lines):09}",
            "conversation": self.conversation,
            "direction": direction,
            "family": "unix",
            "type": "dgram",
            "call": "send",
            "tid": ends[0]["pid"],
            **ends[0],
            "peer": ends[1],
            "length": len(data) + missing,
            "data": base64.b64encode(data).decode(),
            "text": "",
            **ancillary,
        }
        if missing:
            line["missing"] = missing
            self.missing += missing
        if missing or "ancillary_cut" in ancillary:
            self.cut += 1
        if lost:
            line["lost"] = lost
            self.lost += lost
        self.lines.append(line)

    def ask(self, request, response):
        self.say("request", request)
        self.say("response", response)

    def print(self):
        lost = {
            "messages": self.lost,
            "bytes": self.missing,
            "cut": self.cut,
            "unfollowed": 0,
            "foreign": 0,
            "bypassed": 0,
        }
        self.lines[0]["lost"] = lost
        for line in self.lines:
            print(json.dumps(line))
        print(json.dumps({"end": {"messages": len(self.lines) - 1, "lost": lost}}))


def escape(name):
    """As sockfixture-recording(5) has it: a backslash, and what would not show, by number."""
    spelt = ""
    for character in name:
        shows = character.isprintable() and character not in "\\"
        spelt += character if shows else "\\\\" if character == "\\" else "".join(f"\\x{b:02x}" for b in character.encode())
    return spelt


def awkward():
    told = Recording(["talk", "--to", "awkward"])
    told.open("/run/awkward.sock")
    told.ask(bytes(range(256)), bytes(reversed(range(256))))
    for text in TEXTS:
        told.ask(text, text[::-1])
    for i, quote in enumerate(QUOTES):
        told.ask(quote, b"\x07" + quote + bytes([i]) + quote)
    told.ask(b"", b"")
    told.ask(b"\x00", b"a")
    told.ask(b"Q" * 15, b"\xee" * 16)
    told.ask(b"Q" * 17, b"\xee" * 4081)
    return told


def long():
    told = Recording(["talk", "--to", "long"])
    told.open("/run/long.sock")
    lines = b"".join(b"%06d a line of text\r\n" % n for n in range(MIB // 21 + 1))
    told.ask(random.Random(1).randbytes(MIB), lines[:MIB])
    return told


def optional():
    told = Recording(["talk", "--to", "optional"])
    told.open("/run/first.sock")
    told.say("response", b"220 ready\r\n")
    told.say("request", b"HELO\r\n")
    told.say("response", b"")
    told.say("request", b"\x00\x01\x02", volatile=[[1, 2]], seen=[2, 3])
    told.open("/run/second.sock")
    told.say("request", b"", seen=[1, 3])
    told.say("response", b"\xff" * 40, missing=3, seen=[1, 3])
    told.say("request", b"after it", lost=1, redacted=[[0, 5]])
    told.say("response", b"cut", missing=1, lost=2)
    told.say("request", b"take these", ancillary=[{"descriptors": ["file", "pipe"]}])
    told.say("response", b"taken", ancillary=[{"credentials": {"pid": 2, "uid": 0, "gid": 1}}], ancillary_cut=True)
    return told


def many():
    told = Recording(["talk", "--to", "many"])
    told.open("")
    told.say("response", b"hello")
    told.say("response", b"\x00\x01")
    told.say("request", b"one\n")
    told.say("request", b"")
    told.say("request", b"\xaa" * 33)
    told.say("response", b"")
    told.say("request", bytes(range(256)) * 17)
    told.say("request", b"x" * 5000)
    return told


def hostile():
    told = Recording(["/bin/sh", "-c", *HOSTILE])
    for name in HOSTILE:
        told.open("@" + name)
        told.ask(b"ping", b"pong")
    return told


def crowd():
    told = Recording(["talk", "--to", "many", "people"])
    told.open("/run/crowd.sock")
    for number in range(3000):
        told.ask(b"ping %d\n" % number, number.to_bytes(4, "big"))
    for server in range(200):
        told.open(f"/run/{server}.sock")
        for number in range(12):
            told.ask(b"ping %d\n" % number, server.to_bytes(4, "big"))
    return told


def nothing():
    return Recording(["true"])


if __name__ == "__main__":
    shapes = [awkward, long, optional, many, hostile, crowd, nothing]
    {shape.__name__: shape for shape in shapes}[sys.argv[1]]().print()
