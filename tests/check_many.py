#!/usr/bin/python3 -SEs
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Checks what was recorded of tests/programs/many.c: every exchange there, in its place, paired right.

    check_many.py recording FILE CLIENTS EXCHANGES            nothing was lost
    check_many.py lossy-recording FILE CLIENTS EXCHANGES      all that is not there is counted as lost
    check_many.py fixture FILE.json CLIENTS EXCHANGES         the same of the emitted exchanges

Both ends are observed, so each message stands once. Prints how many messages were there and were lost.
"""

import base64
import mmap
import re
import sys

from recording import Wrong, read_lines, require

SAID = re.compile(rb"(ask|answer) ([0-9]+) ([0-9]+) \.*")


def text(verb, client, exchange):
    return b"%s %d %d %s" % (verb, client, exchange, b"." * ((client * 7 + exchange) % 32))


def turn_of(data):
    """A message's client, and its place in the conversation: two turns an exchange."""
    found = SAID.fullmatch(data)
    require(found, f"nobody said {data[:40]!r}")
    client, exchange = int(found[2]), int(found[3])
    require(data == text(found[1], client, exchange), f"nobody said {data[:40]!r}")
    return client, 2 * exchange + (found[1] == b"answer")


def expected_bytes(clients, exchanges):
    return sum(
        2 * len(text(b"ask", client, exchange)) + 3
        for client in range(clients)
        for exchange in range(exchanges)
    )


class Conversations:
    """Which client each conversation is, and what it says next."""

    def __init__(self, clients, exchanges):
        self.clients, self.turns = clients, 2 * exchanges
        self.client_of, self.next_turn = {}, {}

    def add(self, conversation, client, turn, lost):
        if conversation not in self.client_of:
            require(client < self.clients, f"there is no client {client}")
            require(client not in self.client_of.values(), f"client {client} has two conversations")
            self.client_of[conversation] = client
            self.next_turn[conversation] = 0
        require(
            self.client_of[conversation] == client,
            f"client {client} speaks in the conversation of {self.client_of[conversation]}",
        )
        require(
            turn == self.next_turn[conversation] + lost,
            f"client {client}: turn {turn} comes after turn {self.next_turn[conversation] - 1}, "
            f"with {lost} said to be lost",
        )
        require(turn < self.turns, f"client {client}: too many exchanges")
        self.next_turn[conversation] = turn + 1


def check_recording(path, clients, exchanges, lossy):
    conversations = Conversations(clients, exchanges)
    messages = size = missing = 0
    for number, line in read_lines(path):
        if number == 1:
            continue
        if "end" in line:
            lost = line["end"]["lost"]
            continue
        data = base64.b64decode(line["data"], validate=True)
        messages += 1
        size += len(data)
        missing += "missing" in line
        told = len(data) + line.get("missing", 0)
        require(line["length"] == told, f"line {number}: length is not {told}")
        require("missing" not in line or lossy, f"line {number}: bytes are missing")
        if "missing" in line:
            continue
        client, turn = turn_of(data)
        conversations.add(line["conversation"], client, turn, line.get("lost", 0))
        said = "response" if turn % 2 else "request"
        require(line["direction"] == said, f"line {number} is no {line['direction']}")
        require(line["call"] == "send", f"line {number} was not recorded where it was sent")
    total, total_bytes = 2 * clients * exchanges, expected_bytes(clients, exchanges)
    require(
        messages + lost["messages"] == total,
        f"{messages} recorded and {lost['messages']} lost are not {total} messages",
    )
    require(
        size + lost["bytes"] == total_bytes,
        f"{size} recorded and {lost['bytes']} lost are not {total_bytes} bytes",
    )
    require(lost["cut"] == missing, f"{lost['cut']} are said to be cut, but {missing} are")
    if not lossy:
        require(lost["messages"] == 0, f"{lost['messages']} messages were lost")
        require(len(conversations.client_of) == clients, "conversations are not one a client")
    print(messages, lost["messages"])


# What templates/json.mustache writes on a line of its own, as far as it is looked at here.
FIELD = re.compile(
    rb'^ *"(number|incomplete|requests|responses|base64|lost_requests|lost_responses)": '
    rb'("[^"]*"|[^,\n]*)',
    re.MULTILINE,
)


def check_fixture(path, clients, exchanges):
    conversations = Conversations(clients, exchanges)
    messages = conversation = 0
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        for found in FIELD.finditer(text):
            name, value = found[1], found[2]
            if name == b"number":
                conversation = int(value)
            elif name in (b"requests", b"responses"):
                require(value == b"[", f"conversation {conversation}: no {name.decode()}")
                parity, alone = name == b"responses", True
            elif name == b"base64":
                client, turn = turn_of(base64.b64decode(value[1:-1], validate=True))
                require(alone, f"client {client}: turn {turn} is not alone in its exchange")
                require(turn % 2 == parity, f"client {client}: turn {turn} is on the wrong side")
                conversations.add(conversation, client, turn, 0)
                messages, alone = messages + 1, False
            else:
                require(value in (b"0", b"false"), f"conversation {conversation}: {name.decode()}")
    total = 2 * clients * exchanges
    require(messages == total, f"{messages} are not {total} messages")
    require(len(conversations.client_of) == clients, "conversations are not one a client")
    print(messages, 0)


def main(kind, path, clients, exchanges):
    clients, exchanges = int(clients), int(exchanges)
    if kind == "fixture":
        check_fixture(path, clients, exchanges)
    else:
        check_recording(path, clients, exchanges, kind == "lossy-recording")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (Wrong, OSError, ValueError) as error:
        sys.exit(f"check_many: {error}")
