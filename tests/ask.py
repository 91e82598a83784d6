#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Asks, is answered, and then waits, for recordings that end before their command does.

    ask.py PATH [--asks N] [--log] [--done FILE] [--on-term FILE|ignore|ask]

A client in this process asks a server in it, on a stream socket at PATH, for N answers (3), each of which
comes in two messages. With --log a datagram goes to PATH.log beforehand, which nobody ever answers.
FILE is made when all is answered; then this waits for a signal, and upon SIGTERM makes the other FILE,
ignores it, or asks once more after half a second and ends.
"""

import argparse
import pathlib
import signal
import socket
import sys
import threading
import time


def serve(listener):
    connection = listener.accept()[0]
    while request := connection.recv(100):
        connection.sendall(b"to ")
        connection.sendall(request + b".")


def ask(client, number):
    client.sendall(b"ask %d" % number)
    answer = b""
    while not answer.endswith(b"."):
        answer += client.recv(100)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("path")
    parser.add_argument("--asks", type=int, default=3)
    parser.add_argument("--log", action="store_true")
    parser.add_argument("--done")
    parser.add_argument("--on-term")
    options = parser.parse_args()

    def on_term(*_):
        if options.on_term == "ask":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            time.sleep(0.5)
            ask(client, options.asks)
            sys.exit(0)
        if options.on_term != "ignore":
            pathlib.Path(options.on_term).touch()
            sys.exit(0)

    if options.on_term:
        signal.signal(signal.SIGTERM, on_term)
    if options.log:
        log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        log.bind(options.path + ".log")
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"a line", options.path + ".log")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(options.path)
    listener.listen()
    threading.Thread(target=serve, args=[listener], daemon=True).start()
    client = socket.socket(socket.AF_UNIX)
    client.connect(options.path)
    for i in range(options.asks):
        ask(client, i)
    if options.done:
        pathlib.Path(options.done).touch()
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
