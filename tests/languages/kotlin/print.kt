// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
// Prints the exchanges of fixture.kt as tests/rows.py does.
package fixture

fun spell(message: ByteArray?): String = when {
    message == null -> "none"
    message.isEmpty() -> "-"
    else -> {
        val spelt = StringBuilder()
        for (byte in message) spelt.append("0123456789abcdef"[byte.toInt() shr 4 and 15])
            .append("0123456789abcdef"[byte.toInt() and 15])
        spelt.toString()
    }
}

fun spell(messages: List<ByteArray>): String =
    if (messages.isEmpty()) "none" else messages.joinToString(",") { spell(it) }

fun main() {
    val tables = listOf<List<TableExchange>>(TABLES)
    for (table in tables) for (row in table) println("${spell(row.REQUEST)} ${spell(row.RESPONSE)}")
}
