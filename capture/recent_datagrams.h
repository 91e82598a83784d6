/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Datagrams that a capture has seen of late, each at one or several of the interfaces that it was
 * made at. What is seen again elsewhere, at once, is the same datagram on its way; what is seen
 * again where it was seen is another that says the same.
 */
#ifndef CAPTURE_RECENT_DATAGRAMS_H
#define CAPTURE_RECENT_DATAGRAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RECENT_MAX = 256, RECENT_PLACES = 8 };

struct recent_datagram {
    const void *flow;
    uint64_t content; /* the same for datagrams that are alike */
    uint64_t time;    /* in nanoseconds */
    uint64_t places[RECENT_PLACES];
    size_t more; /* places behind the first */
};

/* All zero at first. */
struct recent_datagrams {
    struct recent_datagram last[RECENT_MAX];
    size_t count; /* in all */
};

/* Whether the datagram was seen elsewhere, but not there; it is now. */
bool recent_datagrams_has(struct recent_datagrams *recent, const struct recent_datagram *datagram);

#endif
