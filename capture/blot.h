/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A secret that was said stands in the command that said it, too, often in another shape. */
#ifndef CAPTURE_BLOT_H
#define CAPTURE_BLOT_H

#include <stddef.h>
#include <stdint.h>

/*
 * Puts filler in the place of the secret in the words, which end with NULL: as it was said, and
 * what its base64 holds; either may be percent-encoded in the words, or as it was said. What is
 * short is only looked for as a word by itself. Returns 0 or -ENOMEM.
 */
int blot(char **words, const uint8_t *secret, size_t length);

#endif
