/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What two messages have in common tells where the others of their bytes belong. */
#include "capture/blocks.h"

#include <errno.h>
#include <stdlib.h>

#include "capture/array.h"
#include "capture/matches.h"

enum { MATCH_MIN = 3 }; /* fewer bytes in common, amid what differs, are chance */

/* Adds a block; two of one length that follow each other are one. Returns 0 or -ENOMEM. */
static int add_block(struct blocks *blocks, struct block block)
{
    struct block *items = blocks->items;
    struct block *last = blocks->count ? &items[blocks->count - 1] : NULL;

    if (block.a_length == 0 && block.b_length == 0)
        return 0;
    if (last && !block_varies(last) && !block_varies(&block)) {
        last->a_length += block.a_length;
        last->b_length += block.b_length;
        return 0;
    }
    items = array_grow(items, blocks->count, sizeof(*items));
    if (!items)
        return -ENOMEM;
    blocks->items = items;
    items[blocks->count++] = block;
    return 0;
}

/* What both begin with, or end with, is never chance. */
static bool is_chance(const struct match *match, size_t a_length, size_t b_length)
{
    const bool begins = match->a == 0 && match->b == 0;
    const bool ends = match->a + match->length == a_length && match->b + match->length == b_length;

    return match->length < MATCH_MIN && !begins && !ends;
}

static int blocks_of(struct blocks *blocks, const struct matches *matches, size_t a_length,
                     size_t b_length)
{
    size_t a = 0, b = 0;
    int err = 0;

    for (size_t i = 0; i <= matches->count && !err; i++) {
        struct match end = {a_length, b_length, 0};
        struct match match = i < matches->count ? matches->items[i] : end;

        if (i < matches->count && is_chance(&match, a_length, b_length))
            continue;
        err = add_block(blocks, (struct block){a, match.a - a, b, match.b - b});
        if (!err)
            err = add_block(blocks, (struct block){match.a, match.length, match.b, match.length});
        a = match.a + match.length;
        b = match.b + match.length;
    }
    return err;
}

static int find_matches(struct matches *matches, struct match_range *range)
{
    const size_t a_length = range->a_to;
    int err;

    while (range->a_from < range->a_to && range->b_from < range->b_to &&
           range->a[range->a_from] == range->b[range->b_from]) {
        range->a_from++;
        range->b_from++;
    }
    while (range->a_to > range->a_from && range->b_to > range->b_from &&
           range->a[range->a_to - 1] == range->b[range->b_to - 1]) {
        range->a_to--;
        range->b_to--;
    }
    err = matches_add(matches, (struct match){0, 0, range->a_from});
    if (!err)
        err = matches_by_distance(matches, range);
    if (err == -E2BIG)
        err = matches_by_anchors(matches, range);
    if (!err)
        err =
            matches_add(matches, (struct match){range->a_to, range->b_to, a_length - range->a_to});
    return err;
}

int blocks_align(struct blocks *out, const uint8_t *a, size_t a_length, const uint8_t *b,
                 size_t b_length)
{
    struct match_range range = {.a = a, .b = b, .a_to = a_length, .b_to = b_length};
    struct matches matches = {0};
    struct blocks blocks = {0};
    int err = 0;

    if (a_length == b_length)
        err = add_block(&blocks, (struct block){0, a_length, 0, b_length});
    else
        err = find_matches(&matches, &range);
    if (!err && a_length != b_length)
        err = blocks_of(&blocks, &matches, a_length, b_length);
    blocks.coarse = matches.coarse;
    free(matches.items);
    if (err) {
        blocks_free(&blocks);
        return err;
    }
    *out = blocks;
    return 0;
}

void blocks_free(struct blocks *blocks)
{
    free(blocks->items);
    *blocks = (struct blocks){0};
}

int blocks_turn(struct blocks *out, const struct blocks *blocks)
{
    struct block *items = calloc(blocks->count + 1, sizeof(*items));

    if (!items)
        return -ENOMEM;
    for (size_t i = 0; i < blocks->count; i++) {
        const struct block *block = &blocks->items[i];

        items[i] = (struct block){block->b, block->b_length, block->a, block->a_length};
    }
    *out = (struct blocks){items, blocks->count, blocks->coarse};
    return 0;
}

size_t blocks_begin(const struct blocks *blocks, size_t offset)
{
    size_t low = 0, high = blocks->count;
    const struct block *block;

    /* The first block that does not end before the offset. */
    while (low < high) {
        size_t middle = (low + high) / 2;

        block = &blocks->items[middle];
        if (block->a + block->a_length < offset)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == blocks->count)
        return 0;
    block = &blocks->items[low];
    /* An end of bytes that correspond is the beginning of what follows. */
    if (block_varies(block))
        return block->a == offset ? block->b : block->b + block->b_length;
    return block->b + (offset - block->a);
}

size_t blocks_end(const struct blocks *blocks, size_t offset)
{
    size_t low = 0, high = blocks->count;
    const struct block *block;

    /* The last block that does not begin behind the offset. */
    while (low < high) {
        size_t middle = (low + high) / 2;

        if (blocks->items[middle].a <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return 0;
    block = &blocks->items[low - 1];
    if (block_varies(block))
        return block->a + block->a_length == offset ? block->b + block->b_length : block->b;
    return block->b + (offset - block->a);
}
