/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A number for bytes, where those that differ are told apart that nobody made to look the same. */
#ifndef CAPTURE_DIGEST_H
#define CAPTURE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

/* That of what came before, DIGEST_NONE for nothing, and of the bytes behind it (FNV-1a). */
#define DIGEST_NONE UINT64_C(0xcbf29ce484222325)

static inline uint64_t digest_more(uint64_t before, const void *data, size_t length)
{
    const uint8_t *bytes = data;

    for (size_t i = 0; i < length; i++)
        before = (before ^ bytes[i]) * UINT64_C(0x100000001b3);
    return before;
}

static inline uint64_t digest(const void *data, size_t length)
{
    return digest_more(DIGEST_NONE, data, length);
}

#endif
