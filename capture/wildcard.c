/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * As a shell matches a glob: a range whose length varies is a star, a volatile byte a question
 * mark. When something does not match, the last star takes one byte more.
 */
#include "capture/wildcard.h"

#include <ctype.h>

enum { STEPS_MAX = 1 << 24 };

static bool is_text(uint8_t byte)
{
    return isprint(byte) || isspace(byte);
}

/* A decimal number amid text has more digits in the one run, and fewer in the other. */
static bool is_decimal(const struct said *said, const struct range *range)
{
    const uint8_t *begin = said->data + range->offset, *end = said->data + range_end(range);

    if ((range->offset > 0 && (!is_text(begin[-1]) || isdigit(begin[-1]))) ||
        (range_end(range) < said->length && (!is_text(*end) || isdigit(*end))))
        return false;
    for (const uint8_t *byte = begin; byte < end; byte++)
        if (!isdigit(*byte))
            return false;
    return range->length > 0;
}

bool wildcard_varies(const struct said *said, const struct range *range)
{
    switch (range->kind) {
    case RANGE_LENGTH:
    case RANGE_ECHO:
        return true;
    case RANGE_COUNTER:
    case RANGE_TIME:
    case RANGE_PID:
        return range->form == FORM_TEXT;
    case RANGE_BYTES:
        return is_decimal(said, range);
    case RANGE_REDACTED:
        break;
    }
    return false;
}

/* A place in the pattern: at `offset`, before the range of that number if any is left. */
struct cursor {
    const struct said *said;
    size_t offset, range;
};

/* The volatile range that begins here or has begun; NULL when there is none. */
static const struct range *range_here(struct cursor *cursor)
{
    const struct ranges *ranges = &cursor->said->ranges;

    while (cursor->range < ranges->count) {
        const struct range *range = &ranges->items[cursor->range];

        if (range_is_volatile(range) && (range_end(range) > cursor->offset ||
                                         (range->length == 0 && range->offset == cursor->offset)))
            return range->offset <= cursor->offset ? range : NULL;
        cursor->range++;
    }
    return NULL;
}

bool wildcard_match(const struct said *pattern, const struct said *data)
{
    struct cursor at = {.said = pattern}, star = {0};
    size_t place = 0, star_place = 0;

    if (pattern->missing != data->missing)
        return false;
    for (size_t steps = 0; steps < STEPS_MAX; steps++) {
        const struct range *range = range_here(&at);

        if (range && wildcard_varies(pattern, range)) {
            at.offset = range_end(range);
            at.range++;
            star = at;
            star_place = place;
        } else if (at.offset < pattern->length && place < data->length &&
                   (range || pattern->data[at.offset] == data->data[place])) {
            at.offset++;
            place++;
        } else if (at.offset == pattern->length && place == data->length) {
            return true;
        } else if (star.said && star_place < data->length) {
            at = star;
            place = ++star_place;
        } else {
            return false;
        }
    }
    return false;
}
