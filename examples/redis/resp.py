# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""RESP, in which Redis is spoken to, in its version 2: https://redis.io/docs/reference/protocol-spec/

A value is None, an int, bytes, a list of values, or one of the two classes below.
"""

import re


class Status(str):
    """What begins with a plus sign: short, and no data, as in +OK."""


class Error(str):
    """What begins with a minus sign. It is a value, as one can stand among others."""


class Incomplete(Exception):
    """The bytes end before the value does."""


def encode(*words):
    """A command, as clients send it: an array of byte strings."""
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        word = word.encode() if isinstance(word, str) else word
        parts.append(b"$%d\r\n%s\r\n" % (len(word), word))
    return b"".join(parts)


def decode(data, start=0):
    """The value that begins there, and where it ends. Raises Incomplete or ValueError."""
    line, end = _line(data, start)
    kind, rest = line[:1], line[1:]
    if kind == b"+":
        return Status(rest.decode()), end
    if kind == b"-":
        return Error(rest.decode()), end
    if kind == b":":
        return _number(rest), end
    if kind == b"$":
        return _string(data, end, _count(rest))
    if kind == b"*":
        return _array(data, end, _count(rest))
    raise ValueError(f"no value begins with {kind!r}, at byte {start}")


def _line(data, start):
    end = data.find(b"\r\n", start)
    if end < 0:
        raise Incomplete
    return data[start:end], end + 2


def _number(text):
    if not re.fullmatch(rb"[+-]?[0-9]+", text):
        raise ValueError(f"{text!r} is no number")
    return int(text)


def _count(text):
    """How long a string or an array is; None, which is spelt -1, for one that is not there."""
    count = _number(text)
    if count < -1:
        raise ValueError(f"a length of {count}")
    return None if count == -1 else count


def _string(data, start, length):
    if length is None:
        return None, start
    end = start + length
    if len(data) < end + 2:
        raise Incomplete
    if data[end : end + 2] != b"\r\n":
        raise ValueError(f"a string of {length} bytes goes on at byte {end}")
    return data[start:end], end + 2


def _array(data, start, length):
    if length is None:
        return None, start
    values = []
    for _ in range(length):
        value, start = decode(data, start)
        values.append(value)
    return values, start
