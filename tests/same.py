#!/usr/bin/python3 -SEs
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Compares recordings of the same conversations that were made in different places.

    same.py FOLDER FOLDER...

A folder holds what the tests kept (SOCKFIXTURE_KEEP) of one backend on one kernel, a file for each
recording. Prints TAP, a test for each name of a file, which must be in all the folders. Recordings
are equal when they are but for times, pids, inodes, ports and the test's directory. Conversations
are compared without regard to which began first, and so are the threads that talk in one: there the
order is the scheduler's, and witness.py knows what it must not be.
"""

import os
import re
import sys

from recording import Recording, Wrong, join_unread


def plain_address(address):
    address = re.sub(r"/[^ ]*/work/", "", address)
    address = re.sub(r"^@[0-9a-f]{5}$", "@chosen by the kernel", address)
    return re.sub(r":[0-9]+$", ":port", address)


def plain_peer(peer):
    return tuple(
        plain_address(value) if name == "address" else value if name == "comm" else "some"
        for name, value in sorted(peer.items())
        if name in ("address", "comm", "pid")
    )


def plain_message(message):
    line = message.line
    return (
        message.direction,
        line["family"],
        line["type"],
        line["call"],
        line["comm"],
        plain_address(line["address"]),
        *plain_peer(line["peer"]),
        message.length,
        message.missing,
        message.lost,
        message.data.hex(),
        re.sub("credentials:[0-9]*", "credentials:some", message.ancillary),
    )


def plain(path):
    """What must be equal: for each conversation what each thread said, or was told, in order."""
    recording = Recording(path)
    conversations = {}
    for message in join_unread(recording.messages):
        threads = conversations.setdefault(message.conversation, {})
        threads.setdefault((message.direction, message.tid), []).append(plain_message(message))
    return sorted(sorted(threads.values()) for threads in conversations.values())


def first_difference(one, other):
    if len(one) != len(other):
        return f"{len(one)} conversations, and {len(other)}"
    for mine, yours in zip(one, other):
        if len(mine) != len(yours):
            return f"{len(mine)} threads talk, and {len(yours)}"
        for said, heard in zip(mine, yours):
            if len(said) != len(heard):
                return f"{len(said)} messages, and {len(heard)}"
            for left, right in zip(said, heard):
                if left != right:
                    return f"{str(left)[:500]}, and {str(right)[:500]}"
    return "nothing"


def compare(name, folders):
    """Returns what is wrong with the recordings of that name; nothing when they are equal."""
    first = None
    for folder in folders:
        path = os.path.join(folder, name)
        try:
            content = plain(path)
        except (Wrong, OSError, ValueError) as error:
            return f"{path}: {error}"
        if first is None:
            first = content
        elif content != first:
            return f"{folders[0]} and {folder} differ: {first_difference(first, content)}"
    return None


def main(folders):
    names = sorted(set().union(*(os.listdir(folder) for folder in folders)))
    failed = not names or len(folders) < 2
    print(f"1..{len(names)}")
    for number, name in enumerate(names, 1):
        wrong = compare(name, folders)
        print(f"{'not ok' if wrong else 'ok'} {number} {len(folders)} equal recordings: {name}")
        if wrong:
            print(f"# {wrong}")
            failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
