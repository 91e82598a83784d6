/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Random ranges, merged at once, are what they are when they are added one after the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "capture/range.h"

enum { LENGTH = 40, ROUNDS = 20000, MANY = 60000 };

static uint64_t state = 0x9e3779b97f4a7c15u;

static size_t below(size_t limit)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (size_t)(state % limit);
}

/* Few enough to leave gaps; some are redacted. */
static void make(struct ranges *out, size_t count, size_t shortest)
{
    static const enum range_kind kinds[] = {RANGE_BYTES, RANGE_PID, RANGE_REDACTED, RANGE_LENGTH};

    *out = (struct ranges){0};
    for (size_t i = 0; i < count; i++) {
        struct range range = {.offset = below(LENGTH), .kind = kinds[below(4)]};

        range.length = shortest + below(LENGTH - range.offset) / 4;
        assert_int_equal(ranges_add(out, range), 0);
    }
}

static void assert_in_order(const struct ranges *ranges)
{
    for (size_t i = 1; i < ranges->count; i++)
        assert_true(range_end(&ranges->items[i - 1]) <= ranges->items[i].offset);
}

static void assert_same(const struct ranges *one, const struct ranges *other)
{
    assert_int_equal(one->count, other->count);
    for (size_t i = 0; i < one->count; i++) {
        assert_int_equal(one->items[i].offset, other->items[i].offset);
        assert_int_equal(one->items[i].length, other->items[i].length);
        assert_int_equal(one->items[i].kind, other->items[i].kind);
    }
}

static void merges_as_it_adds(void **test)
{
    (void)test;
    for (size_t round = 0; round < ROUNDS; round++) {
        const size_t count = below(8);
        const uint64_t before = state;
        struct ranges merged, added, more;

        make(&merged, count, 0);
        state = before;
        make(&added, count, 0);
        make(&more, below(8), 1);
        assert_int_equal(ranges_copy(&added, &more), 0);
        assert_int_equal(ranges_merge(&merged, &more), 0);
        assert_in_order(&merged);
        assert_same(&added, &merged);
        ranges_free(&merged);
        ranges_free(&added);
        ranges_free(&more);
    }
}

/* What is behind the first ones would be copied for each, and take minutes. */
static void merges_many(void **test)
{
    struct ranges ranges = {0}, more = {0};
    const clock_t begin = clock();

    (void)test;
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(ranges_add(&ranges, (struct range){.offset = 4 * i, .length = 2}), 0);
        assert_int_equal(ranges_add(&more, (struct range){.offset = 4 * i + 2, .length = 2}), 0);
    }
    assert_int_equal(ranges_merge(&ranges, &more), 0);
    assert_int_equal(ranges.count, 2 * MANY);
    assert_in_order(&ranges);
    assert_true(clock() - begin < 5 * CLOCKS_PER_SEC);
    ranges_free(&ranges);
    ranges_free(&more);
}

static void removes_what_is_volatile(void **test)
{
    struct ranges ranges = {0};

    (void)test;
    assert_int_equal(ranges_add(&ranges, (struct range){.offset = 0, .length = 8}), 0);
    assert_int_equal(
        ranges_add(&ranges, (struct range){.offset = 4, .length = 2, .kind = RANGE_REDACTED}), 0);
    assert_int_equal(ranges_remove(&ranges, 2, 5), 0);
    assert_int_equal(ranges.count, 3);
    assert_int_equal(range_end(&ranges.items[0]), 2);
    assert_int_equal(ranges.items[1].kind, RANGE_REDACTED);
    assert_int_equal(ranges.items[1].offset, 4);
    assert_int_equal(ranges.items[2].offset, 7);
    ranges_free(&ranges);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(merges_as_it_adds),
                                       cmocka_unit_test(merges_many),
                                       cmocka_unit_test(removes_what_is_volatile)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
