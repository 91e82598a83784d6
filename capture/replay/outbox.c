/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/replay/outbox.h"

#include <errno.h>
#include <stdlib.h>

struct outgoing_part {
    struct outgoing_part *next;
    struct said bytes;
    size_t sent;
    uint64_t due;
};

void outbox_begin(struct outbox *outbox, size_t *total)
{
    *outbox = (struct outbox){.last = &outbox->first, .total = total};
}

int outbox_add(struct outbox *outbox, struct said *bytes, uint64_t due)
{
    struct outgoing_part *part = calloc(1, sizeof(*part));

    if (!part)
        return -ENOMEM;
    part->bytes = *bytes;
    part->due = due;
    *bytes = (struct said){0};
    *outbox->last = part;
    outbox->last = &part->next;
    outbox->due = due;
    outbox->waiting += part->bytes.length;
    *outbox->total += part->bytes.length;
    return 0;
}

bool outbox_next(const struct outbox *outbox, struct outgoing *out)
{
    const struct outgoing_part *first = outbox->first;

    if (!first)
        return false;
    *out = (struct outgoing){
        .data = first->bytes.data, .length = first->bytes.length - first->sent, .due = first->due};
    if (first->sent)
        out->data += first->sent;
    return true;
}

static void drop_first(struct outbox *outbox)
{
    struct outgoing_part *first = outbox->first;

    outbox->first = first->next;
    if (!outbox->first)
        outbox->last = &outbox->first;
    free(first->bytes.data);
    free(first);
}

void outbox_sent(struct outbox *outbox, size_t length)
{
    outbox->first->sent += length;
    outbox->waiting -= length;
    *outbox->total -= length;
    if (outbox->first->sent >= outbox->first->bytes.length)
        drop_first(outbox);
}

void outbox_free(struct outbox *outbox)
{
    while (outbox->first)
        outbox_sent(outbox, outbox->first->bytes.length - outbox->first->sent);
}
