/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/echo.h"

#include <string.h>

enum { PART_MIN = 4, PLACES_MAX = 4096 };

/* Do these bytes of the response equal those of the request, in every run? */
static bool is_echo(const struct subject *response, size_t at, size_t length,
                    const struct subject *request, size_t from, size_t from_length)
{
    for (size_t run = 0; run < response->runs; run++) {
        struct slice there = subject_slice(request, run, from, from_length);
        struct slice here = subject_slice(response, run, at, length);

        if (here.length != there.length || here.length == 0 ||
            memcmp(here.data, there.data, here.length) != 0)
            return false;
    }
    return true;
}

static int take(struct subject *response, struct ranges *ranges, size_t at, size_t length,
                const struct echo_source *source, size_t from)
{
    int err = ranges_add(ranges, (struct range){.offset = at,
                                                .length = length,
                                                .kind = RANGE_ECHO,
                                                .echo_message = source->message,
                                                .echo_offset = from});

    return err ? err : subject_take(response, at, length);
}

/*
 * Looks where the first run has it, as that is found quickly. A single byte is chance, unless it is
 * all that differs there.
 */
static bool find_whole(const struct subject *response, const struct interval *interval,
                       const struct echo_source *source, const struct range *range, size_t *place)
{
    const struct said *first = response->says[0];
    const size_t length = range->length, interval_end = interval->offset + interval->length;
    const struct slice echo = subject_slice(source->subject, 0, range->offset, length);
    const size_t begin = interval->offset + 1 > length ? interval->offset + 1 - length : 0;
    size_t end = interval_end - begin < PLACES_MAX ? interval_end : begin + PLACES_MAX;

    if (length == 0 || length > first->length || (length == 1 && interval->length != 1))
        return false;
    end = end + length - 1 < first->length ? end + length - 1 : first->length;
    for (size_t at = begin; at + length <= end; at++) {
        const uint8_t *found = memmem(first->data + at, end - at, echo.data, length);

        if (!found)
            return false;
        at = (size_t)(found - first->data);
        if (is_echo(response, at, length, source->subject, range->offset, length)) {
            *place = at;
            return true;
        }
    }
    return false;
}

static int find_range(struct subject *response, const struct echo_source *source,
                      const struct range *range, struct ranges *ranges)
{
    size_t place = 0;
    int err = 0;

    for (size_t i = 0; i < response->count && !err;) {
        const struct interval interval = response->intervals[i];

        if (!find_whole(response, &interval, source, range, &place)) {
            i++;
            continue;
        }
        err = take(response, ranges, place, range->length, source, range->offset);
        i = 0; /* the intervals are others now, and have less in them */
    }
    return err;
}

/* A part of a range that comes back: the whole interval is found in it. */
static bool find_part(const struct subject *response, const struct interval *interval,
                      const struct echo_source *source, const struct range *range, size_t *place)
{
    if (interval->length < PART_MIN || interval->length > range->length)
        return false;
    for (size_t from = range->offset; from + interval->length <= range_end(range); from++) {
        if (from - range->offset == PLACES_MAX)
            break;
        if (is_echo(response, interval->offset, interval->length, source->subject, from,
                    interval->length)) {
            *place = from;
            return true;
        }
    }
    return false;
}

static int find_parts(struct subject *response, const struct echo_source *source,
                      const struct range *range, struct ranges *ranges)
{
    size_t place = 0;
    int err = 0;

    for (size_t i = 0; i < response->count && !err;) {
        const struct interval interval = response->intervals[i];

        if (find_part(response, &interval, source, range, &place))
            err = take(response, ranges, interval.offset, interval.length, source, place);
        else
            i++;
    }
    return err;
}

int echo_find(struct subject *response, const struct echo_source *source, struct ranges *ranges)
{
    int err = 0;

    for (size_t i = 0; i < source->ranges->count && !err; i++)
        err = find_range(response, source, &source->ranges->items[i], ranges);
    for (size_t i = 0; i < source->ranges->count && !err; i++)
        err = find_parts(response, source, &source->ranges->items[i], ranges);
    return err;
}
