/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/range.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t range_number(const uint8_t *data, size_t size, enum range_form form)
{
    uint64_t number = 0;

    for (size_t i = 0; i < size; i++)
        number = number << 8 | data[form == FORM_BIG ? i : size - 1 - i];
    return number;
}

const char *const range_units[] = {"s", "ms", "us", "ns", "ntp", "ntp64", "date", NULL};

const char *range_kind_name(enum range_kind kind)
{
    static const char *const names[] = {
        [RANGE_BYTES] = "bytes",      [RANGE_LENGTH] = "length", [RANGE_ECHO] = "echo",
        [RANGE_COUNTER] = "counter",  [RANGE_TIME] = "time",     [RANGE_PID] = "pid",
        [RANGE_REDACTED] = "redacted"};

    return (size_t)kind < sizeof(names) / sizeof(*names) ? names[kind] : NULL;
}

const char *range_form_name(enum range_form form)
{
    static const char *const names[] = {
        [FORM_BIG] = "big", [FORM_LITTLE] = "little", [FORM_TEXT] = "text"};

    return (size_t)form < sizeof(names) / sizeof(*names) ? names[form] : NULL;
}

void ranges_free(struct ranges *ranges)
{
    free(ranges->items);
    *ranges = (struct ranges){0};
}

static bool overlaps(const struct range *range, size_t offset, size_t end)
{
    if (range->length == 0)
        return range->offset >= offset && range->offset <= end;
    return range->offset < end && range_end(range) > offset;
}

/* Appends to a list under way. What is cut off a range is only bytes. */
static void append(struct ranges *to, struct range range, size_t from, size_t end)
{
    if (from != range.offset || end != range_end(&range))
        range = (struct range){.kind = range.kind == RANGE_REDACTED ? RANGE_REDACTED : RANGE_BYTES};
    range.offset = from;
    range.length = end - from;
    to->items[to->count++] = range;
}

/* A list that is made anew, without the bytes of others, and with those in their place. */
struct remaking {
    struct ranges made;
    const struct ranges *others;
    size_t next; /* of the others, to be put in their place */
    bool adds;   /* false: what is volatile is only taken away */
};

static void append_others(struct remaking *remaking, size_t before)
{
    const struct ranges *others = remaking->others;

    for (; remaking->adds && remaking->next < others->count; remaking->next++) {
        const struct range *other = &others->items[remaking->next];

        if (range_end(other) > before)
            break;
        append(&remaking->made, *other, other->offset, range_end(other));
    }
}

static void append_part(struct remaking *remaking, const struct range *range, size_t from,
                        size_t end)
{
    append_others(remaking, from);
    append(&remaking->made, *range, from, end);
}

/* Appends what the others leave of the range; those before *first are before it. */
static void append_left(struct remaking *remaking, const struct range *range, size_t *first)
{
    const struct ranges *others = remaking->others;
    size_t from = range->offset;
    bool is_cut = false;

    while (*first < others->count && range_end(&others->items[*first]) < range->offset)
        ++*first;
    for (size_t i = *first; i < others->count; i++) {
        const struct range *other = &others->items[i];

        if (other->offset > range_end(range))
            break;
        if (!overlaps(range, other->offset, range_end(other)))
            continue;
        if (from < other->offset)
            append_part(remaking, range, from, other->offset);
        from = range_end(other);
        is_cut = true;
    }
    if (!is_cut || from < range_end(range))
        append_part(remaking, range, from, range_end(range));
}

static int remake(struct ranges *ranges, const struct ranges *others, bool adds)
{
    /* Each of the others cuts one range in two at most. */
    size_t room = ranges->count + 2 * others->count + 1, first = 0;
    struct remaking remaking = {.others = others, .adds = adds};

    remaking.made = (struct ranges){calloc(room, sizeof(*remaking.made.items)), 0, room};
    if (!remaking.made.items)
        return -ENOMEM;
    for (size_t i = 0; i < ranges->count; i++) {
        const struct range *range = &ranges->items[i];

        if (adds || range_is_volatile(range))
            append_left(&remaking, range, &first);
        else
            append_part(&remaking, range, range->offset, range_end(range));
    }
    append_others(&remaking, SIZE_MAX);
    free(ranges->items);
    *ranges = remaking.made;
    return 0;
}

/* Whether all that is there stands before the range, as when one after the other is added. */
static bool is_behind(const struct ranges *ranges, const struct range *range)
{
    const struct range *last = ranges->count ? &ranges->items[ranges->count - 1] : NULL;

    return !last || range_end(last) < range->offset ||
           (range_end(last) == range->offset && last->length);
}

