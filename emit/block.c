/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "emit/block.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/pcapng.h"

enum { OPTION_MAX = 65535, ROOM_FIRST = 4096 };

void block_free(struct block *block)
{
    free(block->data);
    *block = (struct block){0};
}

static void append(struct block *block, const void *data, size_t length)
{
    size_t capacity = block->capacity ? block->capacity : ROOM_FIRST;
    uint8_t *grown;

    if (block->err || !length)
        return;
    while (capacity - block->length < length)
        capacity *= 2;
    if (capacity != block->capacity) {
        grown = realloc(block->data, capacity);
        if (!grown) {
            block->err = -ENOMEM;
            return;
        }
        block->data = grown;
        block->capacity = capacity;
    }
    memcpy(block->data + block->length, data, length);
    block->length += length;
}

void block_u16(struct block *block, uint16_t number)
{
    append(block, &number, sizeof(number));
}

void block_u32(struct block *block, uint32_t number)
{
    append(block, &number, sizeof(number));
}

void block_time(struct block *block, uint64_t time)
{
    block_u32(block, (uint32_t)(time >> 32));
    block_u32(block, (uint32_t)time);
}

void block_join(struct block *block, const void *first, size_t first_length, const void *second,
                size_t second_length)
{
    static const uint8_t zeros[3];

    append(block, first, first_length);
    append(block, second, second_length);
    append(block, zeros, -(first_length + second_length) % 4);
}

void block_bytes(struct block *block, const void *data, size_t length)
{
    block_join(block, data, length, NULL, 0);
}

void block_begin(struct block *block, uint32_t type)
{
    block->length = 0;
    block->err = 0;
    block_u32(block, type);
    block_u32(block, 0); /* its length, once that is known */
}

void block_option(struct block *block, uint16_t code, const void *data, size_t length)
{
    length = length < OPTION_MAX ? length : OPTION_MAX;
    block_u16(block, code);
    block_u16(block, (uint16_t)length);
    block_bytes(block, data, length);
}

void block_option_text(struct block *block, uint16_t code, const char *text)
{
    block_option(block, code, text, strlen(text));
}

void block_option_u32(struct block *block, uint16_t code, uint32_t number)
{
    block_option(block, code, &number, sizeof(number));
}

void block_option_u64(struct block *block, uint16_t code, uint64_t number)
{
    block_option(block, code, &number, sizeof(number));
}

int block_write(struct block *block, FILE *file)
{
    uint32_t length;

    block_option(block, PCAPNG_END, NULL, 0);
    length = (uint32_t)block->length + sizeof(length);
    block_u32(block, length);
    if (block->err)
        return block->err;
    memcpy(block->data + sizeof(uint32_t), &length, sizeof(length));
    errno = 0;
    if (fwrite(block->data, 1, block->length, file) < block->length)
        return errno ? -errno : -EIO;
    return 0;
}
