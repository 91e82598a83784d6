/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Finds the volatile bytes of a table: those that differ when the same command runs again. */
#ifndef CAPTURE_VOLATILE_H
#define CAPTURE_VOLATILE_H

#include "capture/exchange.h"

struct volatile_run {
    struct table *table;
    uint64_t time; /* when it was recorded, in nanoseconds since the epoch; 0 when not known */
};

/* What was found, for the user to know. */
struct volatile_report {
    size_t ranges;    /* volatile ones */
    size_t sometimes; /* exchanges of the first run that others do not have */
    size_t elsewhere; /* exchanges of others that the first run does not have */
    size_t uneven;    /* exchanges that have not as many messages in every run */
    bool coarse;      /* messages or conversations were too long to be looked into everywhere */
};

/*
 * Compares the runs, of which there are at least two, with the first, and puts what is volatile
 * into that one's table: ranges of messages, and for exchanges in how many runs they were seen.
 * Returns 0 with *report filled in, or -ENOMEM.
 */
int volatile_find(const struct volatile_run *runs, size_t count, struct volatile_report *report);

#endif
