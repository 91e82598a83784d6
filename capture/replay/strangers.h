/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The requests that were made of a replayed server and that nobody knows, for a report on them. */
#ifndef CAPTURE_REPLAY_STRANGERS_H
#define CAPTURE_REPLAY_STRANGERS_H

#include "capture/difference.h"
#include "capture/replay/live.h"

/* So many are kept; more are counted. */
enum { STRANGERS_MAX = 64 };

struct strangers {
    struct table table;              /* a conversation of one exchange for each of them */
    struct conversation_pair *pairs; /* with what is most like it */
    size_t count;                    /* of all */
};

/* Adds one, copied. Returns 0 or -ENOMEM. */
int strangers_add(struct strangers *strangers, const struct script *script,
                  const struct unknown *unknown);
void strangers_free(struct strangers *strangers);

/*
 * How they differ from what is most like them, in the order of that. Returns 0 or -ENOMEM; free
 * *out with differences_free() before the strangers. No more are added then.
 */
int strangers_differences(struct differences *out, struct strangers *strangers,
                          const struct script *script);

#endif
