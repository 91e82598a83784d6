/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Which conversations are wanted, and their numbers among those that are. */
#ifndef CAPTURE_SELECTION_H
#define CAPTURE_SELECTION_H

#include "capture/message.h"

struct patterns;
struct selection;

/*
 * Selects the conversations whose server is at an address asked for, all when none is, but those of
 * which either end is to be left out. The patterns must outlive the selection.
 * Returns 0 and the selection in *out, or -ENOMEM. Free it with selection_free().
 */
int selection_new(struct selection **out, const struct patterns *patterns);
void selection_free(struct selection *selection);

/*
 * Decides on a message and gives it the number that its conversation has among the selected.
 * Returns 1 when it is wanted, 0 when not, or -ENOMEM.
 */
int selection_take(struct selection *selection, struct message *message);

/* How many conversations were selected so far. */
uint32_t selection_count(const struct selection *selection);

#endif
