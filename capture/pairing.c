/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/pairing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void pairing_free(struct pairing *pairing)
{
    free(pairing->queue);
    *pairing = (struct pairing){0};
}

size_t pairing_open(struct pairing *pairing)
{
    return pairing->opened++;
}

/* Makes room at the end of the queue: what has left it first, then new memory. */
static int make_room(struct pairing *pairing)
{
    size_t count = pairing->end - pairing->first;
    size_t capacity = pairing->capacity ? 2 * pairing->capacity : 4;
    struct waiting *queue;

    if (pairing->first > pairing->capacity / 2) {
        memmove(pairing->queue, pairing->queue + pairing->first, count * sizeof(*queue));
        pairing->first = 0;
        pairing->end = count;
        return 0;
    }
    queue = reallocarray(pairing->queue, capacity, sizeof(*queue));
    if (!queue)
        return -ENOMEM;
    pairing->queue = queue;
    pairing->capacity = capacity;
    return 0;
}

int pairing_ask(struct pairing *pairing, int kind, size_t count, size_t *exchange)
{
    if (pairing->end == pairing->capacity && make_room(pairing))
        return -ENOMEM;
    *exchange = pairing_open(pairing);
    pairing->queue[pairing->end++] = (struct waiting){*exchange, kind, count};
    return 0;
}

struct waiting *pairing_waiting(const struct pairing *pairing, size_t behind)
{
    if (behind >= pairing->end - pairing->first)
        return NULL;
    return &pairing->queue[pairing->first + behind];
}

void pairing_answered(struct pairing *pairing)
{
    pairing->first++;
}

void pairing_forget(struct pairing *pairing)
{
    pairing->first = pairing->end;
}

size_t pairing_latest(struct pairing *pairing)
{
    return pairing->opened ? pairing->opened - 1 : pairing_open(pairing);
}

size_t pairing_unasked(struct pairing *pairing)
{
    return pairing->requests_unframed ? pairing_latest(pairing) : pairing_open(pairing);
}

int pairing_in_order(struct pairing *pairing, enum direction direction, size_t *exchange)
{
    const struct waiting *waiting = pairing_waiting(pairing, 0);

    if (direction == REQUEST)
        return pairing_ask(pairing, 0, 0, exchange);
    *exchange = waiting ? waiting->exchange : pairing_latest(pairing);
    if (waiting)
        pairing_answered(pairing);
    return 0;
}
