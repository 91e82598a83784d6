#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""A server of which no two answers are the same, and the client that asks it.

    golden_server.py serve PATH     answers on the Unix socket PATH, until it is ended
    golden_server.py ask PATH       asks what the file PATH.asks lists, one word a line

A request is two bytes that stay as they are, a cookie of four that nobody can foretell and the word;
the answer has the cookie, how often anything was asked, the time in nanoseconds, and what is said to
the word: what the file PATH.WORD holds, and otherwise the word again. In that, %N is a letter, as
often as anything was asked. No byte of a cookie, nor a letter, is the same in the runs of a test:
what a test finds should not be up to chance.
"""

import hashlib
import os
import socket
import struct
import sys
import time


def read(path, default=b""):
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return default


def serve(path):
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(path + ".new")
    listener.listen()
    os.rename(path + ".new", path)
    count = 0
    while True:
        connection = listener.accept()[0]
        while request := connection.recv(1000):
            count += 1
            word = request[6:]
            letters = bytes([ord("a") + count % 26]) * count
            text = read(path + "." + word.decode(), word).replace(b"%N", letters)
            connection.send(request[2:6] + struct.pack(">HQ", count, time.time_ns()) + text)


def cookies(path):
    """Four bytes each, none of them text, nor the same as in another run."""
    run = len(read(path + ".runs"))
    with open(path + ".runs", "ab") as file:
        file.write(b".")
    for number in range(100):
        yield bytes((byte ^ run) | 0x80 for byte in hashlib.sha256(b"%d" % number).digest()[:4])


def ask(path):
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection.connect(path)
    for word, cookie in zip(read(path + ".asks").split(), cookies(path)):
        connection.send(b"\x01\x02" + cookie + word)
        connection.recv(1000)


if __name__ == "__main__":
    {"serve": serve, "ask": ask}[sys.argv[1]](sys.argv[2])
