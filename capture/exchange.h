/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Pairs the messages of each conversation into exchanges: the rows of the test table. */
#ifndef CAPTURE_EXCHANGE_H
#define CAPTURE_EXCHANGE_H

#include "capture/arena.h"
#include "capture/message.h"

/*
 * Bytes said in one go: a datagram or a record; of a stream, all until the other side speaks, or
 * until bytes are missing.
 */
struct said {
    uint8_t *data;
    size_t length;
    size_t capacity;
    size_t missing; /* bytes of it that could not be read */
};

/* What one end said in an exchange. No message at all is not the same as one empty message. */
struct side {
    struct said *messages;
    size_t count;
    size_t lost; /* messages known to have been lost here */
};

struct exchange {
    struct side request;
    struct side response;
};

struct conversation_table {
    int family;
    int type; /* SOCK_STREAM, SOCK_DGRAM or SOCK_SEQPACKET */
    struct end client;
    struct end server;
    struct exchange *exchanges;
    size_t count;
};

/* Who goes through many exchanges lets the table's arena rest after so many. */
enum { TABLE_REST = 256 };

/* All conversations of a recording, in the order in which they began. */
struct table {
    struct conversation_table *conversations;
    size_t count;
    struct arena *arena; /* of all that it holds */
};

/*
 * Starts an empty table in *out. Free it with table_free().
 * Returns 0, or -ENOMEM and leaves *out alone.
 */
int table_new(struct table **out);
void table_free(struct table *table);

/*
 * Adds the next message; a conversation's messages come in their order, conversations may be mixed.
 * Copies what it keeps. Returns 0, -ENOMEM or -ENOSPC; -EINVAL when message->conversation skips a
 * number.
 */
int table_add(struct table *table, const struct message *message);

/* How many exchanges all the conversations have together. */
size_t table_exchanges(const struct table *table);

/* True when bytes or messages of this side are known to be missing. */
bool side_incomplete(const struct side *side);

#endif
