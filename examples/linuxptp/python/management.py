# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The management messages of PTP, as IEEE 1588-2008 defines them in its clauses 13 and 15.

Data sets are tuples, each with its ID and its layout in the notation of struct; all numbers have
their highest byte first. Clocks are eight bytes, ports a clock and a number.
"""

import struct
from typing import NamedTuple, Optional

GET, SET, RESPONSE, COMMAND, ACKNOWLEDGE = range(5)

MESSAGE_TYPE = 0xD
VERSION = 2
CONTROL = 4
NO_INTERVAL = 0x7F
MANAGEMENT_TLV = 1


class Port(NamedTuple):
    clock: bytes
    number: int


EVERYONE = Port(b"\xff" * 8, 0xFFFF)


class DefaultDataSet(NamedTuple):
    """What a clock is."""

    flags: int  # 1: two steps; 2: slave only
    ports: int
    priority1: int
    clock_class: int
    accuracy: int
    variance: int
    priority2: int
    clock: bytes
    domain: int


class CurrentDataSet(NamedTuple):
    """How a clock stands to its master; times are in nanoseconds, times 65536."""

    steps_removed: int
    offset_from_master: int
    mean_path_delay: int


class ParentDataSet(NamedTuple):
    """What a clock knows of its master and of the grandmaster."""

    parent_clock: bytes
    parent_port: int
    statistics: int
    observed_variance: int
    observed_phase_change_rate: int
    grandmaster_priority1: int
    grandmaster_class: int
    grandmaster_accuracy: int
    grandmaster_variance: int
    grandmaster_priority2: int
    grandmaster: bytes


class PortDataSet(NamedTuple):
    """What a port is and how it is set up; intervals are powers of two of a second."""

    clock: bytes
    port: int
    state: int  # 6: master
    log_min_delay_req_interval: int
    peer_mean_path_delay: int
    log_announce_interval: int
    announce_receipt_timeout: int
    log_sync_interval: int
    delay_mechanism: int
    log_min_pdelay_req_interval: int
    version: int


# By ID.
DATA_SETS = {
    0x2000: (DefaultDataSet, struct.Struct(">BxHBBBHB8sBx")),
    0x2001: (CurrentDataSet, struct.Struct(">Hqq")),
    0x2002: (ParentDataSet, struct.Struct(">8sHBxHiBBBHB8s")),
    0x2004: (PortDataSet, struct.Struct(">8sHBbqbBbBbB")),
}
IDS = {data_set: id for id, (data_set, _) in DATA_SETS.items()}


class Message(NamedTuple):
    source: Port
    sequence: int  # a response has that of its request
    target: Port
    action: int
    data_set: type
    data: Optional[tuple] = None  # what is got has none
    domain: int = 0


# Of the header: type, version, length, domain, flags, correction, source, sequence, control, interval;
# of the management message: target, hops twice, action; of the TLV: type, length and ID.
HEAD = struct.Struct(">BBHBxHq4x8sHHBB8sHBBBxHHH")
# What the length of the TLV, which begins with the ID, does not count.
BEFORE_ID = HEAD.size - 2


def encode(message):
    """The bytes of a message. Without data there are zeros in its place, as pmc does it."""
    layout = DATA_SETS[IDS[message.data_set]][1]
    length = HEAD.size + layout.size
    head = HEAD.pack(
        *(MESSAGE_TYPE, VERSION, length, message.domain, 0, 0),
        *(*message.source, message.sequence, CONTROL, NO_INTERVAL),
        *(*message.target, 0, 0, message.action),
        *(MANAGEMENT_TLV, length - BEFORE_ID, IDS[message.data_set]),
    )
    return head + (layout.pack(*message.data) if message.data else bytes(layout.size))


def decode(data):
    """The message of these bytes. Raises ValueError if it is none, or of a kind not known here."""
    if len(data) < HEAD.size:
        raise ValueError(f"{len(data)} bytes, where {HEAD.size} are needed")
    fields = HEAD.unpack_from(data)
    kind, version, length, domain, _, _ = fields[:6]
    source, sequence = Port(*fields[6:8]), fields[8]
    target, action = Port(*fields[11:13]), fields[15] & 0xF
    tlv, tlv_length, id = fields[16:]
    # The upper halves have other meanings.
    if kind & 0xF != MESSAGE_TYPE or version & 0xF != VERSION:
        raise ValueError(f"no management message of PTP version {VERSION}")
    if tlv != MANAGEMENT_TLV or id not in DATA_SETS:
        raise ValueError(f"TLV {tlv} with ID {id:#x} is not known")
    data_set, layout = DATA_SETS[id]
    if not len(data) == length == tlv_length + BEFORE_ID == HEAD.size + layout.size:
        raise ValueError(f"lengths of {length} and {tlv_length} in {len(data)} bytes")
    values = None if action == GET else data_set(*layout.unpack_from(data, HEAD.size))
    return Message(source, sequence, target, action, data_set, values, domain)
