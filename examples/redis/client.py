#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What is recorded: a client that asks Redis a question at a time, and then several at once."""

import socket
import sys

from resp import Incomplete, decode, encode


class Client:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.unread = b""

    def ask(self, *commands):
        """Sends all of the commands before it waits for the first answer."""
        self.socket.sendall(b"".join(encode(*command) for command in commands))
        return [self._answer() for _ in commands]

    def _answer(self):
        while True:
            try:
                value, end = decode(self.unread)
                break
            except Incomplete:
                more = self.socket.recv(4096)
                if not more:
                    raise ConnectionError("the server is gone")
                self.unread += more
        self.unread = self.unread[end:]
        return value


def main():
    client = Client(sys.argv[1])
    client.ask(("FLUSHALL",))
    client.ask(("SET", "greeting", "héllo\r\n"))
    client.ask(("GET", "greeting"))
    client.ask(("GET", "nothing"))
    client.ask(("SET", "bytes", bytes(range(32))))
    # A pipeline.
    client.ask(
        ("RPUSH", "list", "one", "two", "three"),
        ("LRANGE", "list", "0", "-1"),
        ("INCR", "greeting"),
        ("INCRBY", "count", "-7"),
        ("GET", "bytes"),
    )
    # A transaction, in which values of all kinds stand in one.
    client.ask(
        ("MULTI",),
        ("GET", "nothing"),
        ("LPOP", "list", "2"),
        ("LPOP", "count"),
        ("EXEC",),
    )
    client.ask(("PSETEX", "greeting"))


if __name__ == "__main__":
    main()
