#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Prints the text in the options of a capture (pcapng): comments, names of programs and interfaces.

    pcapng_text.py FILE
"""

import struct
import sys

# Where the options begin in a section's header, an interface, an enhanced packet.
SECTION, INTERFACE, PACKET = 0x0A0D0D0A, 1, 6
COMMENT, END = 1, 0


def options(kind, body):
    if kind == PACKET:
        yield from split(body[20 + (struct.unpack_from("<I", body, 12)[0] + 3 & ~3) :], (COMMENT,))
    elif kind == SECTION:
        yield from split(body[16:], (COMMENT, 2, 3, 4))
    elif kind == INTERFACE:
        yield from split(body[8:], (COMMENT, 2, 3))


def split(data, wanted):
    while len(data) >= 4:
        code, length = struct.unpack_from("<HH", data)
        if code == END:
            return
        if code in wanted:
            yield data[4 : 4 + length]
        data = data[4 + (length + 3 & ~3) :]


with open(sys.argv[1], "rb") as file:
    data = file.read()
while data:
    kind, length = struct.unpack_from("<II", data)
    for text in options(kind, data[8 : length - 4]):
        sys.stdout.buffer.write(text + b"\n")
    data = data[length:]
