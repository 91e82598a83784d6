/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture/unnamed.h"

/* What small recordings need is never put in a file. */
enum { ALIGNMENT = 16, MEMORY = 8 << 20, CHUNK = 64 << 20, REST = 16 << 20 };

struct chunk {
    struct chunk *before;
    uint8_t *data;
    size_t size;
    size_t used;
    bool in_file;
};

struct arena {
    struct chunk *last;
    int file;         /* -1: there is none yet */
    bool no_file;     /* and there can be none */
    size_t file_size; /* what chunks take of it */
    size_t touched;   /* since the last rest */
};

struct arena *arena_new(void)
{
    struct arena *arena = calloc(1, sizeof(*arena));

    if (arena)
        arena->file = -1;
    return arena;
}

void arena_free(struct arena *arena)
{
    struct chunk *before;

    if (!arena)
        return;
    for (struct chunk *chunk = arena->last; chunk; chunk = before) {
        before = chunk->before;
        munmap(chunk->data, chunk->size);
        free(chunk);
    }
    if (arena->file >= 0)
        close(arena->file);
    free(arena);
}

static bool has_file(struct arena *arena)
{
    if (arena->file < 0 && !arena->no_file)
        arena->file = unnamed_open();
    arena->no_file = arena->file < 0;
    return !arena->no_file;
}

/* The blocks are there before they are mapped: a full disk is an error here, and no signal later.
 */
static void *map_file(struct arena *arena, size_t size)
{
    void *data;
    int err = posix_fallocate(arena->file, (off_t)arena->file_size, (off_t)size);

    if (err) {
        errno = err;
        return MAP_FAILED;
    }
    data =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, arena->file, (off_t)arena->file_size);
    if (data != MAP_FAILED)
        arena->file_size += size;
    return data;
}

static int add_chunk(struct arena *arena, size_t size)
{
    struct chunk *chunk = calloc(1, sizeof(*chunk));
    size_t least = arena->last ? CHUNK : MEMORY;

    if (!chunk)
        return -1;
    if (size > SIZE_MAX - CHUNK) {
        free(chunk);
        errno = ENOMEM;
        return -1;
    }
    chunk->size = (size + least - 1) / least * least;
    chunk->in_file = (arena->last || size > MEMORY) && has_file(arena);
    chunk->data = chunk->in_file ? map_file(arena, chunk->size)
                                 : mmap(NULL, chunk->size, PROT_READ | PROT_WRITE,
                                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (chunk->data == MAP_FAILED) {
        free(chunk);
        return -1;
    }
    chunk->before = arena->last;
    arena->last = chunk;
    return 0;
}

static size_t align(size_t size)
{
    return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

void arena_touch(struct arena *arena, size_t size)
{
    arena->touched += size;
    if (arena->touched > REST) {
        arena->touched = 0;
        arena_rest(arena);
    }
}

void *arena_alloc(struct arena *arena, size_t size)
{
    struct chunk *chunk = arena->last;
    void *block;

    if (!chunk || chunk->size - chunk->used < size || chunk->size - chunk->used < align(size)) {
        if (add_chunk(arena, size))
            return NULL;
        chunk = arena->last;
    }
    block = chunk->data + chunk->used;
    chunk->used += align(size);
    arena_touch(arena, size);
    return block;
}

/* Piece by piece, as both blocks may be larger than what should be in memory. */
static void copy(struct arena *arena, uint8_t *to, const uint8_t *from, size_t size)
{
    size_t piece;

    for (; size > 0; to += piece, from += piece, size -= piece) {
        piece = size < REST / 2 ? size : REST / 2;
        memcpy(to, from, piece);
        arena_touch(arena, 2 * piece);
    }
}

void *arena_grow(struct arena *arena, void *old, size_t old_size, size_t size)
{
    struct chunk *chunk = arena->last;
    void *block;

    if (old && (uint8_t *)old + align(old_size) == chunk->data + chunk->used &&
        size <= (size_t)(chunk->data + chunk->size - (uint8_t *)old)) {
        chunk->used = (size_t)((uint8_t *)old - chunk->data) + align(size);
        arena_touch(arena, size - old_size);
        return old;
    }
    block = arena_alloc(arena, size);
    if (block && old_size > 0)
        copy(arena, block, old, old_size);
    return block;
}

void arena_rest(const struct arena *arena)
{
    for (const struct chunk *chunk = arena ? arena->last : NULL; chunk; chunk = chunk->before) {
        if (chunk->in_file)
            madvise(chunk->data, chunk->size, MADV_DONTNEED);
    }
}
