/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Turns what a backend tells of endpoints and calls into the messages of conversations: finds which
 * two ends belong together, keeps one view where both are observed, puts each conversation's
 * messages in the order in which they were said, and tells client from server.
 */
#ifndef CAPTURE_CONVERSATION_H
#define CAPTURE_CONVERSATION_H

#include "capture/backend.h"
#include "capture/message.h"

struct conversations;
struct patterns;

struct conversation_options {
    bool past; /* it was dumped by another tool: who was there cannot be looked up any more */
    const struct patterns *patterns; /* the end at one of these addresses is a server; or NULL */

    /* Gets every message, in its final order. Returns 0 or -errno. */
    int (*message)(void *context, const struct message *message);
    void *context;
};

/* Returns 0 and the empty set in *out, or -ENOMEM. Free it with conversations_free(). */
int conversations_new(struct conversations **out, const struct conversation_options *options);
void conversations_free(struct conversations *conversations);

/* The place where a backend puts what it finds; valid as long as the conversations are. */
const struct sink *conversations_sink(struct conversations *conversations);

/* No more will come: delivers what was held back for the sake of order. Returns 0 or -errno. */
int conversations_finish(struct conversations *conversations);

/*
 * How many datagrams are in no conversation though an observed endpoint received them: from
 * another, whose socket somebody sent them on who is not observed.
 */
uint64_t conversations_unsent(const struct conversations *conversations);

/* The same of what was received on connections: how many bytes. */
uint64_t conversations_unsent_bytes(const struct conversations *conversations);

#endif
