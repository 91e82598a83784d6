/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Past this, a conversation no longer waits for a call that has not returned. */
#define BYTES_MAX ((size_t)64 << 20)

/* A call and the messages it moved, in their place in the conversation. */
struct order_call {
    struct order_call *next;
    struct order_message *first, **end;
    struct order_call **holder; /* who is to be told of the end of waiting; NULL: it is over */
};

void order_new(struct order *order)
{
    *order = (struct order){.end = &order->first};
}

/* How many bytes it takes to hold a message back. */
static size_t room_for(const struct message_facts *facts)
{
    return sizeof(struct order_message) + ancillary_size(facts->ancillary) + facts->length;
}

/* Takes out the first call's first message. */
static struct order_message *take_message(struct order *order)
{
    struct order_call *call = order->first;
    struct order_message *message = call->first;

    call->first = message->next;
    if (!call->first)
        call->end = &call->first;
    order->bytes -= room_for(&message->facts);
    return message;
}

/* Takes out the first call, which has no message left. */
static void drop_call(struct order *order)
{
    struct order_call *call = order->first;

    if (call->holder)
        *call->holder = NULL;
    order->first = call->next;
    if (!order->first)
        order->end = &order->first;
    free(call);
}

void order_free(struct order *order)
{
    while (order->first) {
        while (order->first->first)
            free(take_message(order));
        drop_call(order);
    }
}

bool order_is_empty(const struct order *order)
{
    return !order->first;
}

bool order_waits_for(const struct order *order, const struct order_call *call)
{
    return call && order->first == call && !call->first;
}

bool order_is_full(const struct order *order)
{
    return order->bytes > BYTES_MAX;
}

static struct order_call *add_call(struct order *order, struct order_call **holder)
{
    struct order_call *call = calloc(1, sizeof(*call));

    if (!call)
        return NULL;
    call->end = &call->first;
    call->holder = holder;
    *order->end = call;
    order->end = &call->next;
    return call;
}

int order_begin(struct order *order, struct order_call **holder)
{
    *holder = add_call(order, holder);
    return *holder ? 0 : -ENOMEM;
}

void order_end(struct order_call *call)
{
    call->holder = NULL;
}

int order_add(struct order *order, struct order_call *call, int party,
              const struct message_facts *facts)
{
    size_t size = ancillary_size(facts->ancillary);
    struct order_message *message = malloc(room_for(facts));

    if (message && !call)
        call = add_call(order, NULL);
    if (!message || !call) {
        free(message);
        return -ENOMEM;
    }
    message->next = NULL;
    message->party = party;
    message->facts = *facts;
    message->facts.name = NULL;
    if (size)
        message->facts.ancillary = memcpy(message->memory, facts->ancillary, size);
    message->facts.data = message->memory + size;
    if (facts->length)
        memcpy(message->memory + size, facts->data, facts->length);
    *call->end = message;
    call->end = &message->next;
    order->bytes += room_for(facts);
    return 0;
}

struct order_message *order_next(struct order *order, bool force)
{
    while (order->first && (!order->first->holder || force)) {
        if (order->first->first)
            return take_message(order);
        drop_call(order);
    }
    return NULL;
}
