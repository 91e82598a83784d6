/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A recording made anew, in which only what truly differs is another than it was. */
#ifndef CAPTURE_REGENERATE_H
#define CAPTURE_REGENERATE_H

#include "capture/difference.h"
#include "capture/messages.h"

/* A recording in memory. */
struct version {
    struct messages *messages;
    struct table *table; /* of them */
};

/*
 * Gives the messages of `now` the ranges that those of `old` have, and what is there in some runs
 * only is still that. Returns 0 or -ENOMEM.
 */
int regenerate_ranges(const struct alignment *alignment);

/*
 * Gives the messages of `old` those ranges of `now` in which both differ and of which `old` knows
 * nothing. What it knows in part it keeps as it is, so that chance bytes, equal in some runs, do
 * not change it each time. Returns 0 or -ENOMEM.
 */
int regenerate_learn(const struct alignment *alignment);

/*
 * Puts into *out, which is empty, pointers to the messages of the new recording, in their order:
 * those of `old` where an exchange does not differ, those of `now` where it does. They are lent;
 * their conversations are numbered anew. Returns 0 or -ENOMEM; free out->items alone.
 */
int regenerate(struct messages *out, const struct version *old, const struct version *now,
               const struct alignment *alignment, const struct differences *differences);

#endif
