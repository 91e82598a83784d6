/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Which exchange a frame belongs to. Exchanges of a conversation are numbered from 0 in the order
 * in which they open. The requests that are not answered yet wait in a queue; a framer decides,
 * from what its protocol tells, for which of them a response is.
 */
#ifndef CAPTURE_PAIRING_H
#define CAPTURE_PAIRING_H

#include "capture/message.h"

/* A request that is not answered yet, or not to the end. */
struct waiting {
    size_t exchange;
    int kind;     /* whatever the framer knows it by */
    size_t count; /* whatever the framer counts of it */
};

struct pairing {
    struct waiting *queue;
    size_t first, end, capacity; /* those that wait are queue[first] to queue[end - 1] */
    size_t opened;               /* how many exchanges there are */
    bool requests_unframed;      /* what is asked can no longer be told apart */
};

void pairing_free(struct pairing *pairing);

/* Opens an exchange that waits for nothing, and returns its number. */
size_t pairing_open(struct pairing *pairing);

/* Opens an exchange whose request waits for its answer. Returns 0 or -ENOMEM. */
int pairing_ask(struct pairing *pairing, int kind, size_t count, size_t *exchange);

/* The request that has waited longest, or behind it (1 is the next); NULL when there is none. */
struct waiting *pairing_waiting(const struct pairing *pairing, size_t behind);

/* The request that has waited longest waits no more. */
void pairing_answered(struct pairing *pairing);

/* No request waits any more: what is missing can have been the answer to any of them. */
void pairing_forget(struct pairing *pairing);

/* The exchange that opened last; one without a request where there is none. */
size_t pairing_latest(struct pairing *pairing);

/*
 * The exchange of a response that no request asked for: one of its own. Where requests cannot be
 * told apart, it is the latest.
 */
size_t pairing_unasked(struct pairing *pairing);

/*
 * Pairs where the protocol says nothing: a response is for the request that has waited longest,
 * and each is answered by one; when none waits, it is more of the answer to the latest.
 * Returns 0 or -ENOMEM.
 */
int pairing_in_order(struct pairing *pairing, enum direction direction, size_t *exchange);

#endif
