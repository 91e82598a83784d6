/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the user did not ask for is no loss. */
#include "capture/losses.h"

void losses_count(struct losses *losses, uint64_t whole, uint64_t length, uint64_t limit)
{
    uint64_t asked = limit && whole > limit ? limit : whole;

    if (length >= asked)
        return;
    losses->cut++;
    losses->bytes += asked - length;
}

void losses_add(struct losses *losses, const struct losses *more)
{
    losses->messages += more->messages;
    losses->bytes += more->bytes;
    losses->cut += more->cut;
    losses->unfollowed += more->unfollowed;
    losses->foreign += more->foreign;
    losses->bypassed += more->bypassed;
    losses->shortened += more->shortened;
    losses->left_out += more->left_out;
}

bool losses_any(const struct losses *losses)
{
    return losses->messages || losses->cut || losses->unfollowed || losses->foreign ||
           losses->bypassed;
}
