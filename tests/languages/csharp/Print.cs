// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
// Prints the exchanges of fixture.cs as tests/rows.py does.
using System;
using System.IO;
using System.Linq;
using Fixture;

internal static class Print
{
    private static string Spell(byte[] message)
    {
        if (message == null)
            return "none";
        return message.Length == 0 ? "-" : BitConverter.ToString(message).Replace("-", "").ToLowerInvariant();
    }

    private static string Spell(byte[][] messages)
    {
        return messages.Length == 0 ? "none" : string.Join(",", messages.Select(Spell));
    }

    private static void Main()
    {
        using (var output = new StreamWriter(Console.OpenStandardOutput()))
        {
            foreach (var row in new TableExchange[][] { TABLES }.SelectMany(table => table))
                output.WriteLine(Spell(row.REQUEST) + " " + Spell(row.RESPONSE));
        }
    }
}
