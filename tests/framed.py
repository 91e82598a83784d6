#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Checks that the frames of a JSON fixture are the bytes of the recording it was made of.

    framed.py FIXTURE RECORDING

Per conversation and direction every recorded byte stands in one frame, and no other does. Requests are in
their order; responses need not be. As no frame is the beginning of another one, but for the response to
HEAD, there is one way to put them together again: what fits and is longest comes next.
"""

import json
import sys

from recording import Recording


def streams(path):
    found = {}
    for message in Recording(path).messages:
        key = message.conversation, message.direction
        found[key] = found.get(key, b"") + message.data
    return found


def frames(conversation, direction):
    return [
        bytes.fromhex(said["hex"])
        for exchange in conversation["exchanges"]
        for said in exchange[direction + "s"]
    ]


def check_order(where, stream, left):
    for number, frame in enumerate(left, 1):
        if not stream.startswith(frame):
            sys.exit(f"{where}: frame {number} is not what comes next: {frame[:40]!r}")
        stream = stream[len(frame) :]
    if stream:
        sys.exit(f"{where}: no frame has {stream[:40]!r}")


def check_pieces(where, stream, left):
    at, count = 0, {}
    for frame in left:
        count[frame] = count.get(frame, 0) + 1
    lengths = sorted({len(frame) for frame in left if frame}, reverse=True)
    while at < len(stream):
        frame = next((stream[at : at + n] for n in lengths if count.get(stream[at : at + n])), None)
        if frame is None:
            sys.exit(f"{where}: no frame has {stream[at : at + 40]!r}")
        count[frame] -= 1
        at += len(frame)
    if any(count[frame] for frame in count if frame):
        sys.exit(f"{where}: a frame that was not said")


def main(fixture, recording):
    said = streams(recording)
    with open(fixture, encoding="utf-8") as file:
        conversations = json.load(file)["conversations"]
    for conversation in conversations:
        number = conversation["number"]
        for direction, check in ("request", check_order), ("response", check_pieces):
            where = f"conversation {number}, {direction}"
            check(where, said.pop((number, direction), b""), frames(conversation, direction))
    if any(said.values()):
        sys.exit("conversations that are not in the fixture")


if __name__ == "__main__":
    main(*sys.argv[1:])
