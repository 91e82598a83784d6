/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Builds one block of a pcapng file after another (capture/pcapng.h has the numbers). Numbers are
 * in this machine's byte order, which the format allows. What goes wrong is kept until the block is
 * written.
 */
#ifndef EMIT_BLOCK_H
#define EMIT_BLOCK_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* All zero to begin with; free it with block_free(). */
struct block {
    uint8_t *data;
    size_t length, capacity;
    int err;
};

void block_free(struct block *block);

/* Begins a block, and forgets the one before. */
void block_begin(struct block *block, uint32_t type);

void block_u16(struct block *block, uint16_t number);
void block_u32(struct block *block, uint32_t number);

/* A 64-bit number in two halves, the high one first, as times are. */
void block_time(struct block *block, uint64_t time);

/* Bytes, and zeros up to the next multiple of four. */
void block_bytes(struct block *block, const void *data, size_t length);

/* The same of two that belong together. */
void block_join(struct block *block, const void *first, size_t first_length, const void *second,
                size_t second_length);

/* An option; of what is longer than one can be, the beginning. */
void block_option(struct block *block, uint16_t code, const void *data, size_t length);
void block_option_text(struct block *block, uint16_t code, const char *text);
void block_option_u32(struct block *block, uint16_t code, uint32_t number);
void block_option_u64(struct block *block, uint16_t code, uint64_t number);

/* Ends the options and the block, and writes it. Returns 0 or -errno. */
int block_write(struct block *block, FILE *file);

#endif
