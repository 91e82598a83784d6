// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
// Prints the exchanges of fixture.cpp as tests/rows.py does.
#include "fixture.cpp"

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

static std::string spell(std::string_view message)
{
    std::string spelt = message.empty() ? "-" : "";
    for (unsigned char byte : message) {
        spelt += "0123456789abcdef"[byte >> 4];
        spelt += "0123456789abcdef"[byte & 15];
    }
    return spelt;
}

[[maybe_unused]] static std::string spell(const std::optional<std::string_view> &message)
{
    return message ? spell(*message) : "none";
}

[[maybe_unused]] static std::string spell(const std::vector<std::string_view> &messages)
{
    std::string spelt;
    for (auto message : messages)
        spelt += (spelt.empty() ? "" : ",") + spell(message);
    return spelt.empty() ? "none" : spelt;
}

template <typename Table> static void print(const Table &table)
{
    for (const auto &[name, request, response] : table)
        std::printf("%s %s\n", spell(request).c_str(), spell(response).c_str());
}

int main()
{
    using namespace fixture;
    TABLES
}
