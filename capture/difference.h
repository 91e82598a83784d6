/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What differs between a recording and what was said anew, besides its volatile bytes. */
#ifndef CAPTURE_DIFFERENCE_H
#define CAPTURE_DIFFERENCE_H

#include "capture/alignment.h"
#include "capture/blocks.h"

enum difference_kind {
    DIFFERENCE_MISSING, /* the exchange is in the recording alone */
    DIFFERENCE_ADDED,   /* the exchange was said anew alone */
    DIFFERENCE_BYTES,   /* of a message */
    DIFFERENCE_ECHO,    /* bytes that came back do not any more */
    DIFFERENCE_COUNT,   /* one side has more messages, or fewer */
    DIFFERENCE_LENGTH,  /* of a message of which not all bytes are there; those that are do not */
    DIFFERENCE_CARRIED, /* the ancillary data of a message */
};

/* Where an exchange stands in its table; both count from 0. */
struct exchange_place {
    size_t conversation, exchange;
};

struct difference {
    enum difference_kind kind;
    const struct exchange *old, *now; /* NULL when it is missing or added */
    struct exchange_place old_place, now_place;
    /* The exchange's conversation, if the other table has none with its sort of socket; or NULL. */
    const struct conversation_table *stranger;
    enum direction direction;
    size_t message;       /* of that side, counted from 0 */
    struct blocks blocks; /* of that message: as it is recorded, and as it is now */
    struct block *spots;  /* of these the parts that differ */
    size_t spot_count;
};

struct differences {
    struct difference *items;
    size_t count;
    bool coarse; /* what was compared was so long that it may be told more exactly */
};

/*
 * Compares the exchanges of two tables; bytes that either says are volatile may differ. What was
 * said anew is bare where it can have no ancillary data, as in a replay. Both tables are kept, as
 * differences refer to them. Returns 0 or -ENOMEM. Free *out with differences_free().
 */
int differences_find(struct differences *out, const struct table *old, const struct table *now,
                     const struct alignment *alignment, bool bare);
void differences_free(struct differences *differences);

/*
 * Does byte a of the message, which is byte b now, differ because a counter beside it has run over?
 */
bool difference_is_carry(const struct said *old, const struct said *now, size_t a, size_t b);

/* The message that the difference is about, in the recording and now. */
const struct said *difference_old(const struct difference *difference);
const struct said *difference_now(const struct difference *difference);

#endif
