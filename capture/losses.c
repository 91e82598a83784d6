/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the user did not ask for is no loss. */
#include "capture/losses.h"

#include <stddef.h>

void losses_count(struct losses *losses, uint64_t whole, uint64_t length, uint64_t limit)
{
    uint64_t asked = limit && whole > limit ? limit : whole;

    if (length >= asked)
        return;
    losses->cut++;
    losses->bytes += asked - length;
}

const struct loss loss_counters[] = {
    {"messages", offsetof(struct losses, messages), LOSS_ALWAYS},
    {"bytes", offsetof(struct losses, bytes), LOSS_ALWAYS},
    {"cut", offsetof(struct losses, cut), LOSS_ALWAYS},
    {"unfollowed", offsetof(struct losses, unfollowed), LOSS_SINCE},
    {"foreign", offsetof(struct losses, foreign), LOSS_SINCE},
    {"bypassed", offsetof(struct losses, bypassed), LOSS_SINCE},
    {"shortened", offsetof(struct losses, shortened), LOSS_IF_ANY},
    {"left_out", offsetof(struct losses, left_out), LOSS_IF_ANY},
    {0},
};

uint64_t *losses_at(struct losses *losses, const struct loss *counter)
{
    return (uint64_t *)((char *)losses + counter->offset);
}

uint64_t losses_get(const struct losses *losses, const struct loss *counter)
{
    return *(const uint64_t *)((const char *)losses + counter->offset);
}

void losses_add(struct losses *losses, const struct losses *more)
{
    for (const struct loss *counter = loss_counters; counter->name; counter++)
        *losses_at(losses, counter) += losses_get(more, counter);
}

bool losses_any(const struct losses *losses)
{
    return losses->messages || losses->cut || losses->unfollowed || losses->foreign ||
           losses->bypassed;
}
