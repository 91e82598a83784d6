/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* How much alike exchanges are, whatever in them is volatile. */
#ifndef CAPTURE_LIKENESS_H
#define CAPTURE_LIKENESS_H

#include "capture/exchange.h"

enum {
    LIKENESS_SAME = 1000,
    LIKENESS_LENGTHS = 201, /* of what has nothing in common but how long its messages are */
};

/*
 * From 0 to LIKENESS_SAME, by no more than `most` bytes at each end of a message. Where nothing
 * differs but what either says is volatile, it is nearly as good as the same.
 */
unsigned likeness(const struct exchange *a, const struct exchange *b, size_t most);

#endif
