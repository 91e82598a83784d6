/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/ptrace_changes.h"

#include <errno.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

/* Rounds of one thread, after one in which no other waited. */
enum { SINGLE = 8 };

/*
 * A thread that stands stopped changes once more only when it is killed, or when another of its
 * process executes a program and takes its number: it stands no longer where it stood.
 */
static bool may_overtake(int status)
{
    return !WIFSTOPPED(status) || status >> 16 == PTRACE_EVENT_EXEC;
}

static void add(struct changes *changes, pid_t tid, int status)
{
    for (size_t i = 0; may_overtake(status) && i < changes->count; i++)
        if (changes->at[i].tid == tid && WIFSTOPPED(changes->at[i].status)) {
            changes->at[i].status = status;
            return;
        }
    changes->at[changes->count++] = (struct change){tid, status};
}

/* Adds all that wait, to a round that has room. Returns false when there is nothing left. */
static bool add_waiting(struct changes *changes)
{
    int status;
    pid_t tid = 1;

    while (changes->count < sizeof(changes->at) / sizeof(*changes->at) &&
           (tid = waitpid(-1, &status, __WALL | WNOHANG)) > 0)
        add(changes, tid, status);
    return tid >= 0;
}

bool changes_take(struct changes *changes)
{
    changes->count = 0;
    return add_waiting(changes) || changes->count;
}

/* To find no more the kernel looks at all threads, for nothing while they stop one by one. */
int changes_wait(struct changes *changes)
{
    int status;
    pid_t tid;

    changes->count = 0;
    tid = waitpid(-1, &status, __WALL);
    if (tid < 0)
        return -errno;
    add(changes, tid, status);
    if (changes->single) {
        changes->single--;
    } else {
        add_waiting(changes);
        changes->single = changes->count == 1 ? SINGLE : 0;
    }
    return 0;
}
