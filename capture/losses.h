/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Counting what a recording lacks. */
#ifndef CAPTURE_LOSSES_H
#define CAPTURE_LOSSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/backend.h"

/*
 * Counts a message of `whole` bytes as cut when fewer than asked for are there: `length` of them,
 * and asked for were the first `limit` (0: all).
 */
void losses_count(struct losses *losses, uint64_t whole, uint64_t length, uint64_t limit);

/* Where a recording has the counter. */
enum loss_place {
    LOSS_ALWAYS,
    LOSS_SINCE,  /* always, but in those that were made before there was one */
    LOSS_IF_ANY, /* where it is not 0: it is what the user asked for */
};

/* A counter, by the name that it has in a recording. */
struct loss {
    const char *name;
    size_t offset; /* in struct losses */
    enum loss_place place;
};

extern const struct loss loss_counters[]; /* ends with one that has no name */

/* The member of *losses that is the counter. */
uint64_t *losses_at(struct losses *losses, const struct loss *counter);
uint64_t losses_get(const struct losses *losses, const struct loss *counter);

/* Adds up what two parts of the program counted. */
void losses_add(struct losses *losses, const struct losses *more);

/* Is anything lost? */
bool losses_any(const struct losses *losses);

#endif
