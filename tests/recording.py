# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Reads a recording and refuses whatever sockfixture-recording(5) does not allow."""

import base64
import json
import re
import unicodedata

BACKENDS = {"socket", "syscall", "ptrace"}
DUMPS = {"strace", "sockdump", "bpftrace", "socat", "raw"}
FAMILIES = {"unix", "inet", "inet6"}
TYPES = {"stream", "dgram", "seqpacket"}
REQUIRED = {
    "time": str,
    "conversation": int,
    "direction": str,
    "family": str,
    "type": str,
    "call": str,
    "pid": int,
    "tid": int,
    "comm": str,
    "inode": int,
    "address": str,
    "peer": dict,
    "length": int,
    "data": str,
    "text": str,
}
COUNTS = ("missing", "lost")
FLAGS = ("text_cut", "ancillary_cut")
KINDS = set(
    "unknown file directory pipe device socket eventfd epoll memfd pidfd timerfd signalfd inotify "
    "other".split()
)
DESCRIPTORS_MAX = 253  # SCM_MAX_FD
CREDENTIALS = ("pid", "uid", "gid")
OTHER = ("level", "type", "length")
LOST = {"messages", "bytes", "cut", "unfollowed", "foreign", "bypassed"}
SHORTENED = {"shortened", "left_out"}
PEER = {"pid": int, "comm": str, "inode": int, "address": str}


class Wrong(Exception):
    """What is wrong, in one line."""


def require(holds, what):
    if not holds:
        raise Wrong(what)


class Message:
    """One of a recording."""

    def __init__(self, line, number):
        check_fields(line, number)
        seconds, _, fraction = line["time"].partition(".")
        self.nanoseconds = int(seconds) * 1_000_000_000 + int(fraction)
        self.conversation = line["conversation"]
        self.direction = line["direction"]
        self.sent = line["call"] == "send"
        self.pid, self.tid = line["pid"], line["tid"]
        self.data = base64.b64decode(line["data"], validate=True)
        self.length = line["length"]
        self.missing = line.get("missing", 0)
        self.lost = line.get("lost", 0)
        self.ancillary_cut = line.get("ancillary_cut", False)
        self.ancillary = spell_ancillary(line)
        self.line = line
        require(
            self.length == len(self.data) + self.missing,
            f"line {number}: length is {self.length}, but there are {len(self.data)} bytes "
            f"and {self.missing} missing",
        )


def check_fields(line, number):
    where = f"line {number}"
    for name, kind in REQUIRED.items():
        require(type(line.get(name)) is kind, f"{where}: {name} is {line.get(name)!r}")
    for name in line.keys() - REQUIRED.keys():
        if name in COUNTS:
            require(type(line[name]) is int and line[name] > 0, f"{where}: {name}")
        elif name == "ancillary":
            check_ancillary(line[name], where)
        elif name in ("volatile", "redacted"):
            check_ranges(line, name, where)
        elif name == "seen":
            times, runs = line[name]
            require(0 < times < runs, f"{where}: {name}")
        else:
            require(name in FLAGS and line[name] is True, f"{where}: unknown field {name}")
    for name, kind in PEER.items():
        value = line["peer"].get(name, kind())
        require(type(value) is kind, f"{where}: peer.{name} is {value!r}")
    require(set(line["peer"]) <= set(PEER), f"{where}: unknown field in peer")
    require(re.fullmatch(r"[0-9]+\.[0-9]{9}", line["time"]), f"{where}: time")
    require(line["direction"] in ("request", "response"), f"{where}: direction")
    require(line["call"] in ("send", "receive"), f"{where}: call")
    require(line["family"] in FAMILIES, f"{where}: family")
    require(line["type"] in TYPES, f"{where}: type")
    require(not any(map(is_control, line["text"])), f"{where}: text is not printable")


RANGE_KINDS = {
    "length": {"kind"},
    "echo": {"kind", "message", "offset"},
    "counter": {"kind", "step", "form"},
    "time": {"kind", "unit", "form"},
    "pid": {"kind", "form"},
}


