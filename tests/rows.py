#!/usr/bin/python3 -SEs
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Prints the exchanges of a recording or of an emitted JSON fixture, one a line, to be compared.

    rows.py recording|json FILE
    rows.py same RECORDING FIXTURE.json      prints nothing, unless they differ

A line is REQUESTS and RESPONSES: the messages in hexadecimal with commas between them, `none` for no
message, `-` for an empty one. What stands in a stream after missing bytes is a message of its own,
unless it is more of these.
Conversations stand one after another. What becomes an exchange is worked out here anew from what
the design says, and not as the program does it.
"""

import itertools
import json
import sys

from recording import Recording, Wrong, require


def rows_of_conversation(messages):
    rows, gap = [], False
    for message in messages:
        if not rows or (message.direction == "request" and rows[-1]["response"]):
            rows.append({"request": [], "response": []})
        side = rows[-1][message.direction]
        if side and message.line["type"] == "stream" and not (gap and message.data):
            side[-1] += message.data
        else:
            side.append(message.data)
        gap = message.missing > 0 or (gap and not message.data)
    return [(row["request"], row["response"]) for row in rows]


def rows_of_recording(recording):
    conversations = {}
    for message in recording.messages:
        conversations.setdefault(message.conversation, []).append(message)
    for messages in conversations.values():
        yield from rows_of_conversation(messages)


def rows_of_json(path):
    with open(path, encoding="utf-8") as file:
        fixture = json.load(file)
    for conversation in fixture["conversations"]:
        for exchange in conversation["exchanges"]:
            sides = exchange["requests"], exchange["responses"]
            yield tuple([bytes.fromhex(said["hex"]) for said in side] for side in sides)


def spell(side):
    return ",".join(message.hex() or "-" for message in side) or "none"


def lines(rows):
    for request, response in rows:
        yield spell(request) + " " + spell(response)


def check_same(recording, fixture):
    pairs = itertools.zip_longest(lines(rows_of_recording(recording)), lines(rows_of_json(fixture)))
    for number, (expected, found) in enumerate(pairs, 1):
        require(found == expected, f"row {number} of the fixture is {found}, and not {expected}")


def main(kind, path, fixture=None):
    if kind == "same":
        check_same(Recording(path), fixture)
    else:
        rows = rows_of_json(path) if kind == "json" else rows_of_recording(Recording(path))
        for line in lines(rows):
            print(line)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (Wrong, OSError, ValueError) as error:
        sys.exit(f"rows: {error}")
