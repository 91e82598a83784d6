/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Ranges of bytes in a message of which something is known, as that they are volatile. */
#ifndef CAPTURE_RANGE_H
#define CAPTURE_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum range_kind {
    RANGE_BYTES,    /* volatile bytes of which no more is known */
    RANGE_LENGTH,   /* how many there are varies, too; there can be none in this message */
    RANGE_ECHO,     /* volatile bytes of the request that come back */
    RANGE_COUNTER,  /* a number that grows by the same from run to run */
    RANGE_TIME,     /* the time of the recording */
    RANGE_PID,      /* the number of the client's process */
    RANGE_REDACTED, /* not volatile: filler in the place of a secret */
};

/* How a volatile number is spelled. */
enum range_form { FORM_BIG, FORM_LITTLE, FORM_TEXT };

struct range {
    size_t offset; /* in the message */
    size_t length;
    enum range_kind kind;
    enum range_form form; /* of a counter, a time or a pid */
    int64_t step;         /* of a counter */
    const char *unit;     /* of a time; one of range_units */
    size_t echo_message;  /* of an echo: which message of the request, counted from 0 */
    size_t echo_offset;   /* and where in it */
};

/* In the order of their offsets; none overlaps another. */
struct ranges {
    struct range *items;
    size_t count;
    size_t room; /* of items, or less */
};

/* The units of times, as recordings name them; ends with NULL. */
extern const char *const range_units[];

/* The kind's name in recordings; NULL past the last one. */
const char *range_kind_name(enum range_kind kind);
const char *range_form_name(enum range_form form);

/* The number in up to eight bytes, which are in the order of FORM_BIG or FORM_LITTLE. */
uint64_t range_number(const uint8_t *data, size_t size, enum range_form form);

static inline bool range_is_volatile(const struct range *range)
{
    return range->kind != RANGE_REDACTED;
}

static inline size_t range_end(const struct range *range)
{
    return range->offset + range->length;
}

/*
 * Adds a range; what it overlaps gives way, and keeps its kind only where it is left whole.
 * Returns 0 or -ENOMEM.
 */
int ranges_add(struct ranges *ranges, struct range range);

/*
 * Adds what of them is in a message's first length bytes; of what is cut, only that it is bytes.
 * Returns 0 or -ENOMEM.
 */
int ranges_cut(struct ranges *to, const struct ranges *from, size_t length);

/*
 * Adds all of them as ranges_add() does, in the time of one: where many are added that are not the
 * last ones, they are better collected first. An empty one stays beside the next of them. Returns 0
 * or -ENOMEM.
 */
int ranges_merge(struct ranges *ranges, const struct ranges *from);

/* Adds all of them; `from` may be NULL. Returns 0 or -ENOMEM. */
int ranges_copy(struct ranges *to, const struct ranges *from);

/* Takes the volatile ranges of these bytes away. Returns 0 or -ENOMEM. */
int ranges_remove(struct ranges *ranges, size_t offset, size_t length);
void ranges_free(struct ranges *ranges);

/* The index of the first range that does not end before the offset; their number if all do. */
size_t ranges_from(const struct ranges *ranges, size_t offset);

/* The volatile range that the byte is in, or NULL. */
const struct range *ranges_find(const struct ranges *ranges, size_t offset);

enum { RANGE_TEXT_SIZE = 160 };

/*
 * Says what the range is, in words, as `response[16:20] echoes request[8:12]`. `side` is the name
 * of what it is in.
 */
void range_text(const struct range *range, const char *side, char out[RANGE_TEXT_SIZE]);

#endif
