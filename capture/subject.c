/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Where bytes differ they do so by value and by chance: a random number may have a byte that is the
 * same in every run. It is taken in where the text around it shows that it is part of one thing: a
 * decimal number is taken as a whole, a gap within hexadecimal digits or base64 is closed, and so
 * are those at the ends of a word of such digits. Binary numbers show no such thing, so there every
 * byte that is the same stays what it is.
 */
#include "capture/subject.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/array.h"

enum {
    GAP_MAX = 2,
    CHANCE_MAX = 3, /* so many digits may be repeated by chance: one word in 4096 does that */
    RANDOM_MIN = 6,
    DIFFERS = 1,
    VARIES = 2
};

void subject_free(struct subject *subject)
{
    for (size_t run = 1; subject->blocks && run < subject->runs; run++)
        blocks_free(&subject->blocks[run]);
    free(subject->blocks);
    free(subject->room);
    *subject = (struct subject){0};
}

bool subject_is_coarse(const struct subject *subject)
{
    for (size_t run = 1; run < subject->runs; run++)
        if (subject->blocks[run].coarse)
            return true;
    return false;
}

struct slice subject_slice(const struct subject *subject, size_t run, size_t offset, size_t length)
{
    size_t begin, end;

    if (run == 0)
        return (struct slice){subject->says[0]->data + offset, length};
    begin = blocks_begin(&subject->blocks[run], offset);
    end = blocks_end(&subject->blocks[run], offset + length);
    if (length == 0 && end < begin)
        end = begin;
    return (struct slice){subject->says[run]->data + begin, end - begin};
}

/* A place for every byte and one for the end; VARIES stands where bytes are in others alone. */
static void mark_differences(const struct subject *subject, size_t run, uint8_t *marks)
{
    const uint8_t *a = subject->says[0]->data, *b = subject->says[run]->data;

    for (size_t i = 0; i < subject->blocks[run].count; i++) {
        const struct block *block = &subject->blocks[run].items[i];

        if (block_varies(block)) {
            memset(marks + block->a, DIFFERS | VARIES, block->a_length);
            marks[block->a] |= VARIES;
            continue;
        }
        for (size_t j = 0; j < block->a_length; j++)
            marks[block->a + j] |= a[block->a + j] != b[block->b + j] ? DIFFERS : 0;
    }
}

static int add_interval(struct subject *subject, struct interval interval)
{
    struct interval *room = array_grow(subject->room, subject->count, sizeof(*room));

    if (!room)
        return -ENOMEM;
    subject->room = subject->intervals = room;
    room[subject->count++] = interval;
    return 0;
}

static int collect_intervals(struct subject *subject, const uint8_t *marks)
{
    const size_t length = subject->says[0]->length;
    int err = 0;

    for (size_t i = 0; i <= length && !err;) {
        struct interval interval = {.offset = i, .varies = marks[i] & VARIES};

        if (!marks[i]) {
            i++;
            continue;
        }
        while (i < length && (marks[i] & DIFFERS)) {
            interval.varies = interval.varies || (marks[i] & VARIES);
            i++;
        }
        if (marks[i] & VARIES) /* more may stand right behind it */
            interval.varies = true;
        interval.length = i - interval.offset;
        err = add_interval(subject, interval);
        i += !interval.length || (marks[i] & VARIES && !(marks[i] & DIFFERS));
    }
    return err;
}

/* Text */

static bool is_decimal(uint8_t byte)
{
    return isdigit(byte);
}

static bool is_hexadecimal(uint8_t byte)
{
    return isxdigit(byte);
}

static bool is_base64(uint8_t byte)
{
    return isalnum(byte) || (byte && strchr("+/=_-", byte));
}

static bool is_decimal_or_dash(uint8_t byte)
{
    return is_decimal(byte) || byte == '-';
}

/* As UUIDs are written. */
static bool is_hexadecimal_or_dash(uint8_t byte)
{
    return is_hexadecimal(byte) || byte == '-';
}

static bool all_are(struct slice slice, bool (*is)(uint8_t byte))
{
    for (size_t i = 0; i < slice.length; i++)
        if (!is(slice.data[i]))
            return false;
    return true;
}

static bool all_runs_are(const struct subject *subject, const struct interval *interval,
                         bool (*is)(uint8_t byte))
{
    for (size_t run = 0; run < subject->runs; run++)
        if (!all_are(subject_slice(subject, run, interval->offset, interval->length), is))
            return false;
    return true;
}

/* A decimal number of which a digit differs, or the number of digits, is another number. */
static void grow_number(const struct subject *subject, struct interval *interval)
{
    const struct said *said = subject->says[0];

    if (!all_runs_are(subject, interval, is_decimal))
        return;
    while (interval->offset > 0 && is_decimal(said->data[interval->offset - 1])) {
        interval->offset--;
        interval->length++;
    }
    while (interval->offset + interval->length < said->length &&
           is_decimal(said->data[interval->offset + interval->length]))
        interval->length++;
}

/* Can all other runs have the same digits there by chance? */
static bool is_chance(const struct subject *subject, size_t digits)
{
    return digits <= GAP_MAX && digits * (subject->runs - 1) <= CHANCE_MAX;
}

/* How many hexadecimal digits stand there, up to the end of a word; 0 when it is no short gap. */
static size_t gap_at_end(const struct subject *subject, size_t end)
{
    const struct said *said = subject->says[0];
    size_t gap = 0;

    while (end + gap < said->length && is_hexadecimal(said->data[end + gap]))
        gap++;
    if (end + gap < said->length && isalnum(said->data[end + gap]))
        return 0;
    return is_chance(subject, gap) ? gap : 0;
}

