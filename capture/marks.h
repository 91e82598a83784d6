/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Ranges on their way from the messages of a recording to what these are joined to or cut into, and
 * back: what both have in common is the place in all that one direction of a conversation says.
 */
#ifndef CAPTURE_MARKS_H
#define CAPTURE_MARKS_H

#include <sys/socket.h>

#include "capture/exchange.h"

/* The place behind a message that is at that place. A datagram is followed by a place of its own,
 * so that an empty one has one. */
static inline uint64_t marks_behind(uint64_t at, int type, size_t length)
{
    return at + length + (type != SOCK_STREAM);
}

struct marks;

/* Keeps a message's ranges in *marks, which begins as NULL. Returns 0 or -ENOMEM. */
int marks_keep(struct marks **marks, enum direction direction, uint64_t at,
               const struct ranges *ranges);
void marks_free(struct marks *marks);

/* Adds to *out what of the marks is in a message that is at that place. Returns 0 or -ENOMEM. */
int marks_cut(const struct marks *marks, enum direction direction, uint64_t at, size_t length,
              struct ranges *out);

/* Gives the marks to the messages of the conversation's exchanges. Returns 0 or -ENOMEM. */
int marks_place(const struct marks *marks, struct conversation_table *conversation);

/* Keeps the ranges that the conversation's messages have. Returns 0 or -ENOMEM. */
int marks_collect(struct marks **marks, const struct conversation_table *conversation);

#endif
