#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Prints a recording to make a page of: awkward (bytes and names), calm, silent, long EXCHANGES SIZE."""

import base64
import json
import sys

HOSTILE = (
    "</script><script>hacked=1</script>",
    "<!-- <script>",
    "]]>",
    "--><img src=x onerror=hacked=1>",
    "\" onclick='hacked=1' x=\"",
    "</pre></details></div><p id=hacked>",
    "&lt;b&gt;&#x3c;b&#x3e;",
    "\u2028\u2029\u202egpj.exe\u2066\u200b\u0085\x1b[31m",
    "${hacked=1}`{{name}}{{{name}}}",
)
NOTHING = dict.fromkeys(["messages", "bytes", "cut", "unfollowed", "foreign", "bypassed"], 0)


class Conversation:
    def __init__(self, recording, kind="stream", client="client", server="server", path="/run/x.sock"):
        recording.conversations += 1
        self.recording, self.number, self.kind = recording, recording.conversations, kind
        self.ends = [(client, ""), (server, path)]

    def say(self, direction, data, missing=0, lost=0, **more):
        ends = [
            {"pid": 10 + index, "comm": comm, "inode": 100 * self.number + index, "address": address}
            for index, (comm, address) in enumerate(self.ends)
        ]
        message = {
            "time": f"1700000000.{len(self.recording.messages):09}",
            "conversation": self.number,
            "direction": direction,
            "family": "unix",
            "type": self.kind,
            "call": "send" if direction == "request" else "receive",
            "tid": 10,
            **ends[0],
            "peer": ends[1],
            "length": len(data) + missing,
            "data": base64.b64encode(data).decode(),
            "text": "",
            **more,
        }
        message.update({key: value for key, value in [("missing", missing), ("lost", lost)] if value})
        self.recording.messages.append(message)

    def ask(self, data, **what):
        self.say("request", data, **what)

    def answer(self, data, **what):
        self.say("response", data, **what)


class Recording:
    def __init__(self, command):
        self.command, self.messages, self.conversations = command, [], 0

    def write(self):
        lost = dict(NOTHING)
        lost["bytes"] = sum(message.get("missing", 0) for message in self.messages)
        lost["cut"] = sum("missing" in message for message in self.messages)
        lost["messages"] = sum(message.get("lost", 0) for message in self.messages)
        header = {"format": "sockfixture-recording", "version": 1, "command": self.command}
        print(json.dumps({**header, "backend": "syscall", "lost": lost}))
        for message in self.messages:
            print(json.dumps(message))
        print(json.dumps({"end": {"messages": len(self.messages), "lost": lost}}))


def escaped(name):
    """As names from outside stand in a recording."""
    return "".join(c if c.isprintable() and c != "\\" else "".join(f"\\x{b:02x}" for b in c.encode()) for c in name)


def awkward():
    recording = Recording([escaped(part) for part in ("/usr/bin/talk", *HOSTILE)])
    bytes_, text = Conversation(recording, "seqpacket"), Conversation(recording, "stream")
    bytes_.ask(bytes(range(256)))
    bytes_.answer(b"\xff" * 17)
    bytes_.ask(b"")
    bytes_.ask(b"unanswered")
    bytes_.ask(b"\x06\x01\x00\x00", missing=12)
    bytes_.answer(b"\x06\x02", lost=2)
    bytes_.answer(b"", missing=3)
    bytes_.ask(b"take these", ancillary=[{"descriptors": ["file", "pipe"]}])
    bytes_.answer(b"taken", ancillary=[{"credentials": {"pid": 10, "uid": 0, "gid": 1}}], ancillary_cut=True)
    text.answer("220 héllo ☃ 😀\r\n".encode())
    for hostile in HOSTILE:
        text.ask(hostile.encode() + b"\r\n")
        text.answer(b"\xed\xa0\x80\xf5\xc0\xaf?" + hostile.encode())
    for hostile in HOSTILE:
        named = Conversation(recording, "dgram", escaped(hostile)[:15], "x", "/run/" + escaped(hostile)[:90])
        named.ask(b"?")
        named.answer(b"!")
    return recording


def calm():
    recording = Recording(["talk", "twice"])
    conversation = Conversation(recording, "dgram")
    conversation.ask(b"\x06\x01\x00\x2a ping")
    conversation.answer(b"\x06\x02\x00\x2a" + b"pong " * 20)
    conversation.ask(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    conversation.answer(b"HTTP/1.1 200 OK\r\n\r\nPing")
    conversation.ask(b"\x00\x01")
    conversation.answer(b"\x00\x02")
    return recording


def long(exchanges, size):
    recording = Recording(["talk", "long"])
    conversation = Conversation(recording, "dgram")
    for number in range(int(exchanges)):
        conversation.ask(f"request {number}".encode())
        conversation.answer((f"response {number} ".encode() + bytes(range(256)) * (int(size) // 256 + 1))[: int(size)])
    return recording


def silent():
    return Recording(["true"])


{"awkward": awkward, "calm": calm, "long": long, "silent": silent}[sys.argv[1]](*sys.argv[2:]).write()
