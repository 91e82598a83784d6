/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Arenas: that blocks stay and keep what they hold, also when all of it has left memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture/arena.h"

enum { MIB = 1 << 20, BLOCKS = 40 };

static void assert_filled(const uint8_t *block, uint8_t with, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (block[i] != with)
            fail_msg("byte %zu is %d, not %d", i, block[i], with);
    }
}

static void blocks_are_zeroed_and_stay(void **state)
{
    struct arena *arena = arena_new();
    uint8_t *blocks[BLOCKS];

    (void)state;
    assert_non_null(arena);
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = arena_alloc(arena, 3 * MIB + i);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % 16, 0);
        assert_filled(blocks[i], 0, 3 * MIB + i);
        memset(blocks[i], (int)i + 1, 3 * MIB + i);
    }
    arena_rest(arena);
    for (size_t i = 0; i < BLOCKS; i++)
        assert_filled(blocks[i], (uint8_t)(i + 1), 3 * MIB + i);
    arena_free(arena);
}

static void a_block_grows(void **state)
{
    struct arena *arena = arena_new();
    uint8_t *block = NULL, *other, *larger;
    size_t size = 0;

    (void)state;
    assert_non_null(arena);
    for (size_t next = 1; next < 200 * (size_t)MIB; next *= 3) {
        larger = arena_grow(arena, block, size, next);
        assert_non_null(larger);
        block = larger;
        assert_filled(block + size, 0, next - size);
        memset(block + size, 7, next - size);
        size = next;
    }
    assert_filled(block, 7, size);
    /* The last one grows where it is; one that is not the last must leave the others alone. */
    other = arena_alloc(arena, 100);
    assert_ptr_equal(arena_grow(arena, other, 100, 1000), other);
    memset(other, 8, 1000);
    larger = arena_grow(arena, block, size, size + 1);
    assert_ptr_not_equal(larger, block);
    assert_filled(larger, 7, size);
    assert_filled(other, 8, 1000);
    arena_free(arena);
}

static void too_much_is_refused(void **state)
{
    struct arena *arena = arena_new();
    uint8_t *block;

    (void)state;
    assert_non_null(arena);
    assert_null(arena_alloc(arena, SIZE_MAX));
    assert_null(arena_alloc(arena, SIZE_MAX - 15));
    block = arena_alloc(arena, 10);
    assert_non_null(block);
    assert_null(arena_alloc(arena, SIZE_MAX));
    assert_null(arena_grow(arena, block, 10, SIZE_MAX - 1));
    assert_non_null(arena_alloc(arena, 0));
    arena_free(arena);
    arena_free(NULL);
    arena_rest(NULL);
}

/* Wherever there is no folder for a file, memory must do. */
static void without_a_folder(void **state)
{
    struct arena *arena;
    uint8_t *block;

    (void)state;
    assert_int_equal(setenv("TMPDIR", "/nonexistent", 1), 0);
    arena = arena_new();
    assert_non_null(arena);
    block = arena_alloc(arena, 20 * MIB);
    assert_non_null(block);
    memset(block, 1, 20 * MIB);
    arena_free(arena);
    unsetenv("TMPDIR");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_zeroed_and_stay),
        cmocka_unit_test(a_block_grows),
        cmocka_unit_test(too_much_is_refused),
        cmocka_unit_test(without_a_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
