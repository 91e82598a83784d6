/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "emit/lines.h"

#include <string.h>

#include "emit/escape.h"

size_t lines_readable(const uint8_t *data, size_t length)
{
    size_t size;
    size_t i;

    for (i = 0; i < length; i += size) {
        size = 1;
        if ((data[i] >= ' ' && data[i] <= '~') || data[i] == '\t' || data[i] == '\n' ||
            data[i] == '\r')
            continue;
        size = escape_visible((const char *)data + i, length - i);
        if (size == 0)
            break;
    }
    return i;
}

/* A newline that would stand alone in the next line may stick out of this one. */
static size_t take_newline(const uint8_t *data, size_t length, size_t end)
{
    if (end < length && data[end] == '\r' && end + 1 < length && data[end + 1] == '\n')
        return end + 2;
    return end < length && data[end] == '\n' ? end + 1 : end;
}

size_t lines_end(const struct line_rules *rules, const uint8_t *data, size_t length, size_t from)
{
    size_t fits =
        notation_fit(rules->notation, rules->also, data + from, length - from, rules->width);
    const uint8_t *newline = memchr(data + from, '\n', fits);
    size_t end;

    if (newline)
        return (size_t)(newline - data) + 1;
    end = take_newline(data, length, from + fits);
    if (end == length || end > from + fits)
        return end;
    for (size_t space = end; space > from + fits / 2; space--) {
        if (data[space - 1] == ' ')
            return space;
    }
    return end;
}
