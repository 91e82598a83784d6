/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Which conversations and exchanges of one table are those of another, recorded anew. */
#ifndef CAPTURE_ALIGNMENT_H
#define CAPTURE_ALIGNMENT_H

#include "capture/exchange.h"

/* The same exchange in both tables, or one that stands in one of them alone: the other is NULL. */
struct exchange_pair {
    struct exchange *a, *b;
};

/* The same for conversations; in the order of a, and what stands in b alone behind. */
struct conversation_pair {
    struct conversation_table *a, *b;
    struct exchange_pair *exchanges; /* in the order of both */
    size_t count;
};

struct alignment {
    struct conversation_pair *conversations;
    size_t count;
    bool coarse; /* of so many exchanges, others may be pairs that have more in common */
};

/*
 * Aligns the tables, which are kept, and not changed. Free *out with alignment_free().
 * Returns 0, or -ENOMEM and leaves *out alone.
 */
int alignment_new(struct alignment **out, const struct table *a, const struct table *b);
void alignment_free(struct alignment *alignment);

#endif
