/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/marks.h"

#include <errno.h>
#include <stdlib.h>

struct mark {
    uint64_t at;      /* of the range */
    uint64_t message; /* of the message that had it */
    struct range range;
};

struct marks_line {
    struct mark *items;
    size_t count, capacity;
};

/* Both by direction. */
struct marks {
    struct marks_line lines[2]; /* sorted by where the marks end, unless they are unsorted */
    bool unsorted[2];           /* the messages did not come in that order */
};

void marks_free(struct marks *marks)
{
    if (!marks)
        return;
    free(marks->lines[REQUEST].items);
    free(marks->lines[RESPONSE].items);
    free(marks);
}

static uint64_t mark_end(const struct mark *mark)
{
    return mark->at + mark->range.length;
}

static int line_add(struct marks_line *line, const struct mark *mark)
{
    if (line->count == line->capacity) {
        size_t capacity = line->capacity ? 2 * line->capacity : 8;
        struct mark *items = reallocarray(line->items, capacity, sizeof(*items));

        if (!items)
            return -ENOMEM;
        line->items = items;
        line->capacity = capacity;
    }
    line->items[line->count++] = *mark;
    return 0;
}

int marks_keep(struct marks **marks, enum direction direction, uint64_t at,
               const struct ranges *ranges)
{
    int err = 0;

    if (!ranges || !ranges->count)
        return 0;
    if (!*marks)
        *marks = calloc(1, sizeof(**marks));
    if (!*marks)
        return -ENOMEM;
    for (size_t i = 0; i < ranges->count && !err; i++) {
        struct marks_line *line = &(*marks)->lines[direction];
        struct mark mark = {at + ranges->items[i].offset, at, ranges->items[i]};

        if (line->count && line->items[line->count - 1].at > mark.at)
            (*marks)->unsorted[direction] = true;
        err = line_add(line, &mark);
    }
    return err;
}

/* The part of the mark that is in the message at that place; false when there is none. */
static bool cut(const struct mark *mark, uint64_t at, size_t length, struct range *out)
{
    const uint64_t end = at + length;
    uint64_t from = mark->at > at ? mark->at : at;
    uint64_t to = mark_end(mark) < end ? mark_end(mark) : end;

    if (from > to || (from == to && mark->range.length))
        return false;
    /* One without bytes, between two messages, belongs to that which it was recorded with. */
    if (from == to &&
        ((from == at && mark->message < at) || (from == end && length && mark->message == end)))
        return false;
    *out = mark->range;
    out->offset = from - at;
    out->length = to - from;
    if (out->kind == RANGE_ECHO)
        out->echo_offset += from - mark->at;
    return true;
}

/* Ranges that the border of a message has cut apart are one again. */
static bool continues(const struct range *last, const struct range *next, const struct mark *mark)
{
    return mark->at == mark->message && last->kind == next->kind &&
           range_end(last) == next->offset &&
           (next->kind != RANGE_ECHO || (last->echo_message == next->echo_message &&
                                         last->echo_offset + last->length == next->echo_offset));
}

/* The first mark that does not end before that place. */
static size_t first_from(const struct marks *marks, enum direction direction, uint64_t at)
{
    const struct marks_line *line = &marks->lines[direction];
    size_t low = 0, high = marks->unsorted[direction] ? 0 : line->count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (mark_end(&line->items[middle]) < at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int marks_cut(const struct marks *marks, enum direction direction, uint64_t at, size_t length,
              struct ranges *out)
{
    const struct marks_line *line;
    struct range range, *last;
    int err = 0;

    if (!marks)
        return 0;
    line = &marks->lines[direction];
    for (size_t i = first_from(marks, direction, at); i < line->count && !err; i++) {
        const struct mark *mark = &line->items[i];

        if (mark->at > at + length && !marks->unsorted[direction])
            break;
        if (!cut(mark, at, length, &range))
            continue;
        last = out->count ? &out->items[out->count - 1] : NULL;
        if (last && continues(last, &range, mark))
            last->length += range.length;
        else
            err = ranges_add(out, range);
    }
    return err;
}

static int place_in_side(const struct marks *marks, struct side *side, enum direction direction)
{
    int err = 0;

    for (size_t i = 0; i < side->count && !err; i++)
        err = marks_cut(marks, direction, side->messages[i].at, side->messages[i].length,
                        &side->messages[i].ranges);
    return err;
}

int marks_place(const struct marks *marks, struct conversation_table *conversation)
{
    int err = 0;

    for (size_t i = 0; i < conversation->count && !err; i++) {
        err = place_in_side(marks, &conversation->exchanges[i].request, REQUEST);
        if (!err)
            err = place_in_side(marks, &conversation->exchanges[i].response, RESPONSE);
    }
    return err;
}

static int collect_side(struct marks **marks, const struct side *side, enum direction direction)
{
    int err = 0;

    for (size_t i = 0; i < side->count && !err; i++)
        err = marks_keep(marks, direction, side->messages[i].at, &side->messages[i].ranges);
    return err;
}

static int compare(const void *a, const void *b)
{
    const struct mark *first = a, *second = b;

    if (first->at != second->at)
        return first->at < second->at ? -1 : 1;
    return (mark_end(first) > mark_end(second)) - (mark_end(first) < mark_end(second));
}

static void sort(struct marks *marks)
{
    for (size_t i = 0; i < 2; i++) {
        if (marks->unsorted[i])
            qsort(marks->lines[i].items, marks->lines[i].count, sizeof(struct mark), compare);
        marks->unsorted[i] = false;
    }
}

int marks_collect(struct marks **marks, const struct conversation_table *conversation)
{
    int err = 0;

    for (size_t i = 0; i < conversation->count && !err; i++) {
        err = collect_side(marks, &conversation->exchanges[i].request, REQUEST);
        if (!err)
            err = collect_side(marks, &conversation->exchanges[i].response, RESPONSE);
    }
    if (*marks)
        sort(*marks);
    return err;
}
