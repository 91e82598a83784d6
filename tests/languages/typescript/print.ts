// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
// Prints the exchanges of fixture.ts as tests/rows.py does.
import { type Exchange, TABLES } from "./fixture.js";

function spellOne(message: Uint8Array): string {
  let spelt = "";
  for (const byte of message) spelt += byte.toString(16).padStart(2, "0");
  return spelt || "-";
}

function spell(side: Uint8Array | readonly Uint8Array[] | null): string {
  const messages = side === null ? [] : side instanceof Uint8Array ? [side] : side;
  return messages.map(spellOne).join(",") || "none";
}

const tables: readonly (readonly Exchange[])[] = [TABLES];
for (const row of tables.flat()) console.log(spell(row.REQUEST), spell(row.RESPONSE));
