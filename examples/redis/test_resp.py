# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The bytes are recorded ones; what they mean stands here, a row for each exchange."""

import pytest

from recorded import EXCHANGES
from resp import Error, Incomplete, Status, decode, encode

OK = Status("OK")
QUEUED = Status("QUEUED")
ALL_BYTES = bytes(range(32))

MEANINGS = [
    # (what is asked, what is answered)
    (["FLUSHALL"], OK),
    (["SET", "greeting", "héllo\r\n"], OK),
    (["GET", "greeting"], "héllo\r\n".encode()),
    (["GET", "nothing"], None),
    (["SET", "bytes", ALL_BYTES], OK),
    (["RPUSH", "list", "one", "two", "three"], 3),
    (["LRANGE", "list", "0", "-1"], [b"one", b"two", b"three"]),
    (["INCR", "greeting"], Error("ERR value is not an integer or out of range")),
    (["INCRBY", "count", "-7"], -7),
    (["GET", "bytes"], ALL_BYTES),
    (["MULTI"], OK),
    (["GET", "nothing"], QUEUED),
    (["LPOP", "list", "2"], QUEUED),
    (["LPOP", "count"], QUEUED),
    (
        ["EXEC"],
        [
            None,
            [b"one", b"two"],
            Error("WRONGTYPE Operation against a key holding the wrong kind of value"),
        ],
    ),
    (
        ["PSETEX", "greeting"],
        Error("ERR wrong number of arguments for 'psetex' command"),
    ),
]


def test_every_exchange_has_a_meaning():
    assert len(EXCHANGES) == len(MEANINGS)


@pytest.mark.parametrize(
    "exchange, words, answer",
    [(exchange, *meaning) for exchange, meaning in zip(EXCHANGES, MEANINGS)],
    ids=[exchange.name for exchange in EXCHANGES],
)
class TestExchange:
    def test_request(self, exchange, words, answer):
        assert encode(*words) == exchange.request

    def test_response(self, exchange, words, answer):
        value, end = decode(exchange.response)
        assert (type(value), value) == (type(answer), answer)
        assert end == len(exchange.response)

    def test_a_part_is_incomplete(self, exchange, words, answer):
        for length in range(len(exchange.response)):
            with pytest.raises(Incomplete):
                decode(exchange.response[:length])


def test_a_stream_of_all_responses():
    stream = b"".join(exchange.response for exchange in EXCHANGES)
    start = 0
    for exchange, (_, answer) in zip(EXCHANGES, MEANINGS):
        value, start = decode(stream, start)
        assert value == answer, exchange.name
    assert start == len(stream)


@pytest.mark.parametrize(
    "data",
    [
        b"?\r\n",
        b"$x\r\n",
        b"$-2\r\n",
        b"*-2\r\n",
        b":one\r\n",
        b":1_0\r\n",
        b"$1\r\nabc",
    ],
)
def test_no_value(data):
    with pytest.raises(ValueError):
        decode(data)
