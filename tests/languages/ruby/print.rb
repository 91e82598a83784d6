# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# frozen_string_literal: true

# Prints the exchanges of fixture.rb as tests/rows.py does.
require_relative "fixture"

def spell(side)
  messages = side.is_a?(Array) ? side : [side].compact
  messages.each { |message| raise message.encoding.to_s unless message.encoding == Encoding::BINARY }
  messages.empty? ? "none" : messages.map { |message| message.empty? ? "-" : message.unpack1("H*") }.join(",")
end

[TABLES].flatten(1).each { |row| puts "#{spell(row[:REQUEST])} #{spell(row[:RESPONSE])}" }
