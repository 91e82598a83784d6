// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
// Prints the exchanges of the class Table as tests/rows.py does.
package fixture;

import java.io.PrintStream;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;

final class Print {
  private Print() {}

  static String spell(byte[] message) {
    if (message == null) {
      return "none";
    }
    return message.length == 0 ? "-" : HexFormat.of().formatHex(message);
  }

  static String spell(List<byte[]> messages) {
    return messages.isEmpty()
        ? "none"
        : messages.stream().map(Print::spell).collect(Collectors.joining(","));
  }

  public static void main(String[] arguments) {
    PrintStream out = new PrintStream(System.out, false);
    for (List<Table.Exchange> table : List.<List<Table.Exchange>>of(TABLES)) {
      for (Table.Exchange row : table) {
        out.println(spell(row.REQUEST()) + " " + spell(row.RESPONSE()));
      }
    }
    out.flush();
  }
}
