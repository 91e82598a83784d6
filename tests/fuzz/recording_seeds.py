#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Writes recordings as inputs of recording_fuzz: those of examples/, and one with every field there is.

    recording_seeds.py DIRECTORY
"""

import glob
import os
import subprocess
import sys

SCRIPT = b"""
command talk 'to "them"'
> b"HELO\\r\\n"
volatile 0 2 {"kind": "counter", "form": "text", "step": 1}
< b"\\x00\\xff" * 9
passes socket file
redacted 2 3
missing 20
lost 3
type dgram
server @abstract
2> b"PING"
credentials 1 1000 100
volatile 1 2
seen 2 3
2< b""
"""


def write(name, data):
    with open(os.path.join(sys.argv[1], name), "wb") as file:
        file.write(data)


compose = os.path.join(os.path.dirname(__file__), "..", "compose.py")
write("whole", subprocess.run([compose], input=SCRIPT, stdout=subprocess.PIPE, check=True).stdout)
for path in glob.glob("examples/*/*.jsonl"):
    with open(path, "rb") as source:
        lines = source.readlines()
    write(path.replace("/", "-"), b"".join(lines[:3]))
