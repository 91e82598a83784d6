/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A datagram socket that has no address can get one in the call that sends, and the receiver may be
 * done with the message before that call returns and the address is told. This stage between
 * backend and conversations keeps what was received from an address that nobody was told of, and
 * what its receiver does then, until it is known whose address that is.
 */
#ifndef CAPTURE_LATE_H
#define CAPTURE_LATE_H

#include "capture/backend.h"

struct late;

/*
 * Makes a stage that passes on to next, which must outlive it. Returns 0 and the stage in *out, or
 * -ENOMEM. Free it with late_free().
 */
int late_new(struct late **out, const struct sink *next);
void late_free(struct late *late);

/* Where the backend puts what it finds; valid as long as the stage is. */
const struct sink *late_sink(struct late *late);

/* No more will come: passes on what is kept. Returns 0 or -errno. */
int late_finish(struct late *late);

#endif
