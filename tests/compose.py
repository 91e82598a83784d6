#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Prints the recording of a conversation that a script on standard input tells.

    > b"GET / HTTP/1.1\\r\\n"       a request: any Python expression for bytes
    < bytes(range(256))            a response
    2> b"PING"                     the same in conversation 2
    command chronyc ntpdata        what is recorded, as one would type it
    type dgram                     of the conversations that begin below; else it is stream
    server /run/x.sock             the same; this is the default
    missing 5                      so many bytes of the message above could not be read
    lost 2                         so many messages are lost right before the one below
    passes socket file             the message above passes these descriptors
    credentials 1 1000 100         and the credentials of this process, user and group
    volatile 4 2 {"kind": "pid", "form": "big"}
                                   of the message above, 2 bytes from the fifth on; or no kind
    redacted 6 3                   the same, of filler
    seen 2 3                       the message above was in 2 runs of 3
"""

import base64
import json
import re
import shlex
import sys

NOTHING = dict.fromkeys(["messages", "bytes", "cut", "unfollowed", "foreign", "bypassed"], 0)


def end_of(name, number, address=""):
    return {"pid": 10 + number, "comm": name, "inode": 100 + number, "address": address}


def carry(message, control):
    message.setdefault("ancillary", []).append(control)


def mark(message, name, what):
    message.setdefault(name, []).append(what)


def compose(script):
    state = {"command": "talk", "type": "stream", "server": "/run/x.sock"}
    messages, lost = [], 0
    for line in script:
        word, _, rest = line.strip().partition(" ")
        turn = re.fullmatch(r"(\d*)([<>])", word)
        if not word or word.startswith("#"):
            continue
        if word == "missing":
            messages[-1]["missing"] = int(rest)
            messages[-1]["length"] += int(rest)
        elif word == "lost":
            lost = int(rest)
        elif word == "passes":
            carry(messages[-1], {"descriptors": rest.split()})
        elif word == "credentials":
            pid, uid, gid = map(int, rest.split())
            carry(messages[-1], {"credentials": {"pid": pid, "uid": uid, "gid": gid}})
        elif word == "volatile":
            offset, length, *kind = rest.split(maxsplit=2)
            mark(messages[-1], word, [int(offset), int(length), *map(json.loads, kind)])
        elif word == "redacted":
            mark(messages[-1], word, [int(number) for number in rest.split()])
        elif word == "seen":
            messages[-1]["seen"] = [int(number) for number in rest.split()]
        elif not turn:
            state[word] = rest
        else:
            number, data = int(turn[1] or 1), eval(rest)
            client, server = end_of("client", 1), end_of("server", 2, state["server"])
            message = {
                "time": f"1700000000.{len(messages):09}",
                "conversation": number,
                "direction": "request" if turn[2] == ">" else "response",
                "family": "unix",
                "type": state["type"],
                "call": "send" if turn[2] == ">" else "receive",
                "tid": 11,
                **client,
                "peer": server,
                "length": len(data),
                "data": base64.b64encode(data).decode(),
                "text": "",
            }
            if lost:
                message["lost"], lost = lost, 0
            messages.append(message)
    return state["command"], messages


def main():
    command, messages = compose(sys.stdin)
    lost = dict(NOTHING)
    lost["bytes"] = sum(message.get("missing", 0) for message in messages)
    lost["cut"] = sum("missing" in message for message in messages)
    lost["messages"] = sum(message.get("lost", 0) for message in messages)
    header = {"format": "sockfixture-recording", "version": 1, "command": shlex.split(command)}
    for line in [
        {**header, "backend": "syscall", "lost": lost},
        *messages,
        {"end": {"messages": len(messages), "lost": lost}},
    ]:
        print(json.dumps(line))


if __name__ == "__main__":
    main()
