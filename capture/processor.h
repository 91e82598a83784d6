/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Runs this process where another one runs. When one always waits for the other, as a tracer and
 * whom it stops do, they are three times as fast on one processor as on two, each of which must
 * wake the other; and the kernel, left alone, prefers the one that is idle.
 */
#ifndef CAPTURE_PROCESSOR_H
#define CAPTURE_PROCESSOR_H

#include <sched.h>
#include <stdbool.h>
#include <sys/types.h>

struct processor {
    bool joined;
    unsigned at;       /* where this process is kept, when it has joined somebody */
    cpu_set_t allowed; /* where it may run otherwise */
};

/*
 * Goes to the processor that the thread ran on last, and stays there. Where that is not known, or
 * this process may not run, it remains where it is.
 */
void processor_join(struct processor *processor, pid_t thread);

/* Runs wherever it might before it joined somebody; if it has not, nothing happens. */
void processor_leave(struct processor *processor);

#endif
