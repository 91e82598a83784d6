/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What counts as lost of a message, and what was not asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture/losses.h"

static void only_what_was_asked_for_can_be_lost(void **state)
{
    static const struct {
        uint64_t whole, length, limit;
        uint64_t cut, bytes;
    } cases[] = {
        {0, 0, 0, 0, 0}, {9, 9, 0, 0, 0}, {9, 5, 0, 1, 4}, {9, 0, 0, 1, 9},   {9, 9, 9, 0, 0},
        {9, 5, 5, 0, 0}, {9, 3, 5, 1, 2}, {9, 0, 5, 1, 5}, {9, 9, 100, 0, 0}, {9, 5, 100, 1, 4},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct losses losses = {.cut = 10, .bytes = 100};

        losses_count(&losses, cases[i].whole, cases[i].length, cases[i].limit);
        assert_int_equal(losses.cut, 10 + cases[i].cut);
        assert_int_equal(losses.bytes, 100 + cases[i].bytes);
    }
}

static void every_count_is_added(void **state)
{
    struct losses sum = {1, 2, 3, 4, 5, 6, 7, 8};
    static const struct losses more = {10, 20, 30, 40, 50, 60, 70, 80};
    static const struct losses expected = {11, 22, 33, 44, 55, 66, 77, 88};

    (void)state;
    losses_add(&sum, &more);
    assert_memory_equal(&sum, &expected, sizeof(sum));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_was_asked_for_can_be_lost),
        cmocka_unit_test(every_count_is_added),
    };

    return cmocka_run_group_tests_name("losses", tests, NULL, NULL);
}
