/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Runs of bytes that two messages have in common, in the same order in both. */
#ifndef CAPTURE_MATCHES_H
#define CAPTURE_MATCHES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct match {
    size_t a, b; /* where it begins in each */
    size_t length;
};

struct matches {
    struct match *items;
    size_t count;
    bool coarse; /* there may be more of them */
};

/* What is compared: a[a_from..a_to) with b[b_from..b_to). */
struct match_range {
    const uint8_t *a, *b;
    size_t a_from, a_to;
    size_t b_from, b_to;
};

/* Adds one behind the others; one of no length is none. Returns 0 or -ENOMEM. */
int matches_add(struct matches *matches, struct match match);

/* The next two add what the range has in common, in order. */

/* By the edit distance (Myers, 1986). Returns 0, -ENOMEM, or -E2BIG when too much differs. */
int matches_by_distance(struct matches *matches, const struct match_range *range);

/* By runs of bytes that stand in `a` once, and in between by distance. Returns 0 or -ENOMEM. */
int matches_by_anchors(struct matches *matches, const struct match_range *range);

#endif
