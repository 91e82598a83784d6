/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Sizes as people write them: 4096, 64K, 1M, 2G. */
#ifndef CAPTURE_SIZE_H
#define CAPTURE_SIZE_H

#include <stddef.h>

/* Puts the size that the text says in *out, in bytes. Returns 0 or -EINVAL. */
int size_parse(const char *text, size_t length, size_t *out);

#endif
