/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A stream that keeps the memory of a long emission steady: now and then, as text passes, what was
 * read of the table for it so far may leave memory.
 */
#ifndef EMIT_STEADY_H
#define EMIT_STEADY_H

#include <stdio.h>

#include "capture/arena.h"

struct steady {
    FILE *out;
    const struct arena *arena;
    size_t passed; /* since the last rest */
};

/*
 * Returns a stream that writes to `out`, or NULL with errno set. *steady is the caller's and
 * outlives it; fclose() ends it, and leaves `out` open.
 */
FILE *steady_open(struct steady *steady, FILE *out, const struct arena *arena);

#endif
