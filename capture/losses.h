/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Counting what a recording lacks. */
#ifndef CAPTURE_LOSSES_H
#define CAPTURE_LOSSES_H

#include <stdbool.h>

#include "capture/backend.h"

/*
 * Counts a message of `whole` bytes as cut when fewer than asked for are there: `length` of them,
 * and asked for were the first `limit` (0: all).
 */
void losses_count(struct losses *losses, uint64_t whole, uint64_t length, uint64_t limit);

/* Adds up what two parts of the program counted. */
void losses_add(struct losses *losses, const struct losses *more);

/* Is anything lost? */
bool losses_any(const struct losses *losses);

#endif
