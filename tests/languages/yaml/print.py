#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Prints the exchanges of a fixture in YAML or TOML as tests/rows.py does: print.py FILE"""

import sys
import tomllib

import yaml


def read(path):
    with open(path, "rb") as file:
        return tomllib.load(file) if path.endswith(".toml") else yaml.safe_load(file)


def data_of(message):
    """A message has its text, or else its bytes."""
    data = "".join(message["text"]).encode() if "text" in message else bytes.fromhex(message["hex"])
    assert len(data) == message["length"] and {"text", "hex"} - message.keys()
    return data


def spell(side):
    return ",".join(data_of(message).hex() or "-" for message in side) or "none"


for conversation in read(sys.argv[1])["conversations"]:
    for exchange in conversation.get("exchanges", []):
        print(spell(exchange["requests"]), spell(exchange["responses"]))
