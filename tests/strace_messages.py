#!/usr/bin/python3 -SEs
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Compares a recording with what strace saw of the same run.

    strace_messages.py client|server STRACE RECORDING [SOCKET]

STRACE is the output of `strace -f -yy -xx -s 65536` of the client, in which case it holds every
message of the recording (none of them empty) and no other, or of its server. SOCKET is a text that the descriptors
looked at have in what strace says of them; without it all sockets are.
"""

import re
import sys

from recording import Recording, Wrong, require

SENDS = {"write", "writev", "pwritev2", "sendto", "sendmsg", "sendmmsg"}
RECEIVES = {"read", "readv", "preadv2", "recvfrom", "recvmsg", "recvmmsg"}
STRING = r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?'
CALL = re.compile(r"(\w+)\(([0-9]+)<(.*?)>(?:, |\))(.*)\) += (-?[0-9]+|\?)(.*)")
# Not a message: a look at what is there, and the kernel's own reports.
NO_MESSAGE = re.compile(r"MSG_(PEEK|ERRQUEUE)(?![^{]*msg_flags)")


def unescape(text):
    return bytes.fromhex(text.replace("\\x", ""))


def whole_lines(path):
    """The trace's lines, with each call that another interrupted put together again."""
    begun = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            found = re.match(r"(?:\[pid +)?([0-9]+)?\]? *(.*)", line.rstrip("\n"))
            thread, text = found[1], found[2]
            if text.endswith("<unfinished ...>"):
                begun[thread] = text[: -len("<unfinished ...>")].rstrip()
                continue
            resumed = re.match(r"<\.\.\. \w+ resumed>(.*)", text)
            if resumed:
                start = begun.pop(thread, "")
                text = start + (" " if start.endswith(",") else "") + resumed[1].lstrip()
            yield text


def bytes_of(arguments, pattern):
    data = b""
    for string, cut in re.findall(pattern + STRING, arguments):
        require(not cut, "strace cut a string: give it a longer -s")
        data += unescape(string)
    return data


def messages_of(name, arguments, result):
    if name.endswith("mmsg"):
        parts = arguments.split("msg_hdr=")[1 : result + 1]
        for part in parts:
            length = int(re.search(r"\bmsg_len=([0-9]+)", part)[1])
            yield bytes_of(part, "iov_base=")[:length]
    elif name in ("sendmsg", "recvmsg", "writev", "readv", "preadv2", "pwritev2"):
        yield bytes_of(arguments, "iov_base=")[:result]
    else:
        yield bytes_of(arguments.split(", ", 1)[0], "")[:result]


def read_strace(path, socket):
    """(sent, bytes) of each message, in the trace's order."""
    for text in whole_lines(path):
        found = CALL.match(text)
        if not found or found[1] not in SENDS | RECEIVES or found[5] in ("-1", "?"):
            continue
        name, descriptor, arguments, result = found[1], found[3], found[4], int(found[5])
        what = re.sub(r"\\x([0-9a-f]{2})", lambda hex: chr(int(hex[1], 16)), descriptor)
        if not re.match(r"(UNIX|TCP|UDP|socket)", what) or socket not in what:
            continue
        if NO_MESSAGE.search(arguments):
            continue
        for data in messages_of(name, arguments, result):
            if data:
                yield name in SENDS, data


def check(side, trace, path, socket=""):
    seen = list(read_strace(trace, socket))
    recorded = [
        ((message.direction == "request") == (side == "client"), message.data)
        for message in Recording(path).messages
    ]
    require(seen, "strace saw nothing: the test shows nothing")
    if side == "client":
        compare("message", seen, recorded)
        return
    # What crosses on its way stands in another order at the other end.
    for sent in True, False:
        one = [data for verb, data in seen if verb == sent]
        compare("response" if sent else "request", one, [d for verb, d in recorded if verb == sent])


def compare(what, seen, recorded):
    for number, (one, other) in enumerate(zip(seen, recorded), 1):
        require(one == other, f"{what} {number}: strace saw {one}, recorded was {other}")
    require(len(seen) == len(recorded), f"strace saw {len(seen)}, recorded were {len(recorded)}")


if __name__ == "__main__":
    try:
        check(*sys.argv[1:])
    except (Wrong, OSError, ValueError) as error:
        sys.exit(f"strace_messages: {error}")
