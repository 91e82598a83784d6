#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""A server of which no two answers are the same, and the client that asks it.

    golden_server.py serve PATH     answers on the Unix socket PATH, until it is ended
    golden_server.py ask PATH       asks what the file PATH.asks lists, one word a line

A request is two bytes of the asker's own, a cookie of four random ones and the word; the answer has
the cookie, how often anything was asked, the time in seconds, and what is said to the word: what the
file PATH.WORD holds, and otherwise the word again. In that, %N is as many random letters as the
answers were before, and one more each time.
"""

import os
import random
import socket
import string
import struct
import sys
import time


def read(path, default):
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
            text = read(path + "." + word.decode(), word)
            letters = "".join(random.choice(string.ascii_letters) for _ in range(count))
            text = text.replace(b"%N", letters.encode())
            connection.send(request[2:6] + struct.pack(">HI", count, int(time.time())) + text)


def ask(path):
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection.connect(path)
    for word in read(path + ".asks", b"").split():
        connection.send(b"\x01\x02" + os.urandom(4) + word)
        connection.recv(1000)


if __name__ == "__main__":
    {"serve": serve, "ask": ask}[sys.argv[1]](sys.argv[2])
