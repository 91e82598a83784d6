#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""An HTTP server on a Unix socket, made of Python's own, with each way to end a message.

    http_server.py PATH

The path of a request says what it gets: /length, /chunked, /close, /empty, /file (by sendfile), /upgrade.
"""

import http.server
import os
import socketserver
import sys
import tempfile


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "test", ""

    def address_string(self):
        return "unix"

    def log_message(self, *_):
        pass

    def read_chunks(self):
        while size := int(self.rfile.readline().split(b";")[0], 16):
            self.rfile.read(size + 2)
        while self.rfile.readline().strip():
            pass

    def read_body(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            self.read_chunks()
        else:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def answer(self, body, *headers, status=200):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def answer_file(self):
        with tempfile.TemporaryFile() as file:
            file.write(b"f" * 5000)
            file.flush()
            self.answer(b"", ("Content-Length", "5000"))
            os.sendfile(self.connection.fileno(), file.fileno(), 0, 5000)

    def do_GET(self):
        self.read_body()
        body = self.path.encode()
        if self.path == "/chunked":
            chunks = b"5;first\r\nchunk\r\n2\r\ned\r\n0\r\nTrailer: yes\r\n\r\n"
            self.answer(chunks, ("Transfer-Encoding", "chunked"))
        elif self.path == "/close":
            self.close_connection = True
            self.answer(b"until the end", ("Connection", "close"))
        elif self.path == "/empty":
            self.answer(b"", status=204)
        elif self.path == "/file":
            self.answer_file()
        elif self.path == "/upgrade":
            self.answer(b"", ("Connection", "Upgrade"), ("Upgrade", "echo"), status=101)
            self.wfile.write(self.rfile.readline())
            self.close_connection = True
        else:
            self.answer(body, ("Content-Length", str(len(body))))

    do_HEAD = do_PUT = do_POST = do_GET


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 64


if __name__ == "__main__":
    Server(sys.argv[1], Handler).serve_forever()
