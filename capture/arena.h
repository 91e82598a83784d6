/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Memory for what grows with a recording. The first of it is ordinary memory; the rest is mapped
 * from a file without a name, so that the kernel can put it away, and gone with the process.
 */
#ifndef CAPTURE_ARENA_H
#define CAPTURE_ARENA_H

#include <stddef.h>

struct arena;

/* Returns an empty arena, to be freed with arena_free(), or NULL with errno set. */
struct arena *arena_new(void);

/* Frees all that was allocated in it. */
void arena_free(struct arena *arena);

/* Returns zeroed memory that stays where it is, or NULL with errno set: ENOMEM or ENOSPC. */
void *arena_alloc(struct arena *arena, size_t size);

/*
 * Returns a larger block with what stands in the old one, which may be NULL and is then done with;
 * the last block that was allocated is extended where it is, if there is room. NULL with errno set,
 * and then the old one stays.
 */
void *arena_grow(struct arena *arena, void *old, size_t old_size, size_t size);

/* Tells that so many bytes were read or written: after many, the arena rests by itself. */
void arena_touch(struct arena *arena, size_t size);

/*
 * What was touched so far may leave this process's memory until it is touched again: to be called
 * now and then by who goes through much of it. NULL is no arena.
 */
void arena_rest(const struct arena *arena);

#endif
