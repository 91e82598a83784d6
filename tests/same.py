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

from recording import Recording, Wrong


# Tests in which the scheduler decides: how much a full socket takes, whose message comes first.
PIECES_VARY = "sends-that-take-a-part"
ORDER_VARIES = "many-threads-send-on-one-socket"


def plain_address(address):
    address = re.sub(r"/[^ ]*/work/", "", address)
    address = re.sub(r"^@[0-9a-f]{5}$", "@chosen by the kernel", address)
    return re.sub(r":[0-9]+$", ":port", address)


def plain_peer(message, both):
    """
    The kernel knows who is at the other end of a connection between Unix sockets. Of others it is
    known once they have been seen: which may be never, or after the first message.
    """
    peer = message.line["peer"]
    known = message.line["family"] == "unix" and (both or message.line["type"] != "dgram")
    return (
        plain_address(peer["address"]),
        peer.get("comm", "") if known else "",
        "pid" in peer if known else "",
    )


def plain_message(message, both):
    line = message.line
    return (
        message.direction,
        line["family"],
        line["type"],
        line["call"],
        line["comm"],
        plain_address(line["address"]),
        *plain_peer(message, both),
        message.lost,
        re.sub("credentials:[0-9/]*", "credentials:some", message.ancillary),
    )


def add_content(thread, facts, message, pieces_vary):
    """How much of a stream a call gets to read is as the moment has it: what counts is the bytes."""
    run = message.line["type"] == "stream" and (pieces_vary or not message.sent)
    if run and thread and thread[-1][0] == facts and not message.lost:
        thread[-1][1] += message.data.hex()
        thread[-1][2] += message.missing
    else:
        thread.append([facts, message.data.hex(), message.missing])


def plain(path):
    """What must be equal: for each conversation what each thread said, or was told, in order."""
    both = "-both-" in path
    pieces_vary = PIECES_VARY in path
    conversations = {}
    for message in Recording(path).messages:
        threads = conversations.setdefault(message.conversation, {})
        thread = threads.setdefault((message.direction, message.tid), [])
        add_content(thread, plain_message(message, both), message, pieces_vary)
    if ORDER_VARIES in path and not both:
        for threads in conversations.values():
            for thread in threads.values():
                forget_order(thread)
    return sorted(sorted(threads.values()) for threads in conversations.values())


def forget_order(thread):
    for said in thread:
        said[1] = bytes(sorted(bytes.fromhex(said[1]))).hex()
    thread.sort()


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
