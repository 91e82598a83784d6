# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The bytes are recorded ones; what they mean stands here, a row for each exchange."""

import pytest

from management import (
    EVERYONE,
    GET,
    RESPONSE,
    CurrentDataSet,
    DefaultDataSet,
    Message,
    ParentDataSet,
    Port,
    PortDataSet,
    decode,
    encode,
)
from pmc import PMC_1, PMC_2, PMC_3, PMC_4

EXCHANGES = PMC_1 + PMC_2 + PMC_3 + PMC_4

# That of a network interface without a MAC address, as loopback is.
CLOCK = bytes.fromhex("000000 fffe 000000")

MEANINGS = [
    # (what is answered, by which port)
    (
        DefaultDataSet(
            flags=1,
            ports=1,
            priority1=128,
            clock_class=248,
            accuracy=0xFE,
            variance=0xFFFF,
            priority2=128,
            clock=CLOCK,
            domain=0,
        ),
        0,
    ),
    (CurrentDataSet(steps_removed=0, offset_from_master=0, mean_path_delay=0), 0),
    (
        ParentDataSet(
            parent_clock=CLOCK,
            parent_port=0,
            statistics=0,
            observed_variance=0xFFFF,
            observed_phase_change_rate=0x7FFFFFFF,
            grandmaster_priority1=128,
            grandmaster_class=248,
            grandmaster_accuracy=0xFE,
            grandmaster_variance=0xFFFF,
            grandmaster_priority2=128,
            grandmaster=CLOCK,
        ),
        0,
    ),
    (
        PortDataSet(
            clock=CLOCK,
            port=1,
            state=6,
            log_min_delay_req_interval=0,
            peer_mean_path_delay=0,
            log_announce_interval=-3,
            announce_receipt_timeout=3,
            log_sync_interval=0,
            delay_mechanism=1,
            log_min_pdelay_req_interval=0,
            version=2,
        ),
        1,
    ),
]


def test_every_exchange_has_a_meaning():
    assert len(EXCHANGES) == len(MEANINGS)


@pytest.mark.parametrize(
    "exchange, data, port",
    [(exchange, *meaning) for exchange, meaning in zip(EXCHANGES, MEANINGS)],
    ids=[type(data).__name__ for data, _ in MEANINGS],
)
class TestExchange:
    def test_request(self, exchange, data, port):
        got = decode(exchange.request)
        # pmc takes the number of its process for its port.
        pmc = Port(bytes(8), got.source.number)
        assert got == Message(pmc, 0, EVERYONE, GET, type(data))
        assert encode(got) == exchange.request

    def test_response(self, exchange, data, port):
        got = decode(exchange.response)
        pmc = decode(exchange.request).source
        assert got == Message(Port(CLOCK, port), 0, pmc, RESPONSE, type(data), data)
        assert encode(got) == exchange.response

    def test_a_part_is_no_message(self, exchange, data, port):
        for length in range(len(exchange.response)):
            with pytest.raises(ValueError):
                decode(exchange.response[:length])
