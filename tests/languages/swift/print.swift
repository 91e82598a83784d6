// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
// Prints the exchanges of fixture.swift as tests/rows.py does.
@main
struct Print {
    static func spell(_ message: [UInt8]?) -> String {
        guard let message = message else { return "none" }
        if message.isEmpty { return "-" }
        let digits = Array("0123456789abcdef".utf8)
        var spelt: [UInt8] = []
        for byte in message {
            spelt.append(digits[Int(byte >> 4)])
            spelt.append(digits[Int(byte & 15)])
        }
        return String(decoding: spelt, as: UTF8.self)
    }

    static func spells(_ messages: [[UInt8]]) -> String {
        messages.isEmpty ? "none" : messages.map { spell($0) }.joined(separator: ",")
    }

    static func main() {
        let tables: [[TableExchange]] = [TABLES]
        for table in tables {
            for row in table { print(SPELL(row.REQUEST), SPELL(row.RESPONSE)) }
        }
    }
}
