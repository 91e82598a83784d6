/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A secret that was said stands in the command that said it, too, often in another shape. */
#ifndef CAPTURE_BLOT_H
#define CAPTURE_BLOT_H

#include <stddef.h>
#include <stdint.h>

/* The words of a command, and a copy of them that filler goes into; both end with NULL. */
struct blotting {
    char *const *words;
    char *const *filled;
    void *known; /* tree.h: what was looked for already; NULL to begin with */
};

/* Forgets what was looked for; the words stay the caller's. */
void blotting_free(struct blotting *blotting);

/*
 * Looks for the secret in the words, and puts filler in its place in the copy: as it was said, and
 * what its base64 holds; either may be percent-encoded in the words, or as it was said. What is
 * short is only looked for as a word by itself. No filler hides one secret from another. Returns 0
 * or -ENOMEM.
 */
int blot(struct blotting *blotting, const uint8_t *secret, size_t length);

#endif
