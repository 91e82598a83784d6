#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Prints every message of a fixture that has hexdumps, in hexadecimal, one a line: print.py hex|text|markdown FILE

The dumps are read by xxd itself. In the transcript and the document a message of text stands in lines as well or
instead, which are strings of Go.
"""

import ast
import re
import subprocess
import sys

ROW = re.compile(r"[0-9a-f]{8}: ")
MARKS = re.compile(r"[ ^]+$")  # where bytes of the row above are volatile
BEGINS = {
    "hex": re.compile(r"# .*, (?:request|response)(?: \d+)?, (\d+) bytes?(?:; .*)?$"),
    "text": re.compile(r"  [<>] (\d+) bytes?(?:; .*)?$"),
    "markdown": re.compile(r"(?:Request|Response)(?: \d+)?, (\d+) bytes?(?:; .*?)?[.:]$"),
}


def unescape(line):
    return ast.literal_eval('b"%s"' % "".join(c if c < "\x7f" else "".join(f"\\x{b:02x}" for b in c.encode()) for c in line))


def read(kind, path):
    """Yields the length that is told, the rows and the lines of each message."""
    message = None
    with open(path, encoding="utf-8") as file:
        for line in file.read().split("\n"):
            begins = BEGINS[kind].match(line)
            if begins:
                if message:
                    yield message
                message = (int(begins[1]), [], [])
            elif message and ROW.match(line.removeprefix("    ") if kind == "text" else line):
                message[1].append(line.strip())
            elif message and message[1] and MARKS.match(line):
                continue
            elif message and kind == "text" and line.startswith("    "):
                message[2].append(line[4:])
            elif message and kind == "markdown" and line.startswith('"'):
                message[2].append(line[1:-1])
    if message:
        yield message


for length, rows, lines in read(sys.argv[1], sys.argv[2]):
    said = [b"".join(map(unescape, lines))] if lines else []
    if rows or not lines:
        dump = subprocess.run(["xxd", "-r"], input="\n".join(rows).encode(), stdout=-1, check=True)
        said.append(dump.stdout)
    assert all(data == said[0] and len(data) == length for data in said), said
    print(said[0].hex())
