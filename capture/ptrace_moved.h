/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What a traced call moved, taken from the memory of its thread. */
#ifndef CAPTURE_PTRACE_MOVED_H
#define CAPTURE_PTRACE_MOVED_H

#include <stddef.h>
#include <stdint.h>

#include "capture/backend.h"
#include "capture/ptrace_call.h"

/* One is used for all calls in turn. It begins all zero but for max_message and epoch; free it with
 * moved_free(). */
struct moved {
    struct moved_message *messages;
    size_t count, capacity;
    uint8_t *data;
    size_t length, size;
    size_t max_message; /* bytes of each message to take; 0: all */
    uint64_t epoch;     /* of the monotonic clock (capture/clock.h) */
    struct losses losses;
};

void moved_free(struct moved *moved);

/* Forgets what the last call moved. */
void moved_clear(struct moved *moved);

/* Has the vector that a readv() was given room for any byte? */
bool moved_has_room(const struct traced_call *call, const struct caller *caller);

/* Takes what a call that returned result, which is not below 0, has moved. Returns 0 or -ENOMEM. */
int moved_take(struct moved *moved, const struct traced_call *call, struct sockets *sockets,
               const struct caller *caller, size_t result);

/* Hands it on. Returns 0 or what the sink returned. */
int moved_deliver(struct moved *moved, const struct traced_call *call, const struct caller *caller,
                  const struct sink *sink);

#endif
