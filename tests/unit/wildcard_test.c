/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Which lists of numbers match which: random ones, as a matcher does that tries everything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture/wildcard.h"
#include "tests/unit/random_talk.h"

enum { LISTS = 100000, NUMBERS = 5, TEXT_MAX = 64, MANY = 20000 };

/* A list, and one of another run. */
struct lists {
    uint8_t was_data[TEXT_MAX], is_data[TEXT_MAX];
    struct range ranges[2 * NUMBERS];
    struct said was, is;
};

static void add_digits(struct said *said, size_t count)
{
    while (count--)
        said->data[said->length++] = (uint8_t)('0' + below(10));
}

static void add_byte(struct said *said, char byte)
{
    said->data[said->length++] = (uint8_t)byte;
}

/* What stands in the place of a number in another run: another one, or any bytes. */
static void add_other(struct said *said, size_t length)
{
    if (below(8)) {
        add_digits(said, 1 + below(4));
        return;
    }
    for (size_t i = 0; i < length; i++)
        add_byte(said, "0123ab-.,:]"[below(11)]);
}

static void add_number(struct lists *lists, bool stars)
{
    static const struct range kinds[] = {
        {.kind = RANGE_BYTES}, {.kind = RANGE_COUNTER, .form = FORM_TEXT}, {.kind = RANGE_LENGTH}};
    struct said *was = &lists->was, *is = &lists->is;
    const size_t offset = was->length, length = 1 + below(4);

    add_digits(was, length);
    if (!below(4)) {
        memcpy(is->data + is->length, was->data + offset, length);
        is->length += length;
        return;
    }
    lists->ranges[was->ranges.count] = kinds[below(stars ? 3 : 2)];
    lists->ranges[was->ranges.count].offset = offset;
    lists->ranges[was->ranges.count++].length = length;
    add_other(is, length);
}

static void make_lists(struct lists *lists, bool stars)
{
    const char *separators = below(2) ? ",,," : ", :";
    const size_t count = 1 + below(NUMBERS);

    lists->was = (struct said){.data = lists->was_data, .ranges = {.items = lists->ranges}};
    lists->is = (struct said){.data = lists->is_data};
    add_byte(&lists->was, '[');
    add_byte(&lists->is, '[');
    for (size_t i = 0; i < count; i++) {
        const char behind = i + 1 < count ? separators[below(3)] : ']';

        add_number(lists, stars);
        add_byte(&lists->was, behind);
        add_byte(&lists->is, below(64) ? behind : '0');
    }
}

/* Does what is from the place on match what is in the pattern from the offset and the range on? */
static bool matches(const struct said *pattern, size_t offset, size_t range,
                    const struct said *data, size_t place)
{
    const struct range *here = &pattern->ranges.items[range];

    if (range < pattern->ranges.count && here->offset == offset) {
        for (size_t length = 0; length <= data->length - place; length++)
            if (wildcard_allows(pattern, here, data->data + place, length) &&
                matches(pattern, range_end(here), range + 1, data, place + length))
                return true;
        return false;
    }
    if (offset == pattern->length)
        return place == data->length;
    return place < data->length && pattern->data[offset] == data->data[place] &&
           matches(pattern, offset + 1, range, data, place + 1);
}

/* A stream that comes byte by byte begins with it as soon as it is there, and may until then. */
static bool begins(const struct said *pattern, const struct said *data)
{
    struct said stream = {.data = data->data};
    size_t taken;
    enum fit fit;

    do {
        fit = wildcard_begins(pattern, &stream, &taken);
    } while (fit == FIT_PART && stream.length++ < data->length);
    return fit == FIT_WHOLE && taken <= stream.length;
}

static void judge_lists(bool stars)
{
    size_t matching = 0;

    state = 0x2545f4914f6cdd1du;
    for (size_t i = 0; i < LISTS; i++) {
        struct lists lists;
        bool expected;

        make_lists(&lists, stars);
        expected = matches(&lists.was, 0, 0, &lists.is, 0);
        if (wildcard_match(&lists.was, &lists.is) != expected ||
            (expected && !begins(&lists.was, &lists.is)))
            fail_msg("list %zu: '%.*s' and '%.*s'", i, (int)lists.was.length,
                     (const char *)lists.was_data, (int)lists.is.length,
                     (const char *)lists.is_data);
        matching += expected;
    }
    assert_in_range(matching, LISTS / 4, LISTS - LISTS / 16);
}

static void matches_lists(void **test)
{
    (void)test;
    judge_lists(false);
}

static void matches_lists_with_words(void **test)
{
    (void)test;
    judge_lists(true);
}

static bool match_text(const char *was, struct range *ranges, size_t count, const char *is)
{
    const struct said pattern = {
        .data = (uint8_t *)was, .length = strlen(was), .ranges = {.items = ranges, .count = count}};
    const struct said data = {.data = (uint8_t *)is, .length = strlen(is)};

    return wildcard_match(&pattern, &data);
}

static void matches_what_was_empty(void **test)
{
    struct range empty = {.offset = 1, .kind = RANGE_LENGTH};

    (void)test;
    assert_true(match_text("ab", &empty, 1, "a12b"));
    assert_true(match_text("ab", &empty, 1, "ab"));
    assert_false(match_text("ab", &empty, 1, "12ab"));
}

/* A number may be as short as it was, and what varies right behind it begins there. */
static void matches_behind_the_shortest_number(void **test)
{
    struct range ranges[] = {{1, 1, RANGE_COUNTER, FORM_TEXT, .step = 1},
                             {.offset = 2, .length = 1, .kind = RANGE_LENGTH}};

    (void)test;
    assert_true(match_text("a7x9b", ranges, 2, "a79b"));
    assert_true(match_text("a7x9b", ranges, 2, "a7779b"));
    assert_false(match_text("a7x9b", ranges, 2, "a78b"));
}

/* Lists of many numbers, all of which are volatile, of three digits each and of one. */
static void matches_many(void **test)
{
    struct said was = {.data = malloc(4 * MANY + 1)}, is = {.data = malloc(2 * MANY + 1)};
    struct range *ranges = calloc(MANY, sizeof(*ranges));

    (void)test;
    assert_true(was.data && is.data && ranges);
    was.ranges = (struct ranges){.items = ranges, .count = MANY};
    for (size_t i = 0; i < MANY; i++) {
        ranges[i] = (struct range){.offset = was.length, .length = 3};
        add_digits(&was, 3);
        add_byte(&was, ',');
        add_digits(&is, 1);
        add_byte(&is, ',');
    }
    add_byte(&was, 'x');
    add_byte(&is, 'x');
    assert_true(wildcard_match(&was, &is));
    is.data[is.length - 1] = 'y';
    assert_false(wildcard_match(&was, &is));
    free(was.data);
    free(is.data);
    free(ranges);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_lists), cmocka_unit_test(matches_lists_with_words),
        cmocka_unit_test(matches_what_was_empty),
        cmocka_unit_test(matches_behind_the_shortest_number), cmocka_unit_test(matches_many)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
