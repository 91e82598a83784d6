/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A set of numbers is what the kernel side reads: a bit for each, in words of 64. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "bpf/message.h"
#include "capture/number_set.h"

static uint64_t word_at(int map, pid_t number)
{
    uint64_t word;
    off_t at = number / NUMBERS_IN_WORD * (off_t)sizeof(word);

    assert_int_equal(pread(map, &word, sizeof(word), at), sizeof(word));
    return word;
}

static void numbers_are_bits(void **state)
{
    int map = memfd_create("set", MFD_CLOEXEC);
    struct number_set *set;

    (void)state;
    assert_true(map >= 0);
    assert_int_equal(ftruncate(map, NUMBERS_MAX / 8), 0);
    set = number_set_open(map);
    assert_non_null(set);
    assert_int_equal(number_set_add(set, 1), 0);
    assert_int_equal(number_set_add(set, 63), 0);
    assert_int_equal(number_set_add(set, 64), 0);
    assert_int_equal(number_set_add(set, NUMBERS_MAX - 1), 0);
    assert_int_equal(number_set_add(set, NUMBERS_MAX), -ERANGE);
    assert_int_equal(number_set_add(set, -1), -ERANGE);
    number_set_close(set);
    assert_int_equal(word_at(map, 0), UINT64_C(1) << 63 | 2);
    assert_int_equal(word_at(map, 64), 1);
    assert_int_equal(word_at(map, NUMBERS_MAX - 1), UINT64_C(1) << 63);
    close(map);
}

static void without_a_map_there_is_none(void **state)
{
    (void)state;
    assert_null(number_set_open(-1));
    number_set_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_bits),
        cmocka_unit_test(without_a_map_there_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
