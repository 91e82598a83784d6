/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A datagram's receiver need not be told who sent it. So that a message of which both ends are
 * observed stands once all the same, what observed endpoints sent to one that receives from anybody
 * is remembered by its content until that one receives it.
 */
#ifndef CAPTURE_PARCEL_H
#define CAPTURE_PARCEL_H

#include <stdbool.h>

#include "capture/backend.h"

/* What is on its way to one endpoint; all zero when it is nothing. Free it with parcels_free(). */
struct parcels {
    void *by_digest; /* a tree of struct parcel */
    size_t inbound;  /* calls that are sending to the endpoint right now */
};

void parcels_free(struct parcels *parcels);

/* An observed endpoint sent this to the one that the parcels are for. Returns 0 or -ENOMEM. */
int parcels_sent(struct parcels *parcels, const struct message_facts *facts);

/* Whether this is on its way, or may be: a call is sending to the endpoint right now. */
bool parcels_may_hold(const struct parcels *parcels, const struct message_facts *facts);

/*
 * The endpoint received this. Takes it for what an observed one sent: by its sender, if that is
 * known to be observed, else, if nothing tells the sender, by its content.
 * Returns 1 when it is that, 0 when not, or -ENOMEM.
 */
int parcels_received(struct parcels *parcels, const struct message_facts *facts, bool known);

/* When all has been told: how many more were received from observed senders than these sent. */
uint64_t parcels_unsent(const struct parcels *parcels);

#endif
