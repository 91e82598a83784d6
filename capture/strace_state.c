/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Calls that make, copy and end descriptors, threads and processes. */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>

#include "capture/strace.h"

/* Descriptors */

static int on_dup(struct strace *strace, struct strace_thread *thread,
                  const struct strace_call *call)
{
    if (call->failed)
        return 0;
    return strace_put(thread, call->returned, strace_socket_of(strace, thread, call->arguments[0]),
                      slice_has_flag(call->arguments[2], "O_CLOEXEC", O_CLOEXEC));
}

static int on_fcntl(struct strace *strace, struct strace_thread *thread,
                    const struct strace_call *call)
{
    struct slice what = call->arguments[1];
    struct strace_descriptor *at;
    int64_t number;
    bool closes;

    if (call->failed)
        return 0;
    closes = slice_is_constant(what, "F_DUPFD_CLOEXEC", F_DUPFD_CLOEXEC);
    if (closes || slice_is_constant(what, "F_DUPFD", F_DUPFD))
        return strace_put(thread, call->returned,
                          strace_socket_of(strace, thread, call->arguments[0]), closes);
    if (!slice_is_constant(what, "F_SETFD", F_SETFD) || !slice_number(call->arguments[0], &number))
        return 0;
    at = strace_descriptor_find(thread->descriptors, number);
    if (at)
        at->closes_on_exec = slice_has_flag(call->arguments[2], "FD_CLOEXEC", FD_CLOEXEC);
    return 0;
}

/*
 * Also when close() fails the descriptor is closed. Of one that nothing is known of (some close all
 * that there could be) that is worth knowing only where it may be inherited yet.
 */
static int on_close(struct strace *strace, struct strace_thread *thread,
                    const struct strace_call *call)
{
    int64_t number;

    (void)strace;
    if (thread->placed && slice_number(call->arguments[0], &number) &&
        !strace_descriptor_find(thread->descriptors, number))
        return 0;
    return strace_put(thread, call->arguments[0], NULL, false);
}

static int on_close_range(struct strace *strace, struct strace_thread *thread,
                          const struct strace_call *call)
{
    int64_t first, last;

    (void)strace;
    if (call->failed || !slice_number(call->arguments[0], &first) || first < 0 ||
        !slice_number(call->arguments[1], &last))
        return 0;
    strace_descriptors_close(
        thread->descriptors, (uint32_t)first, (uint32_t)last,
        slice_has_flag(call->arguments[2], "CLOSE_RANGE_CLOEXEC", CLOSE_RANGE_CLOEXEC));
    return 0;
}

/* What it returns is a descriptor, and of no socket. */
static int on_open(struct strace *strace, struct strace_thread *thread,
                   const struct strace_call *call)
{
    strace->opens = strace->opens || slice_is(call->name, "open") || slice_is(call->name, "openat");
    return call->failed ? 0 : strace_put(thread, call->returned, NULL, false);
}

static int on_pipe(struct strace *strace, struct strace_thread *thread,
                   const struct strace_call *call)
{
    const char *at = slice_inside(call->arguments[0]);
    struct slice each;
    int err = 0;

    (void)strace;
    while (!err && !call->failed && at && slice_next(&at, &each))
        err = strace_put(thread, each, NULL, false);
    return err;
}

/* Processes */

/* The flags of clone(child_stack=NULL, flags=CLONE_VM|...) and clone3({flags=...}). */
static struct slice clone_flags(const struct strace_call *call)
{
    struct slice flags = call->arguments[1];

    slice_field(call->arguments[0], "flags", &flags);
    return flags;
}

int strace_clone(struct strace_thread *child, const struct strace_thread *parent,
                 const struct strace_call *call)
{
    struct slice flags = clone_flags(call);

    return strace_thread_inherit(child, parent, slice_has_flag(flags, "CLONE_FILES", CLONE_FILES),
                                 slice_has_flag(flags, "CLONE_THREAD", CLONE_THREAD));
}

/* The child may have been seen already, and done something: then it has inherited by then. */
static int on_clone(struct strace *strace, struct strace_thread *thread,
                    const struct strace_call *call)
{
    struct strace_thread *child;

    if (call->failed || call->result <= 0 || call->result > UINT32_MAX)
        return 0;
    child = strace_thread_get(&strace->world, (uint32_t)call->result);
    if (!child)
        return -ENOMEM;
    return child->placed ? 0 : strace_clone(child, thread, call);
}

bool strace_clones(const struct strace_call *call)
{
    return strace_state_find(call->name) == on_clone;
}

static void set_comm(struct strace_thread *thread, const struct bytes *name)
{
    const uint8_t *slash = name->length ? memrchr(name->at, '/', name->length) : NULL;
    size_t skipped = slash ? (size_t)(slash + 1 - name->at) : 0;
    size_t length = name->length - skipped;

    memset(thread->comm, 0, COMM_SIZE);
    if (length)
        memcpy(thread->comm, name->at + skipped, length < COMM_SIZE ? length : COMM_SIZE - 1);
}

static int on_execve(struct strace *strace, struct strace_thread *thread,
                     const struct strace_call *call)
{
    bool at = slice_is(call->name, "execveat"), cut;

    if (call->failed)
        return 0;
    strace->data.length = 0;
    if (slice_string(call->arguments[at], &strace->data, &cut))
        return -ENOMEM;
    set_comm(thread, &strace->data);
    strace_thread_exec(thread);
    return 0;
}

static int on_prctl(struct strace *strace, struct strace_thread *thread,
                    const struct strace_call *call)
{
    bool cut;

    if (call->failed || !slice_is_constant(call->arguments[0], "PR_SET_NAME", PR_SET_NAME))
        return 0;
    strace->data.length = 0;
    if (slice_string(call->arguments[1], &strace->data, &cut))
        return -ENOMEM;
    memset(thread->comm, 0, COMM_SIZE);
    if (strace->data.length)
        memcpy(thread->comm, strace->data.at,
               strace->data.length < COMM_SIZE ? strace->data.length : COMM_SIZE - 1);
    return 0;
}

static int on_uring(struct strace *strace, struct strace_thread *thread,
                    const struct strace_call *call)
{
    strace->uring = strace->uring || !call->failed;
    return on_open(strace, thread, call);
}

static const struct {
    const char *name;
    strace_handler *handle;
} states[] = {
    {"dup", on_dup},
    {"dup2", on_dup},
    {"dup3", on_dup},
    {"fcntl", on_fcntl},
    {"fcntl64", on_fcntl},
    {"close", on_close},
    {"close_range", on_close_range},
    {"open", on_open},
    {"openat", on_open},
    {"openat2", on_open},
    {"creat", on_open},
    {"pipe", on_pipe},
    {"pipe2", on_pipe},
    {"epoll_create", on_open},
    {"epoll_create1", on_open},
    {"eventfd", on_open},
    {"eventfd2", on_open},
    {"timerfd_create", on_open},
    {"signalfd", on_open},
    {"signalfd4", on_open},
    {"inotify_init", on_open},
    {"inotify_init1", on_open},
    {"memfd_create", on_open},
    {"pidfd_open", on_open},
    {"userfaultfd", on_open},
    {"io_uring_setup", on_uring},
    {"clone", on_clone},
    {"clone3", on_clone},
    {"fork", on_clone},
    {"vfork", on_clone},
    {"execve", on_execve},
    {"execveat", on_execve},
    {"prctl", on_prctl},
};

strace_handler *strace_state_find(struct slice name)
{
    for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++)
        if (slice_is(name, states[i].name))
            return states[i].handle;
    return strace_naming_find(name);
}
