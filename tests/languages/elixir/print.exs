# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Prints the exchanges of fixture.ex as tests/rows.py does.
defmodule Print do
  def spell(nil), do: "none"
  def spell([]), do: "none"
  def spell(""), do: "-"
  def spell(messages) when is_list(messages), do: Enum.map_join(messages, ",", &spell/1)
  def spell(message), do: Base.encode16(message, case: :lower)
end

for row <- Enum.concat([TABLES]) do
  IO.puts([Print.spell(row.REQUEST), " ", Print.spell(row.RESPONSE)])
end