static size_t gap_at_begin(const struct subject *subject, size_t begin)
{
    const struct said *said = subject->says[0];
    size_t gap = 0;

    while (gap < begin && is_hexadecimal(said->data[begin - gap - 1]))
        gap++;
    if (gap < begin && isalnum(said->data[begin - gap - 1]))
        return 0;
    return is_chance(subject, gap) ? gap : 0;
}

/* A random word of hexadecimal digits may begin and end as in the other runs. */
static void grow_word(const struct subject *subject, struct interval *interval)
{
    size_t begin_gap;

    if (interval->varies || interval->length < RANDOM_MIN ||
        !all_runs_are(subject, interval, is_hexadecimal_or_dash) ||
        all_runs_are(subject, interval, is_decimal_or_dash))
        return;
    begin_gap = gap_at_begin(subject, interval->offset);
    interval->length += begin_gap + gap_at_end(subject, interval->offset + interval->length);
    interval->offset -= begin_gap;
}

/* How much must differ on both sides for what is between to be taken for a part of it. */
static bool is_one_word(const struct subject *subject, const struct interval *first,
                        const struct interval *second)
{
    const size_t gap = second->offset - (first->offset + first->length);
    const struct interval both = {first->offset, second->offset + second->length - first->offset,
                                  false};

    if (gap > GAP_MAX)
        return false;
    if (first->length + second->length > gap && all_runs_are(subject, &both, is_hexadecimal))
        return first->length >= 2 || second->length >= 2;
    return first->length >= 2 && second->length >= 2 && all_runs_are(subject, &both, is_base64);
}

static void join_intervals(struct subject *subject)
{
    size_t kept = 0;

    for (size_t i = 1; i < subject->count; i++) {
        struct interval *last = &subject->intervals[kept], *next = &subject->intervals[i];
        size_t end = last->offset + last->length;

        if (next->offset <= end || is_one_word(subject, last, next)) {
            if (next->offset + next->length > end)
                last->length = next->offset + next->length - last->offset;
            last->varies = last->varies || next->varies;
        } else {
            subject->intervals[++kept] = *next;
        }
    }
    if (subject->count)
        subject->count = kept + 1;
}

static void find_words(struct subject *subject)
{
    for (size_t i = 0; i < subject->count; i++)
        grow_number(subject, &subject->intervals[i]);
    join_intervals(subject);
    for (size_t i = 0; i < subject->count; i++)
        grow_word(subject, &subject->intervals[i]);
    join_intervals(subject);
}

int subject_new(struct subject *subject, const struct said **says, const struct run_facts *facts,
                size_t runs)
{
    uint8_t *marks = calloc(says[0]->length + 1, 1);
    int err = 0;

    *subject = (struct subject){.runs = runs, .says = says, .facts = facts};
    subject->blocks = calloc(runs, sizeof(*subject->blocks));
    if (!marks || !subject->blocks)
        err = -ENOMEM;
    for (size_t run = 1; run < runs && !err; run++) {
        err = blocks_align(&subject->blocks[run], says[0]->data, says[0]->length, says[run]->data,
                           says[run]->length);
        if (!err)
            mark_differences(subject, run, marks);
    }
    if (!err)
        err = collect_intervals(subject, marks);
    if (!err)
        find_words(subject);
    free(marks);
    if (err)
        subject_free(subject);
    return err;
}

/* Has the interval a byte of these, or does it stand among them without any? */
static bool touches(const struct interval *interval, size_t offset, size_t end)
{
    const size_t interval_end = interval->offset + interval->length;

    return interval->offset < end &&
           (interval_end > offset || (interval_end == offset && !interval->length));
}

/* What the interval has before and behind these bytes. Returns how many pieces that is. */
static size_t cut(const struct interval *interval, size_t offset, size_t end,
                  struct interval *pieces)
{
    const size_t interval_end = interval->offset + interval->length;
    size_t count = 0;

    if (interval->offset < offset)
        pieces[count++] = (struct interval){interval->offset, offset - interval->offset, false};
    if (interval_end > end)
        pieces[count++] = (struct interval){end, interval_end - end, false};
    return count;
}

/* Makes room before the first interval. */
static int make_room(struct subject *subject)
{
    const size_t count = subject->count;
    struct interval *room = reallocarray(NULL, count, 2 * sizeof(*room));

    if (!room)
        return -ENOMEM;
    memcpy(room + count, subject->intervals, count * sizeof(*room));
    free(subject->room);
    subject->room = room;
    subject->intervals = room + count;
    return 0;
}

/* What stands before them is moved, as it is mostly the first ones that are taken. */
static int replace(struct subject *subject, size_t first, size_t last,
                   const struct interval *pieces, size_t count)
{
    const size_t old = last - first;
    struct interval *begin;
    int err = count > old && subject->intervals == subject->room ? make_room(subject) : 0;

    if (err || !old)
        return err;
    begin = subject->intervals + old - count;
    memmove(begin, subject->intervals, first * sizeof(*begin));
    memcpy(begin + first, pieces, count * sizeof(*begin));
    subject->intervals = begin;
    subject->count = subject->count - old + count;
    return 0;
}

int subject_take(struct subject *subject, size_t offset, size_t length)
{
    const size_t end = offset + length;
    struct interval pieces[2]; /* of the first that it touches, and of the last */
    size_t first = 0, last, count = 0;

    while (first < subject->count && !touches(&subject->intervals[first], offset, end))
        first++;
    for (last = first; last < subject->count; last++) {
        if (!touches(&subject->intervals[last], offset, end))
            break;
        count += cut(&subject->intervals[last], offset, end, &pieces[count]);
    }
    return replace(subject, first, last, pieces, count);
}
