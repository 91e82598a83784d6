/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What one end said: the messages of one side of an exchange. */
#ifndef CAPTURE_SIDE_H
#define CAPTURE_SIDE_H

#include "capture/arena.h"
#include "capture/message.h"

/*
 * Bytes said in one go: a datagram or a record; of a stream that is framed, a frame; of one that is
 * not, all until the other side speaks, or until bytes are missing.
 */
struct said {
    uint8_t *data;
    size_t length;
    size_t capacity;
    size_t missing;          /* bytes of it that could not be read */
    uint64_t at;             /* its place, as conversation_table's position counts */
    struct ranges ranges;    /* what is known of parts of it */
    bool unframed;           /* of a framed stream, and not a whole frame */
    struct carried *carried; /* the ancillary data that came with it */
    size_t carried_count;
};

/* Ancillary data, and the byte of a stream that it came with; 0 in what is no stream. */
struct carried {
    size_t offset;
    bool sent; /* captured where it was sent: it is the byte that the sender meant */
    struct ancillary *ancillary;
};

/* What one end said in an exchange. No message at all is not the same as one empty message. */
struct side {
    struct said *messages;
    size_t count;
    size_t lost; /* messages known to have been lost here */
};

/*
 * The messages of a side and their bytes are in an arena, or, where that is NULL, in memory of
 * their own. Ancillary data and ranges always are in memory of their own.
 */

/* Room for one more element of size bytes in an array that doubles; NULL with errno set. */
void *side_grow(struct arena *arena, void *array, size_t count, size_t size);

/* Frees what is not in the arena. */
void side_free(const struct arena *arena, struct side *side);

/* Adds an empty message, to append to. Returns NULL with errno set. */
struct said *side_start(struct arena *arena, struct side *side);

/* Appends a copy of the bytes. Returns 0, -ENOMEM or -ENOSPC. */
int said_append(struct arena *arena, struct said *said, const uint8_t *data, size_t length);

/* Keeps a copy of the ancillary data, which came with the byte at offset. Returns 0 or -ENOMEM. */
int said_carry(struct said *said, size_t offset, bool sent, const struct ancillary *ancillary);

/* True when some of the ancillary data that came with it is not there. */
bool said_carried_more(const struct said *said);

/*
 * Adds a message, which is at that place; where it joins, to the end of the last one, unless
 * something is missing between the two. Copies what it keeps. Returns 0, -ENOMEM or -ENOSPC.
 */
int side_add(struct arena *arena, struct side *side, bool joins, uint64_t at,
             const struct message *message);

/* Moves all that is in `from` to the end of side, and empties it; neither is in an arena. Returns 0
 * or -ENOMEM. */
int side_move(struct side *side, struct side *from);

/* True when bytes, ancillary data or messages of this side are known to be missing, or a frame is
 * not whole. */
bool side_incomplete(const struct side *side);

/* What stands in the place of secrets tells nothing of these: they may be anything. */
void side_open_redacted(struct side *side);

#endif
