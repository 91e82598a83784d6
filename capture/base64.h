/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Base64 as in RFC 4648, section 4, with padding. */
#ifndef CAPTURE_BASE64_H
#define CAPTURE_BASE64_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Bytes that length bytes take in base64. */
static inline size_t base64_size(size_t length)
{
    return (length + 2) / 3 * 4;
}

/* The digits of each twelve bits: looking up two at once is twice as fast. */
struct base64_pairs {
    char digits[1 << 12][2];
};

void base64_pairs_init(struct base64_pairs *pairs);

/*
 * Writes data into text[base64_size(length)], without a NUL. Short data is written sooner without
 * pairs (NULL), as they need not be made.
 */
void base64_encode(char *text, const uint8_t *data, size_t length,
                   const struct base64_pairs *pairs);

/* Writes what text spells into data[size / 4 * 3]. Returns its length, or -EINVAL. */
ssize_t base64_decode(uint8_t *data, const char *text, size_t size);

#endif