def check_ranges(line, name, where):
    where += f": {name}"
    end = 0
    require(type(line[name]) is list and line[name], where)
    for offset, length, *known in line[name]:
        require(end <= offset and 0 <= length, where)
        end = offset + length
        require(len(known) <= (name == "volatile"), where)
        require(not known or RANGE_KINDS[known[0]["kind"]] == set(known[0]), f"{where}: {known}")
    require(end <= line["length"] - line.get("missing", 0), where)


def check_ancillary(controls, where):
    where += ": ancillary"
    require(type(controls) is list and controls, where)
    for control in controls:
        require(type(control) is dict and len(control) == 1, f"{where}: {control!r}")
        (name, value), *_ = control.items()
        if name == "descriptors":
            require(type(value) is list and 0 < len(value) <= DESCRIPTORS_MAX, where)
            require(KINDS.issuperset(value), f"{where}: {value!r}")
            continue
        fields = {"credentials": CREDENTIALS, "other": OTHER}.get(name, ())
        require(fields and type(value) is dict and sorted(value) == sorted(fields), where)
        require(all(type(number) is int for number in value.values()), f"{where}: {value!r}")


def spell_ancillary(line):
    """As tests/programs/program.h says."""

    def spell(name, value):
        if name == "descriptors":
            return name + ":" + ",".join(value)
        fields = CREDENTIALS if name == "credentials" else OTHER
        return name + ":" + "/".join(str(value[field]) for field in fields)

    spelt = [spell(*each) for control in line.get("ancillary", []) for each in control.items()]
    return "+".join(spelt + ["cut"] * line.get("ancillary_cut", False))


def is_control(character):
    """What drives a terminal, ends a line, changes the order of a text, shows nothing or is no character."""
    hidden = "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u3164\ufeff\uffa0\ufff9\ufffa\ufffb"
    number = ord(character)
    return (
        character in hidden
        or unicodedata.category(character) in ("Cc", "Zl", "Zp")
        or 0x200B <= number <= 0x200F
        or 0x202A <= number <= 0x202E
        or 0x2060 <= number <= 0x206F
        or unicodedata.name(character, "").startswith(("VARIATION SELECTOR-", "TAG "))
        or 0xFDD0 <= number <= 0xFDEF
        or number & 0xFFFE == 0xFFFE
    )


def check_lost(lost):
    counts = isinstance(lost, dict) and set(lost) in (LOST, LOST | SHORTENED)
    require(
        counts and all(type(n) is int and n >= 0 for n in lost.values()),
        f"what was lost is {lost!r}",
    )


def check_header(header):
    require(header.get("format") == "sockfixture-recording", "format")
    require(header.get("version") == 1, "version")
    require(header.get("backend") in BACKENDS | DUMPS, f"backend is {header.get('backend')!r}")
    command = header.get("command")
    require(isinstance(command, list) and command, f"command is {command!r}")
    require("lost" in header, "the header does not say what was lost")
    if header["lost"] is not None:
        check_lost(header["lost"])


class Recording:
    """Everything at once: for recordings that fit in memory. Lines are handed out by read_lines()."""

    def __init__(self, path):
        self.messages = []
        for number, line in read_lines(path):
            if number == 1:
                self.header = line
            elif "end" in line:
                self.lost = line["end"]["lost"]
            else:
                self.messages.append(Message(line, number))
        seen = 0
        for message in self.messages:
            require(message.conversation <= seen + 1, "a conversation's number is skipped")
            seen = max(seen, message.conversation)


def read_lines(path):
    """Yields (number, object): the header, the messages as they are, and the end."""
    ended = False
    with open(path, encoding="utf-8") as file:
        for number, text in enumerate(file, 1):
            require(text.endswith("\n"), f"line {number} is not ended")
            require(not ended, f"line {number}: there is a line after the end")
            line = json.loads(text)
            if number == 1:
                check_header(line)
                header = line
            if "end" in line:
                ended = True
                require(line["end"]["messages"] == number - 2, "the end counts other messages")
                check_lost(line["end"]["lost"])
                require(header["lost"] in (None, line["end"]["lost"]), "header and end differ")
            yield number, line
    require(ended, "there is no end")
