/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The threads that are traced. */
#ifndef CAPTURE_PTRACE_THREAD_H
#define CAPTURE_PTRACE_THREAD_H

#include <stdbool.h>
#include <sys/types.h>

#include "capture/ptrace_call.h"
#include "capture/ptrace_cover.h"

struct thread {
    struct caller caller;
    bool identified; /* caller.pid is known */
    bool named;      /* caller.comm is what it is called now */
    bool hidden;     /* we may not see its descriptors, and have said so */
    struct traced_call call;
    struct cover cover;
};

/* All zero when there are none. Free them with threads_free(). */
struct threads {
    void *by_tid;        /* a tree of struct thread */
    struct thread *last; /* the one that was looked for last */
};

void threads_free(struct threads *threads);

/* NULL when it is not known. */
struct thread *threads_find(struct threads *threads, pid_t tid);

/* The same, but it is added then; NULL when there is no memory. */
struct thread *threads_get(struct threads *threads, pid_t tid);

/* Forgets one, and frees it. */
void threads_drop(struct threads *threads, struct thread *thread);

/* Any of the process's threads may have another name by now. */
void threads_rename(struct threads *threads, pid_t pid);

/* Finds out which process the thread is of and what it is called; it is stopped, so this stays. */
void thread_identify(struct thread *thread);

#endif
