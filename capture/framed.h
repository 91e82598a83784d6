/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A stream conversation that is framed: cuts what each end says into frames, whatever pieces it
 * comes in, and puts them into the exchanges they belong to.
 */
#ifndef CAPTURE_FRAMED_H
#define CAPTURE_FRAMED_H

#include "capture/exchange.h"
#include "capture/frame.h"

struct framed;

/* Begins a conversation; framing must outlive it. Returns 0 and it in *out, or -ENOMEM. */
int framed_new(struct framed **out, const struct framing *framing);
void framed_free(struct framed *framed);

/* Who is told of frames instead of the conversation, of which there is then but what is wrong. */
struct framed_watcher {
    void *context;

    /*
     * A frame, or the next part of a run that is not framed; messages were lost before it.
     * Returns 0 or -errno.
     */
    int (*said)(void *context, size_t exchange, enum direction direction, const struct said *said,
                size_t lost);
};

/* Comes before the first message; watcher must outlive framed. */
void framed_watch(struct framed *framed, const struct framed_watcher *watcher);

/* Whether what is said in the direction is a run from now on, which a watcher is told in parts. */
bool framed_is_run(const struct framed *framed, enum direction direction);

/*
 * Adds the next message, and to the conversation the frames that are then known. From where bytes
 * cannot be framed on, what follows in that direction stands as it does without framing, and the
 * conversation says why. Returns 0 or -ENOMEM.
 */
int framed_add(struct framed *framed, struct conversation_table *conversation,
               const struct message *message);

/* The conversation is over: adds what is left. Returns 0 or -ENOMEM. */
int framed_finish(struct framed *framed, struct conversation_table *conversation);

#endif
