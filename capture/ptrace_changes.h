/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What waitpid() says of the threads that are traced, a round at a time: all that wait are taken
 * before any of them goes on. It tells of the newest thread first, so as long as new ones stop in
 * the time that it takes to let one go on, it would neither come to the oldest nor to an end.
 */
#ifndef CAPTURE_PTRACE_CHANGES_H
#define CAPTURE_PTRACE_CHANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct change {
    pid_t tid;
    int status; /* as waitpid() gives it */
};

/* One round; what is more than this is left for the next. All zero at first. */
struct changes {
    size_t count;
    unsigned single; /* so many more rounds are of one thread */
    struct change at[4096];
};

/*
 * Begins a round with all that wait. Async-signal-safe. Returns false when there is nothing left
 * that could ever change.
 */
bool changes_take(struct changes *changes);

/*
 * The same, but waits until there are some, and takes not all while threads stop one by one.
 * Returns 0, or -errno with an empty round.
 */
int changes_wait(struct changes *changes);

#endif
