/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What is to be sent to a client, in its order, and when. */
#ifndef CAPTURE_REPLAY_OUTBOX_H
#define CAPTURE_REPLAY_OUTBOX_H

#include "capture/side.h"

struct outgoing_part;

/* Begins with outbox_begin(). Free what is in it with outbox_free(). */
struct outbox {
    struct outgoing_part *first, **last;
    size_t waiting; /* bytes in all */
    size_t *total;  /* and in all that count there */
    uint64_t due;   /* when the last part is */
};

/* A message, or what is left of it; of a stream, a part of it. */
struct outgoing {
    const uint8_t *data;
    size_t length;
    uint64_t due; /* not before that */
};

void outbox_begin(struct outbox *outbox, size_t *total);
void outbox_free(struct outbox *outbox);

/* Adds the bytes, which are taken over and left empty. Returns 0 or -ENOMEM. */
int outbox_add(struct outbox *outbox, struct said *bytes, uint64_t due);

/* What is to be sent next. Returns false when there is nothing. */
bool outbox_next(const struct outbox *outbox, struct outgoing *out);

/* So many bytes of it were sent. */
void outbox_sent(struct outbox *outbox, size_t length);

#endif
