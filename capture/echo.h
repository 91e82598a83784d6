/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Volatile bytes of a request that come back in the response to it. */
#ifndef CAPTURE_ECHO_H
#define CAPTURE_ECHO_H

#include "capture/range.h"
#include "capture/subject.h"

/* A request of which the volatile ranges are known. */
struct echo_source {
    const struct subject *subject;
    const struct ranges *ranges;
    size_t message; /* which one of the exchange's, counted from 0 */
};

/*
 * Finds the source's ranges in the response, takes them out of its intervals and adds them to
 * *ranges. Returns 0 or -ENOMEM.
 */
int echo_find(struct subject *response, const struct echo_source *source, struct ranges *ranges);

#endif
