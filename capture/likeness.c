/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/likeness.h"

#include <string.h>

static const struct said nothing;

/* Bytes that are equal at the same distance from the beginning, of the first `count`. */
static size_t equal_from_start(const struct said *a, const struct said *b, size_t count)
{
    size_t equal = 0;

    for (size_t i = 0; i < count; i++)
        equal += a->data[i] == b->data[i];
    return equal;
}

static size_t equal_from_end(const struct said *a, const struct said *b, size_t count)
{
    size_t equal = 0;

    for (size_t i = 1; i <= count; i++)
        equal += a->data[a->length - i] == b->data[b->length - i];
    return equal;
}

/* Bytes in which both begin and end alike. */
static size_t common_ends(const struct said *a, const struct said *b, size_t count)
{
    size_t first = 0, last = 0;

    while (first < count && a->data[first] == b->data[first])
        first++;
    while (last < count - first && a->data[a->length - 1 - last] == b->data[b->length - 1 - last])
        last++;
    return first + last;
}

/* Where the length varies, either end may be the one that bytes keep their distance from. */
static unsigned said_likeness(const struct said *a, const struct said *b, size_t most)
{
    const size_t shorter = a->length < b->length ? a->length : b->length;
    const size_t longer = a->length < b->length ? b->length : a->length;
    const size_t looked = shorter < most ? shorter : most;
    const size_t of = longer < most ? longer : most;
    size_t equal, other;

    if (longer == 0)
        return LIKENESS_SAME;
    equal = equal_from_start(a, b, looked);
    if (a->length != b->length) {
        other = equal_from_end(a, b, looked);
        equal = other > equal ? other : equal;
        other = common_ends(a, b, looked);
        equal = other > equal ? other : equal;
    }
    return (unsigned)(equal * LIKENESS_SAME / of);
}

static unsigned side_likeness(const struct side *a, const struct side *b, size_t most)
{
    const size_t longer = a->count > b->count ? a->count : b->count;
    size_t sum = 0;

    if (longer == 0)
        return LIKENESS_SAME;
    if (!a->count || !b->count)
        return 0;
    for (size_t i = 0; i < longer && i < 8; i++)
        sum += said_likeness(i < a->count ? &a->messages[i] : &nothing,
                             i < b->count ? &b->messages[i] : &nothing, most);
    return (unsigned)(sum / (longer < 8 ? longer : 8));
}

unsigned likeness(const struct exchange *a, const struct exchange *b, size_t most)
{
    /* What is asked for tells an exchange from another more than what is answered. */
    return (2 * side_likeness(&a->request, &b->request, most) +
            side_likeness(&a->response, &b->response, most)) /
           3;
}
