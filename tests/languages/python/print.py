# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Prints the exchanges of fixture.py as tests/rows.py does."""

import fixture


def spell(side):
    messages = side if isinstance(side, list) else [] if side is None else [side]
    return ",".join(message.hex() or "-" for message in messages) or "none"


for table in [TABLES]:
    for row in table:
        print(spell(row.REQUEST), spell(row.RESPONSE))
