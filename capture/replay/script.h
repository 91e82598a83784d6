/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A recording made ready to be replayed: what comes when, and what has been asked for so far. */
#ifndef CAPTURE_REPLAY_SCRIPT_H
#define CAPTURE_REPLAY_SCRIPT_H

#include "capture/exchange.h"
#include "capture/messages.h"

/* A part of a response that was sent in one go. */
struct reply {
    size_t message; /* which one of the response's, counted from 0 */
    size_t offset;  /* where in it the part begins; it ends where the next one does, or with it */
    size_t after;   /* how many of the request's messages were said before it */
    uint64_t delay; /* nanoseconds since what was said before it */
};

/* An exchange, and what became of it. */
struct scripted {
    const struct exchange *exchange;
    struct reply *replies; /* in their order; by message and offset */
    size_t count;
    size_t asked; /* how often it was asked for */
};

struct scripted_conversation {
    const struct conversation_table *conversation;
    struct scripted *exchanges; /* as many as the conversation has */
    size_t clients;             /* how many were given it */
};

struct script {
    const struct table *table;
    struct scripted_conversation *conversations; /* as many as the table has */
    size_t count;
    size_t longest; /* bytes of the longest message of a request */
};

/*
 * Makes the script of a table and the messages that the table was made of (messages_table()), which
 * must outlive it. What is redacted in a request matches anything from then on, in the table, too.
 * Returns 0, or -ENOMEM and leaves *out alone. Free it with script_free().
 */
int script_new(struct script **out, struct table *table, const struct messages *messages);
void script_free(struct script *script);

/* How many exchanges there are that can be asked for, and how many of them were. */
size_t script_exchanges(const struct script *script, size_t *asked);

/* Where the part of the response ends in the message that it is of. */
size_t reply_end(const struct scripted *scripted, size_t reply);

#endif
