/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * One direction of a TCP connection, put together of segments that come in any order, several
 * times, overlapping, or not at all. Where bytes are missing that is told in their place.
 */
#ifndef CAPTURE_HALF_H
#define CAPTURE_HALF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero at first; half_free() frees what it holds. */
struct half {
    bool known;     /* next is */
    bool supposed;  /* next is the lowest number heard of, until it is known */
    bool empty;     /* from what had no bytes: it may be one too low (TCP's keep-alives) */
    bool ended;     /* it has a last byte, and that is the one before `end` */
    bool doubtful;  /* one number more was confirmed than there is: a FIN, or a last byte */
    uint32_t first; /* the sequence number that it began with */
    uint32_t next;  /* of the next byte to be delivered */
    uint32_t end;
    size_t held;    /* memory taken by what waits for bytes before it: */
    void *pieces;   /* a tree in their order, all behind next */
    size_t counted; /* pieces that there were so far */
};

/* Takes bytes in their order, and how many are missing behind them. Returns 0 or -errno. */
typedef int half_deliver(void *context, const uint8_t *data, size_t length, size_t missing);

void half_free(struct half *half);

/* The next byte is the one with that number, unless it is known which is. */
void half_begin(struct half *half, uint32_t sequence);

/*
 * A segment has that number: if it is not known yet where the half begins, that is there or before.
 * empty says that the segment has no bytes, and its number may be one too low.
 */
void half_suppose(struct half *half, uint32_t sequence, bool empty);

/* It is not known where it began, and waited for no longer: that is the lowest number so far. */
void half_begin_as_supposed(struct half *half);

/* Whether nothing is missing before that number. */
bool half_reaches(const struct half *half, uint32_t sequence);

/* Whether a connection that begins with that number is this one, whatever of it was seen before. */
bool half_began_with(const struct half *half, uint32_t sequence);

/* Whether the number can be of this connection: it is not far from all that was seen. */
bool half_is_near(const struct half *half, uint32_t sequence);

/* Whether it is known where it began, and the number can be of it. */
bool half_can_have(const struct half *half, uint32_t sequence);

/* Adds a segment, when it is known what is next. Returns 0, -ENOMEM or what deliver returned. So do
 * the others. */
int half_add(struct half *half, uint32_t sequence, const uint8_t *data, size_t length,
             size_t missing, half_deliver *deliver, void *context);

/* The direction ends before that byte. */
void half_end(struct half *half, uint32_t sequence);

/* Its receiver has said that it has all before that byte: what has not come will not. */
int half_acknowledged(struct half *half, uint32_t sequence, half_deliver *deliver, void *context);

/* No more will come. */
int half_finish(struct half *half, half_deliver *deliver, void *context);

#endif
