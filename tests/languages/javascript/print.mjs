// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
// Prints the exchanges of fixture.mjs as tests/rows.py does.
import * as fixture from "./fixture.mjs";

const spell = (side) => {
  const messages = Array.isArray(side) ? side : side === null ? [] : [side];
  for (const message of messages) if (!(message instanceof Uint8Array)) throw new TypeError(message);
  return messages.map((message) => Buffer.from(message).toString("hex") || "-").join(",") || "none";
};

const { TABLES } = fixture;
for (const row of [TABLES].flat()) console.log(spell(row.REQUEST), spell(row.RESPONSE));
