/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/likeness.h"

#include <string.h>

#include "capture/size.h"
#include "capture/wildcard.h"

enum { MESSAGES_MAX = 8 }; /* of a side that are looked at */

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

/* A byte of a message, and the range that it is in, or else the one behind it. */
struct place {
    const struct said *said;
    size_t range;
};

static struct place place_first(const struct said *said)
{
    return (struct place){said, 0};
}

static struct place place_last(const struct said *said)
{
    return (struct place){said, said->ranges.count};
}

/* It stands beside the one that was asked about before. */
static bool is_volatile(struct place *place, size_t at)
{
    const struct range *ranges = place->said->ranges.items;
    const size_t count = place->said->ranges.count;

    while (place->range && range_end(&ranges[place->range - 1]) > at)
        place->range--;
    while (place->range < count && range_end(&ranges[place->range]) <= at)
        place->range++;
    return place->range < count && ranges[place->range].offset <= at &&
           range_is_volatile(&ranges[place->range]);
}

static bool passes(struct place *a, size_t i, struct place *b, size_t j)
{
    return a->said->data[i] == b->said->data[j] || is_volatile(a, i) || is_volatile(b, j);
}

/* Bytes in which both begin and end alike, whatever is volatile. */
static size_t passing_ends(const struct said *a, const struct said *b, size_t count)
{
    struct place first_a = place_first(a), first_b = place_first(b);
    struct place last_a = place_last(a), last_b = place_last(b);
    size_t first = 0, last = 0;

    while (first < count && passes(&first_a, first, &first_b, first))
        first++;
    while (last < count - first &&
           passes(&last_a, a->length - 1 - last, &last_b, b->length - 1 - last))
        last++;
    return first + last;
}

/* How many of a message's first `most` bytes stand where their number varies; *any: if it does. */
static size_t count_varying(const struct said *said, size_t most, bool *any)
{
    size_t count = 0;

    *any = false;
    for (size_t i = 0; i < said->ranges.count; i++) {
        const struct range *range = &said->ranges.items[i];

        if (range_end(range) > most)
            break;
        if (!wildcard_varies(said, range))
            continue;
        *any = true;
        count += range->length;
    }
    return count;
}

/* May the longer one have the bytes more that it has? */
static bool lengths_pass(const struct said *shorter, const struct said *longer, size_t most)
{
    bool grows, shrinks;

    count_varying(shorter, most, &grows);
    return count_varying(longer, most, &shrinks) >= longer->length - shorter->length || grows;
}

/* Is nothing but what is volatile different in the bytes that are looked at? */
static bool differs_as_known(const struct said *a, const struct said *b, size_t most)
{
    const struct said *shorter = a->length < b->length ? a : b;
    const struct said *longer = shorter == a ? b : a;
    const size_t looked = size_min(shorter->length, most);

    return (a->ranges.count || b->ranges.count) && passing_ends(a, b, looked) == looked &&
           lengths_pass(shorter, longer, most);
}

/* Where the length varies, either end may be the one that bytes keep their distance from. */
static unsigned bytes_likeness(const struct said *a, const struct said *b, size_t most)
{
    const size_t shorter = size_min(a->length, b->length);
    const size_t longer = a->length < b->length ? b->length : a->length;
    const size_t looked = size_min(shorter, most);
    const size_t of = size_min(longer, most);
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

/* What differs as it is known to is alike, but not as much as what is the same. */
static unsigned said_likeness(const struct said *a, const struct said *b, size_t most)
{
    const unsigned alike = bytes_likeness(a, b, most);

    return alike < LIKENESS_SAME && differs_as_known(a, b, most) ? (alike + 3 * LIKENESS_SAME) / 4
                                                                 : alike;
}

static unsigned side_likeness(const struct side *a, const struct side *b, size_t most)
{
    const size_t longer = a->count > b->count ? a->count : b->count;
    const size_t looked = size_min(longer, MESSAGES_MAX);
    size_t sum = 0;

    if (longer == 0)
        return LIKENESS_SAME;
    if (!a->count || !b->count)
        return 0;
    for (size_t i = 0; i < looked; i++)
        sum += said_likeness(i < a->count ? &a->messages[i] : &nothing,
                             i < b->count ? &b->messages[i] : &nothing, most);
    return (unsigned)(sum / looked);
}

static bool same_lengths(const struct side *a, const struct side *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count && i < MESSAGES_MAX; i++)
        if (a->messages[i].length != b->messages[i].length)
            return false;
    return true;
}

unsigned likeness(const struct exchange *a, const struct exchange *b, size_t most)
{
    /* What is asked for tells an exchange from another more than what is answered. */
    const unsigned alike = (2 * side_likeness(&a->request, &b->request, most) +
                            side_likeness(&a->response, &b->response, most)) /
                           3;

    if (!same_lengths(&a->request, &b->request) || !same_lengths(&a->response, &b->response))
        return alike;
    return LIKENESS_LENGTHS + alike * (LIKENESS_SAME - LIKENESS_LENGTHS) / LIKENESS_SAME;
}
