#!/usr/bin/python3 -SEs
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Checks a recording of tests/programs/flood.c: each sender's messages in order, and those that are
not there counted as lost, to the message.

    check_flood.py RECORDING SENDERS MESSAGES-OF-EACH

Prints how many messages were there, and how many lost.
"""

import sys

from recording import Wrong, read_lines, require


def check(path, senders, messages):
    last, seen, lost = {}, 0, None
    for _, line in read_lines(path):
        if "end" in line:
            lost = line["end"]["lost"]["messages"]
        if "data" not in line:
            continue
        word, sender, number = line["text"].split(" ")
        require(word == "flood" and line["length"] == 64, f"nobody said {line['text']!r}")
        sender, number = int(sender), int(number)
        require(last.get(sender, -1) < number < messages, f"{number} follows {last.get(sender)}")
        last[sender] = number
        seen += 1
    require(lost is not None, "the recording has no end")
    require(
        seen + lost == senders * messages,
        f"{seen} there and {lost} lost make not {senders} times {messages}",
    )
    print(seen, lost)


if __name__ == "__main__":
    try:
        check(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    except Wrong as wrong:
        sys.exit(f"{sys.argv[1]}: {wrong}")
