/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* One message as it was said in each of several runs, and which of its bytes differ. */
#ifndef CAPTURE_SUBJECT_H
#define CAPTURE_SUBJECT_H

#include "capture/blocks.h"
#include "capture/exchange.h"

/* What is known of a run besides its messages. */
struct run_facts {
    uint64_t time; /* nanoseconds since the epoch; 0 when not known */
    uint32_t pid;  /* of the client; 0 when not known */
};

/* Bytes of the first run's message that differ in another one. */
struct interval {
    size_t offset, length;
    bool varies; /* in length */
};

struct subject {
    size_t runs;
    const struct said **says;      /* by run; the first one is that to which offsets refer */
    const struct run_facts *facts; /* by run */
    struct blocks *blocks;         /* by run; how the first corresponds to it */
    struct interval *intervals;    /* in their order, none of which touches another */
    size_t count;
    struct interval *room; /* where they stand */
};

struct slice {
    const uint8_t *data;
    size_t length;
};

/*
 * Compares what was said in `runs` runs. Keeps says and facts, which must outlive it. Free it with
 * subject_free(). Returns 0 or -ENOMEM.
 */
int subject_new(struct subject *subject, const struct said **says, const struct run_facts *facts,
                size_t runs);
void subject_free(struct subject *subject);

/* True when messages were too long and too different for all of them to be looked into. */
bool subject_is_coarse(const struct subject *subject);

/* What stands in that run where the first one has this. */
struct slice subject_slice(const struct subject *subject, size_t run, size_t offset, size_t length);

/* Takes bytes, at least one, out of the intervals: what they are is known. Returns 0 or -ENOMEM. */
int subject_take(struct subject *subject, size_t offset, size_t length);

#endif
