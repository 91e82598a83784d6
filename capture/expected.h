/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What was sent to Unix addresses at which nobody is observed yet. Who listens there may be told of
 * when it receives for the first time, and what it receives then has been recorded already.
 */
#ifndef CAPTURE_EXPECTED_H
#define CAPTURE_EXPECTED_H

#include "capture/parcel.h"

/* All zero when it is nothing. Free it with expected_free(). */
struct expected {
    void *by_address; /* a tree of struct expectation */
};

void expected_free(struct expected *expected);

/*
 * This was sent to the address. More than any socket can hold is not kept: then nobody there is
 * observed. Returns 0 or -ENOMEM.
 */
int expected_add(struct expected *expected, const char *address, const struct message_facts *facts);

/* Who has the address is known now: moves what was sent there into parcels that are empty. */
void expected_take(struct expected *expected, const char *address, struct parcels *parcels);

#endif