static int add_behind(struct ranges *ranges, struct range range)
{
    size_t room = 2 * ranges->count + 1;

    if (ranges->count >= ranges->room) {
        struct range *more = realloc(ranges->items, room * sizeof(*more));

        if (!more)
            return -ENOMEM;
        ranges->items = more;
        ranges->room = room;
    }
    ranges->items[ranges->count++] = range;
    return 0;
}

int ranges_add(struct ranges *ranges, struct range range)
{
    if (is_behind(ranges, &range))
        return add_behind(ranges, range);
    return remake(ranges, &(struct ranges){&range, 1, 1}, true);
}

int ranges_merge(struct ranges *ranges, const struct ranges *from)
{
    return from->count ? remake(ranges, from, true) : 0;
}

int ranges_copy(struct ranges *to, const struct ranges *from)
{
    int err = 0;

    for (size_t i = 0; from && i < from->count && !err; i++)
        err = ranges_add(to, from->items[i]);
    return err;
}

int ranges_cut(struct ranges *to, const struct ranges *from, size_t length)
{
    int err = 0;

    for (size_t i = 0; i < from->count && from->items[i].offset < length && !err; i++) {
        struct range range = from->items[i];

        if (range_end(&range) > length)
            range = (struct range){
                .offset = range.offset,
                .length = length - range.offset,
                .kind = range.kind == RANGE_REDACTED ? RANGE_REDACTED : RANGE_BYTES,
            };
        err = ranges_add(to, range);
    }
    return err;
}

int ranges_remove(struct ranges *ranges, size_t offset, size_t length)
{
    struct range range = {.offset = offset, .length = length};

    return remake(ranges, &(struct ranges){&range, 1, 1}, false);
}

size_t ranges_from(const struct ranges *ranges, size_t offset)
{
    size_t low = 0, high = ranges->count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (range_end(&ranges->items[middle]) < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct range *ranges_find(const struct ranges *ranges, size_t offset)
{
    const size_t at = ranges_from(ranges, offset + 1);
    const struct range *range = at < ranges->count ? &ranges->items[at] : NULL;

    return range && range->offset <= offset && range_is_volatile(range) ? range : NULL;
}

/* A single byte has no order. */
static const char *form_text(const struct range *range)
{
    static const char *const texts[] = {
        [FORM_BIG] = "big-endian", [FORM_LITTLE] = "little-endian", [FORM_TEXT] = "as text"};

    return range->length == 1 && range->form != FORM_TEXT ? "one byte" : texts[range->form];
}

static const char *unit_text(const char *unit)
{
    static const char *const texts[][2] = {{"s", "seconds"},       {"ms", "milliseconds"},
                                           {"us", "microseconds"}, {"ns", "nanoseconds"},
                                           {"ntp", "NTP seconds"}, {"ntp64", "NTP, 64 bits"},
                                           {"date", "a date"}};

    for (size_t i = 0; unit && i < sizeof(texts) / sizeof(*texts); i++)
        if (strcmp(texts[i][0], unit) == 0)
            return texts[i][1];
    return "";
}

static void echo_text(const struct range *range, const char *what, char out[RANGE_TEXT_SIZE])
{
    char number[32] = "";

    if (range->echo_message)
        snprintf(number, sizeof(number), " %zu", range->echo_message + 1);
    snprintf(out, RANGE_TEXT_SIZE, "%s echoes request%s[%zu:%zu]", what, number, range->echo_offset,
             range->echo_offset + range->length);
}

void range_text(const struct range *range, const char *side, char out[RANGE_TEXT_SIZE])
{
    char what[64];

    snprintf(what, sizeof(what), "%s[%zu:%zu]", side, range->offset, range_end(range));
    switch (range->kind) {
    case RANGE_LENGTH:
        snprintf(out, RANGE_TEXT_SIZE, "%s varies in length", what);
        return;
    case RANGE_ECHO:
        echo_text(range, what, out);
        return;
    case RANGE_COUNTER:
        snprintf(out, RANGE_TEXT_SIZE, "%s counts by %" PRId64 " (%s)", what, range->step,
                 form_text(range));
        return;
    case RANGE_TIME:
        snprintf(out, RANGE_TEXT_SIZE, "%s is the time (%s, %s)", what, unit_text(range->unit),
                 form_text(range));
        return;
    case RANGE_PID:
        snprintf(out, RANGE_TEXT_SIZE, "%s is the client's pid (%s)", what, form_text(range));
        return;
    case RANGE_REDACTED:
        snprintf(out, RANGE_TEXT_SIZE, "%s is redacted", what);
        return;
    case RANGE_BYTES:
        break;
    }
    snprintf(out, RANGE_TEXT_SIZE, "%s varies", what);
}
