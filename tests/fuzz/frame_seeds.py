#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Writes the conversations of tests/unit/frames as inputs of frame_fuzz.

    frame_seeds.py DIRECTORY
"""

import glob
import os
import re
import sys

KINDS = "line nul crlf len:0:1 len:1:2:le:-3 len:0:4 len:3:8:+9 http dbus resp postgres len:0:3:be".split()
ESCAPE = re.compile(rb"\\(x[0-9a-f]{2}|.)", re.S)
NAMED = {b"r": b"\r", b"n": b"\n"}


def unescape(match):
    name = match.group(1)
    return bytes([int(name[1:], 16)]) if len(name) == 3 else NAMED.get(name, name)


def said(line):
    """The bytes of a line of a script, but at most 250."""
    strings = re.findall(rb'"((?:\\.|[^"\\])*)"(?: \* (\d+))?', line)
    return b"".join(ESCAPE.sub(unescape, text) * int(times or 1) for text, times in strings)[:250]


def seed(script):
    kind, out = None, b""
    for line in script.splitlines():
        if line.startswith(b"frame "):
            kind = line.split()[1].decode()
        elif line[:1] in (b">", b"<"):
            data = said(line)
            flags = line.startswith(b"<") | (0x0C if b"lost=" in line else 0)
            if missing := re.search(rb"missing=(\d+)", line):
                flags |= 0x0E | min(int(missing.group(1)), 15) << 4
            out += bytes([flags, len(data)]) + data
    return bytes([KINDS.index(kind)]) + out if kind in KINDS else None


for path in glob.glob("tests/unit/frames/*/script"):
    with open(path, "rb") as file:
        found = seed(file.read())
    if found:
        with open(os.path.join(sys.argv[1], path.split("/")[-2]), "wb") as file:
            file.write(found)
