#!/usr/bin/python3 -SEs
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Compares a recording with the logs that the test programs wrote of the same run.

    witness.py client|server|both LOG RECORDING [FIXTURE.json]

LOG.client and LOG.server are what tests/programs/program.h says. `client` and `server` name the one
end that was observed; with both ends observed each message stands once, as it was sent.

Each message must be there once: its bytes, direction, process and thread, in the order in which it
was said as far as the log can know one. Bytes that the recorder cannot always get hold of (sendfile,
splice, io_uring) may be missing when their number is told. The fixture, if there is one, has the
exchanges that the recording's messages make. Prints `whole` or `incomplete`.
"""

import sys

from recording import Recording, Wrong, require
from rows import check_same

HARD_TO_GET = ("sendfile", "splice", "io_uring_")
SLACK = 1_000_000_000  # nanoseconds that the two clocks may differ


class Entry:
    def __init__(self, line, index):
        fields = line.split()
        self.index = index
        self.before, self.after, self.pid, self.tid, self.conversation = map(int, fields[:5])
        self.direction = fields[5]
        self.sent = fields[6] == "sent"
        self.call = fields[7]
        self.missing = int(fields[8])
        self.data = b"" if fields[9] == "-" else bytes.fromhex(fields[9])
        self.ancillary = fields[10] if len(fields) > 10 else ""
        self.hard = self.call.startswith(HARD_TO_GET)

    def __str__(self):
        verb = "sent" if self.sent else "received"
        return (
            f"conversation {self.conversation}, {self.direction} {verb} by {self.call} "
            f"in {self.pid}/{self.tid}: {brief(self.data)} {self.ancillary}"
        )

    def is_told_by(self, message):
        if (message.direction, message.sent) != (self.direction, self.sent):
            return False
        if (message.pid, message.tid) != (self.pid, self.tid):
            return False
        if message.ancillary != self.ancillary:
            return False
        if self.hard and message.missing:
            return message.length == len(self.data) and self.data.startswith(message.data)
        return message.data == self.data and message.missing == self.missing


def brief(data):
    return f"{len(data)} bytes {data[:24].hex()}{'…' if len(data) > 24 else ''}"


def read_log(log, view):
    entries = []
    for side in ("client", "server") if view == "both" else (view,):
        with open(f"{log}.{side}", encoding="ascii") as file:
            for line in file:
                entry = Entry(line, len(entries))
                if view == "both" and not entry.sent:
                    continue
                entries.append(entry)
    require(entries, "the witness saw nothing: the test shows nothing")
    return entries


def match(entries, messages):
    """The log's entry for each message, and the entries that no message tells."""
    open_entries = list(entries)
    matched = []
    for message in messages:
        mine = (e for e in open_entries if e.conversation == message.conversation)
        entry = next((e for e in mine if e.is_told_by(message)), None)
        verb = "sent" if message.sent else "received"
        require(
            entry,
            f"recorded, but not in the log: conversation {message.conversation}, "
            f"{message.direction} {verb} in {message.pid}/{message.tid}: {brief(message.data)} "
            + message.ancillary
            + (f" and {message.missing} missing" if message.missing else ""),
        )
        open_entries.remove(entry)
        matched.append((entry, message))
    return matched, open_entries


def check_order(matched):
    """No message before one that had ended when it began; each thread's in its own order."""
    last_of_thread = {}
    for entry, _ in matched:
        key = (entry.conversation, entry.tid, entry.sent)
        require(last_of_thread.get(key, -1) < entry.index, f"out of order: {entry}")
        last_of_thread[key] = entry.index
    earliest_end = {}
    for entry, _ in reversed(matched):
        end = earliest_end.get(entry.conversation, entry.after)
        require(entry.before <= end, f"told too early: {entry}")
        earliest_end[entry.conversation] = min(end, entry.after)


def check(view, log, path, fixture=None):
    recording = Recording(path)
    entries = read_log(log, view)
    matched, untold = match(entries, recording.messages)
    for entry in untold:
        require(entry.hard, f"in the log, but not recorded: {entry}")
    cut = [message for _, message in matched if message.missing or message.ancillary_cut]
    lost = sum(message.missing for message in cut) + sum(len(entry.data) for entry in untold)
    told = recording.lost
    said = told["bytes"] + told["bypassed"]
    require(said == lost, f"{said} bytes are said to be lost, but {lost} are")
    require(told["cut"] == len(cut), f"{told['cut']} are said to be cut, but {len(cut)} are")
    require(not told["unfollowed"] and not told["foreign"], f"not all is observed: {told}")
    check_order(matched)
    for entry, message in matched:
        require(
            entry.before - SLACK <= message.nanoseconds <= entry.after + SLACK,
            f"recorded at {message.nanoseconds}: {entry}",
        )
    if fixture:
        check_same(recording, fixture)
    print("incomplete" if untold or cut else "whole")


if __name__ == "__main__":
    try:
        check(*sys.argv[1:])
    except (Wrong, OSError, ValueError) as error:
        sys.exit(f"witness: {error}")
