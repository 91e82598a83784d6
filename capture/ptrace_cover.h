/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Puts the second filter (ptrace_filter.h) on a process, with all of its threads, while one of them
 * stands before a door: the thread makes the call of seccomp(), and then goes to the door again.
 */
#ifndef CAPTURE_PTRACE_COVER_H
#define CAPTURE_PTRACE_COVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/user.h>

/* How far a thread is. All zero: it makes its own calls. */
struct cover {
    enum cover_step { COVER_NONE, COVER_LEAVE, COVER_MAP, COVER_FILTER, COVER_UNMAP } step;
    bool stopped; /* its process was stopped meanwhile */
    bool refused; /* it was tried, and the process may not have the filter */
    uint64_t signals;
    uint64_t memory;
    struct user_regs_struct registers;
};

/* Whether there is a second filter at all: that takes to know the processor's registers. */
bool cover_works(void);

/* Whether the thread that a filter has stopped with FILTER_DOOR is really before one. */
bool cover_needed(pid_t tid, const struct __ptrace_syscall_info *info);

/*
 * Begins, and lets the thread go on. From then on, as cover->step says, cover_go_on() is to see
 * each of its stops. Returns 0 or -errno; with cover->step COVER_NONE the thread is as it was.
 */
int cover_begin(struct cover *cover, pid_t tid);

/*
 * The thread has stopped, with this status. Lets it go on; returns 0 or -errno. With cover->step
 * COVER_NONE it is itself again, and about to make its call anew: by what stops it then, the filter
 * is there or is not, whatever cover->refused says.
 */
int cover_go_on(struct cover *cover, pid_t tid, int status);

#endif
