// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
// Prints the exchanges of fixture.zig as tests/rows.py does.
const std = @import("std");
const fixture = @import("fixture.zig");

fn spell(out: anytype, message: ?[]const u8) !void {
    const bytes = message orelse return out.writeAll("none");
    if (bytes.len == 0) try out.writeAll("-");
    for (bytes) |byte| try out.print("{x:0>2}", .{byte});
}

fn spells(out: anytype, messages: []const []const u8) !void {
    if (messages.len == 0) try out.writeAll("none");
    for (messages, 0..) |message, i| {
        if (i > 0) try out.writeByte(',');
        try spell(out, message);
    }
}

pub fn main() !void {
    var buffered = std.io.bufferedWriter(std.io.getStdOut().writer());
    const out = buffered.writer();
    inline for (.{TABLES}) |table| {
        for (table) |row| {
            try SPELL(out, row.REQUEST);
            try out.writeByte(' ');
            try SPELL(out, row.RESPONSE);
            try out.writeByte('\n');
        }
    }
    try buffered.flush();
}
