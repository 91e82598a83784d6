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
