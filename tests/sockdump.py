#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Prints a recording, read from standard input, as sockdump.py would have printed what it is of.

    sockdump.py FORMAT LAYOUT      string, hex or hexstring; first, later or path
"""

import base64
import json
import sys


def header(layout, message, length):
    name, pid, peer = message["comm"], message["pid"], message["peer"]["pid"]
    if layout == "first":
        return f">>> {name}[{pid}] len {length}\n"
    ends = (message["address"], message["peer"]["address"])
    path = f" path {ends[0] or ends[1]}" if layout == "path" else ""
    return f"07:05:03.123 >>> process {name} [{pid} -> {peer}]{path} len {length}({length})\n"


def string(data):
    return data.decode("ascii")


def hexstring(data):
    return "".join(f"\\x{byte:02x}" for byte in data) + "\n"


def hex_row(at, row):
    text = "".join(chr(byte) if 32 <= byte <= 126 else "." for byte in row)
    return f"{at:04x}  {row[:8].hex(' '):23}  {row[8:].hex(' '):23}  {text}\n"


def hex_rows(data):
    return "".join(hex_row(at, data[at:at + 16]) for at in range(0, len(data), 16))


FORMATS = {"string": string, "hex": hex_rows, "hexstring": hexstring}


def turned(message):
    """As the other end sent it."""
    peer = message["peer"]
    return {**message, **peer, "peer": {key: message[key] for key in peer}}


def main():
    _, name, layout = sys.argv
    for line in sys.stdin:
        message = json.loads(line)
        if "data" not in message:
            continue
        if message["call"] == "receive":
            message = turned(message)
        data = base64.b64decode(message["data"])
        sys.stdout.write(header(layout, message, len(data)) + FORMATS[name](data))


main()
