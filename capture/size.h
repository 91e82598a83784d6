/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Sizes: the smaller of two, and how people write them: 4096, 64K, 1M, 2G. */
#ifndef CAPTURE_SIZE_H
#define CAPTURE_SIZE_H

#include <stddef.h>

static inline size_t size_min(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Puts the size that the text says in *out, in bytes. Returns 0 or -EINVAL. */
int size_parse(const char *text, size_t length, size_t *out);

#endif
