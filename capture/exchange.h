/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Pairs the messages of each conversation into exchanges: the rows of the test table. */
#ifndef CAPTURE_EXCHANGE_H
#define CAPTURE_EXCHANGE_H

#include "capture/arena.h"
#include "capture/frame.h"
#include "capture/message.h"
#include "capture/side.h"

struct exchange {
    struct side request;
    struct side response;
    unsigned seen, runs; /* in how many runs it was seen, and of how many; 0: in all */
};

/* What was said in that direction. */
static inline const struct side *exchange_side(const struct exchange *exchange,
                                               enum direction direction)
{
    return direction == REQUEST ? &exchange->request : &exchange->response;
}

/* Why one direction of a conversation is not framed from some byte on. */
struct unframed {
    uint64_t at; /* that byte, counted from 0 */
    char *why;   /* NULL when it is framed to the end */
};

struct framed;
struct marks;

struct conversation_table {
    int family;
    int type; /* SOCK_STREAM, SOCK_DGRAM or SOCK_SEQPACKET */
    struct end client;
    struct end server;
    struct arena *arena; /* of the exchanges; NULL when it is framed: they move about */
    struct exchange *exchanges;
    size_t count;
    struct framed *framed;    /* NULL when it is not framed */
    struct unframed wrong[2]; /* by direction */
    /* By direction: the bytes that were said, missing ones too, and one more for each datagram. */
    uint64_t position[2];
    struct marks *marks; /* ranges that messages had, on their way to what these became */
};

/* Who goes through many exchanges, of one conversation or of many, lets the arena rest at times. */
static inline void exchange_looked_at(struct arena *arena)
{
    enum { TOUCHED = 64 << 10 }; /* it and its messages, as a rule much less */

    if (arena)
        arena_touch(arena, TOUCHED);
}

/* All conversations of a recording, in the order in which they began. */
struct table {
    struct conversation_table *conversations;
    size_t count;
    struct arena *arena;           /* of all that it holds, but for what is owned */
    const struct framing *framing; /* of streams; or NULL */
    bool owns; /* streams that are framed, or ancillary data: in memory of their own */
};

/*
 * Starts an empty table in *out. Free it with table_free().
 * Returns 0, or -ENOMEM and leaves *out alone.
 */
int table_new(struct table **out);
void table_free(struct table *table);

/*
 * Has the streams cut into frames; comes before the first message. framing must outlive the table,
 * and table_finish() end it.
 */
void table_frame(struct table *table, const struct framing *framing);

/*
 * Adds the next message; a conversation's messages come in their order, conversations may be mixed.
 * Copies what it keeps. Returns 0, -ENOMEM or -ENOSPC; -EINVAL when message->conversation skips a
 * number.
 */
int table_add(struct table *table, const struct message *message);

/* No more will come: what was kept back, as a frame of it was not complete, is now in the table,
 * and so are the ranges that messages had. Returns 0 or -ENOMEM. */
int table_finish(struct table *table);

/* The exchange of that number, counted from 0, opened with all before it where need be.
 * NULL with errno set. */
struct exchange *exchange_at(struct conversation_table *conversation, size_t number);

/* How many exchanges all the conversations have together. */
size_t table_exchanges(const struct table *table);

#endif
