/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Messages that are kept, as more is to be done with them than to write them down. */
#ifndef CAPTURE_MESSAGES_H
#define CAPTURE_MESSAGES_H

#include "capture/exchange.h"
#include "capture/message.h"

/* One of them, with all that it points to. Its bytes and ranges may be changed. */
struct kept_message {
    struct message message;
    struct end ends[2];
    uint8_t *data;
    struct ranges ranges;
    struct ancillary *ancillary;
    /* Known when a table was made of it. */
    uint64_t at;     /* its place, as conversation_table's position counts */
    size_t exchange; /* that it begins in, counted from 0; SIZE_MAX when there is none */
    bool whole;      /* no part of it is in another exchange */
};

struct messages {
    struct kept_message **items;
    size_t count;
};

/* Adds a copy. Returns 0 or -ENOMEM. */
int messages_add(struct messages *messages, const struct message *message);
void messages_free(struct messages *messages);

/*
 * The table of the messages, in *out; framing may be NULL, and must outlive it. Returns 0, or
 * -errno as table_add() does.
 */
int messages_table(const struct messages *messages, const struct framing *framing,
                   struct table **out);

/* Gives the messages what the table made of them knows of ranges and runs. Returns 0 or -ENOMEM. */
int messages_learn(struct messages *messages, const struct table *table);

/* When the first one was said, in nanoseconds since the epoch; 0 when there is none. */
uint64_t messages_time(const struct messages *messages);

#endif
