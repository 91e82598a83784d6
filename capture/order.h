/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The order of one conversation's messages. What two ends sent is captured by two processes, and an
 * answer can be recorded before the call that sent the request has returned. So from when such a
 * call is begun, what comes later is held back until it has ended.
 */
#ifndef CAPTURE_ORDER_H
#define CAPTURE_ORDER_H

#include <stdalign.h>
#include <stdbool.h>

#include "capture/backend.h"

struct order_call;

/* What is held back; begins with order_new(), ends with order_free(). */
struct order {
    struct order_call *first, **end;
    size_t bytes;
};

/* A message that was held back. */
struct order_message {
    struct order_message *next;
    struct message_facts facts;
    int party; /* which end of the conversation it was captured at */
    alignas(struct ancillary) uint8_t memory[]; /* what the facts point to */
};

void order_new(struct order *order);
void order_free(struct order *order);

/* True when nothing is held back: a message need not be added, but can be delivered right away. */
bool order_is_empty(const struct order *order);

/* True when the call is what all else waits for: a message of it can be delivered right away, too.
 */
bool order_waits_for(const struct order *order, const struct order_call *call);

/*
 * A call was entered that may send: gives it its place, in *holder, until order_end(). *holder must
 * stay where it is until then; it becomes NULL if the conversation no longer waits for the call.
 * Returns 0 or -ENOMEM.
 */
int order_begin(struct order *order, struct order_call **holder);

/* The call is over: nothing need wait for it any more. */
void order_end(struct order_call *call);

/*
 * Holds a message back in its place: that of the call that moved it or, when call is NULL, behind
 * all that is there. Copies it, without its name. Returns 0 or -ENOMEM.
 */
int order_add(struct order *order, struct order_call *call, int party,
              const struct message_facts *facts);

/*
 * The next message, when it waits for no call before it; with force, when it does, too. It is to be
 * freed by free(). NULL when there is none.
 */
struct order_message *order_next(struct order *order, bool force);

/* True when so much is held back that the conversation should no longer wait. */
bool order_is_full(const struct order *order);

#endif
