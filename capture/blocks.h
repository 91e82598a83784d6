/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Which bytes of one message correspond to which of another, that says the same anew. */
#ifndef CAPTURE_BLOCKS_H
#define CAPTURE_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A part of message a and the part of message b that corresponds to it. When the two are of one
 * length, byte corresponds to byte, be they equal or not; else the length varies there.
 */
struct block {
    size_t a, a_length;
    size_t b, b_length;
};

/* Blocks that cover both messages from end to end; no two neighbours are of the same sort. */
struct blocks {
    struct block *items;
    size_t count;
    bool coarse; /* so much differs that a part was not looked into */
};

/*
 * Finds the blocks of two messages. What it takes of memory and time is bounded: where messages are
 * long and little is alike, the part in question becomes one block and `coarse` is set.
 * Returns 0, or -ENOMEM and leaves *out alone. Free it with blocks_free().
 */
int blocks_align(struct blocks *out, const uint8_t *a, size_t a_length, const uint8_t *b,
                 size_t b_length);
void blocks_free(struct blocks *blocks);

/* The same blocks as they are seen from b. Returns 0 or -ENOMEM. Free it with blocks_free(). */
int blocks_turn(struct blocks *out, const struct blocks *blocks);

static inline bool block_varies(const struct block *block)
{
    return block->a_length != block->b_length;
}

/*
 * Where in b the part of a begins, and ends, that begins or ends at that offset of a. At an edge of
 * a block whose length varies, that block is a part of it.
 */
size_t blocks_begin(const struct blocks *blocks, size_t offset);
size_t blocks_end(const struct blocks *blocks, size_t offset);

#endif
