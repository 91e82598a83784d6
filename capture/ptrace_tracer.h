/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What is done at each stop of the threads that are traced. */
#ifndef CAPTURE_PTRACE_TRACER_H
#define CAPTURE_PTRACE_TRACER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "capture/backend.h"
#include "capture/ptrace_changes.h"
#include "capture/ptrace_moved.h"
#include "capture/ptrace_thread.h"

struct launch;

/* Made and ended by ptrace.c. */
struct tracer {
    struct backend_options options;
    const struct sink *sink;
    struct launch *launch;
    struct sockets *sockets;
    struct moved moved;
    struct threads threads;
    struct changes changes; /* the round that is taken */
    size_t sending;         /* threads in a call that the sink has been told of */
    size_t covering;        /* threads that make calls for us */
    struct losses losses;
    bool closing; /* what begins now is no longer recorded */
    bool said_unprivileged, said_traces, said_aio, said_uring, said_listener;
};

/* Looks at each thread of the round, and lets it go on. Returns 0 or -errno. */
int tracer_on_changes(struct tracer *tracer);

/* Waits until no thread has registers of ours any more: it may then be let through. */
void tracer_end_covering(struct tracer *tracer);

#endif
