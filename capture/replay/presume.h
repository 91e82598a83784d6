/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What varies, from one recording alone: bytes of requests that come back each time. */
#ifndef CAPTURE_REPLAY_PRESUME_H
#define CAPTURE_REPLAY_PRESUME_H

#include "capture/exchange.h"

enum { PRESUMED_MAX = 8 };

/* Does the table say of anything that it varies? */
bool presume_is_known(const struct table *table);

/*
 * Looks for bytes that are at the same place in every request, another number in each, and come
 * back at the same place of every response: a sequence number, that the client makes up. They are
 * marked as an echo, in a table that has no volatile range yet and several exchanges that show it.
 * Puts what it has found into `found`. Returns how many that is, or -ENOMEM.
 */
int presume_echoes(struct table *table, struct range found[PRESUMED_MAX]);

#endif
