/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Lets each thread go on by itself: none waits for another that we make wait. */
#include "capture/ptrace_tracer.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "capture/launch.h"
#include "capture/proc.h"
#include "capture/ptrace_aio.h"
#include "capture/ptrace_clone.h"
#include "capture/ptrace_cover.h"
#include "capture/ptrace_filter.h"
#include "capture/ptrace_listener.h"
#include "capture/ptrace_pass.h"
#include "capture/ptrace_privilege.h"
#include "capture/scope.h"

/* Threads */

/* The thread is in no call any more. One that may have sent something can no longer be asked. */
static int thread_leave(struct tracer *tracer, struct thread *thread)
{
    int err = 0;

    if (thread->call.begun) {
        tracer->sending--;
        tracer->losses.unfollowed++;
        moved_clear(&tracer->moved);
        err = call_deliver(&thread->call, &thread->caller, &tracer->moved, tracer->sink);
    }
    thread->call.kind = CALL_OTHER;
    return err;
}

/* The thread makes no calls for us any more. */
static void cover_end(struct tracer *tracer, struct thread *thread)
{
    if (thread->cover.step)
        tracer->covering--;
    thread->cover.step = COVER_NONE;
}

static int thread_ended(struct tracer *tracer, pid_t tid)
{
    struct thread *thread = threads_find(&tracer->threads, tid);
    int err;

    if (!thread)
        return 0;
    cover_end(tracer, thread);
    err = thread_leave(tracer, thread);
    threads_drop(&tracer->threads, thread);
    return err;
}

/* Saying what the recording cannot hold */

static void say(const struct tracer *tracer, const char *text)
{
    if (tracer->options.say)
        tracer->options.say(tracer->options.context, text);
}

static void look_at_program(struct tracer *tracer, pid_t tid)
{
    char name[COMM_SIZE] = "", text[160];

    if (tracer->said_unprivileged || !privilege_is_lost(tid))
        return;
    tracer->said_unprivileged = true;
    proc_read(tid, "comm", name, sizeof(name));
    snprintf(text, sizeof(text),
             "%s would run with privileges, but cannot under ptrace: it runs without", name);
    say(tracer, text);
}

/* Calls of the thread's process are not seen: says why, unless that was said. */
static void note_unseen(struct tracer *tracer, const struct thread *thread, uint64_t count,
                        bool *said, const char *why)
{
    char text[160];

    tracer->losses.unfollowed += count;
    if (*said || !count)
        return;
    *said = true;
    snprintf(text, sizeof(text), "%s %s", thread->caller.comm, why);
    say(tracer, text);
}

/* Stops */

/* Returns false when the thread is gone. */
static bool get_call(pid_t tid, struct __ptrace_syscall_info *info)
{
    memset(info, 0, sizeof(*info));
    return ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(*info), info) > 0;
}

static void note_hidden(struct tracer *tracer, struct thread *thread)
{
    if (thread->hidden)
        return;
    thread->hidden = true;
    tracer->losses.unfollowed++;
}

/* A call by which bytes move past us, or will. Returns false when it is none of those. */
static bool note_bypass(struct tracer *tracer, const struct thread *thread, unsigned stop,
                        const uint64_t arguments[6])
{
    switch (stop) {
    case FILTER_AIO:
        note_unseen(tracer, thread, aio_on_sockets(arguments, tracer->sockets, &thread->caller),
                    &tracer->said_aio,
                    "uses asynchronous I/O (io_submit) on a socket, which is not recorded");
        return true;
    case FILTER_LISTENER:
        note_unseen(tracer, thread, listener_hides_calls(thread->caller.tid, arguments),
                    &tracer->said_listener,
                    "asks a process of its own about calls (seccomp), which are not seen then");
        return true;
    }
    return false;
}

/* Before a call that the filter has stopped; returns a call_step or -errno. */
static int before_call(struct tracer *tracer, struct thread *thread,
                       const struct __ptrace_syscall_info *info)
{
    unsigned stop = filter_stop_of(info->seccomp.ret_data);
    uint64_t arguments[6];

    switch (stop) {
    case FILTER_EARLIER:
        return CALL_PASSES;
    case FILTER_FOREIGN:
        tracer->losses.foreign++;
        return CALL_PASSES;
    case FILTER_RENAME:
        thread->named = false;
        return CALL_PASSES;
    case FILTER_PTRACE:
        if (!tracer->said_traces)
            say(tracer, "the command uses ptrace, which fails as it is traced already");
        tracer->said_traces = true;
        return CALL_PASSES;
    case FILTER_CLONE:
    case FILTER_BEHIND:
        return CALL_PASSES;
    }
    for (int i = 0; i < 6; i++)
        arguments[i] = info->seccomp.args[i];
    thread_identify(thread);
    if (!scope_takes(tracer->options.scope, thread->caller.pid, launch_pid(tracer->launch)))
        return CALL_PASSES;
    if (note_bypass(tracer, thread, stop, arguments))
        return CALL_PASSES;
    return call_enter(&thread->call, (enum call_kind)stop, arguments, tracer->sockets,
                      &thread->caller, tracer->sink);
}

/* Before a call behind which the process must have the second filter; without it, what is said then
 * may not be seen. */
static int on_door(struct tracer *tracer, struct thread *thread,
                   const struct __ptrace_syscall_info *info)
{
    pid_t tid = thread->caller.tid;
    int err = -ENOTSUP;

    if (!cover_needed(tid, info))
        return pass_resume(tid, PTRACE_CONT, 0);
    if (!thread->cover.refused)
        err = cover_begin(&thread->cover, tid);
    if (thread->cover.step) {
        tracer->covering++;
        return err;
    }
    if (err != -ESRCH)
        tracer->losses.unfollowed++;
    return pass_resume(tid, PTRACE_CONT, 0);
}

/* What its threads were called was not seen to change until now. */
static int on_cover(struct tracer *tracer, struct thread *thread, int status)
{
    int err = cover_go_on(&thread->cover, thread->caller.tid, status);

    if (thread->cover.step)
        return err;
    tracer->covering--;
    thread_identify(thread);
    threads_rename(&tracer->threads, thread->caller.pid);
    return err;
}

static int on_call(struct tracer *tracer, struct thread *thread)
{
    struct __ptrace_syscall_info info;
    pid_t tid = thread->caller.tid;
    int step = thread_leave(tracer, thread), err;

    if (step)
        return step;
    if (!get_call(tid, &info) || info.op != PTRACE_SYSCALL_INFO_SECCOMP)
        return pass_resume(tid, PTRACE_CONT, 0);
    if (clone_keep_traced(tid, &info))
        tracer->losses.unfollowed++;
    if (tracer->closing)
        return pass_resume(tid, PTRACE_CONT, 0);
    if (filter_stop_of(info.seccomp.ret_data) == FILTER_DOOR)
        return on_door(tracer, thread, &info);
    step = before_call(tracer, thread, &info);
    if (step == CALL_HIDDEN)
        note_hidden(tracer, thread);
    if (step == CALL_RENAMES)
        threads_rename(&tracer->threads, thread->caller.pid);
    if (step == CALL_STOPS && thread->call.begun)
        tracer->sending++;
    err = pass_resume(tid, step == CALL_STOPS ? PTRACE_SYSCALL : PTRACE_CONT, 0);
    return step < 0 ? step : err;
}

static int on_return(struct tracer *tracer, struct thread *thread)
{
    struct __ptrace_syscall_info info;
    pid_t tid = thread->caller.tid;
    int err;

    if (thread->call.kind == CALL_OTHER)
        return pass_resume(tid, PTRACE_CONT, 0);
    if (!get_call(tid, &info) || info.op != PTRACE_SYSCALL_INFO_EXIT)
        return pass_resume(tid, PTRACE_CONT, 0); /* killed: its end will be reported */
    if (thread->call.kind == CALL_URING)
        note_unseen(tracer, thread, info.exit.rval >= 0, &tracer->said_uring,
                    "uses io_uring: what it sends and receives by that is not recorded");
    err =
        call_leave(&thread->call, info.exit.rval, tracer->sockets, &thread->caller, &tracer->moved);
    if (err) {
        pass_resume(tid, PTRACE_CONT, 0);
        return err;
    }
    err = pass_resume(tid, PTRACE_CONT, 0);
    if (err)
        return err;
    if (thread->call.begun)
        tracer->sending--;
    return call_deliver(&thread->call, &thread->caller, &tracer->moved, tracer->sink);
}

/* Of the threads of the process just this one is left, and it has taken the first one's number. */
static int on_exec(struct tracer *tracer, struct thread *thread)
{
    unsigned long former = 0;
    pid_t tid = thread->caller.tid;
    int err = thread_leave(tracer, thread);

    if (!ptrace(PTRACE_GETEVENTMSG, tid, 0L, &former) && former && (pid_t)former != tid && !err)
        err = thread_ended(tracer, (pid_t)former);
    cover_end(tracer, thread);
    thread->named = thread->hidden = thread->cover.refused = false;
    look_at_program(tracer, tid);
    return err ? err : pass_resume(tid, PTRACE_CONT, 0);
}

static int on_stop(struct tracer *tracer, pid_t tid, int status)
{
    struct thread *thread = threads_get(&tracer->threads, tid);
    int err;

    if (!thread) {
        pass(tid, status);
        return -ENOMEM;
    }
    if (thread->cover.step && status >> 16 != PTRACE_EVENT_EXEC)
        return on_cover(tracer, thread, status);
    switch (status >> 16) {
    case PTRACE_EVENT_SECCOMP:
        return on_call(tracer, thread);
    case PTRACE_EVENT_EXEC:
        return on_exec(tracer, thread);
    case 0:
        if (WSTOPSIG(status) == (SIGTRAP | 0x80))
            return on_return(tracer, thread);
    }
    err = thread_leave(tracer, thread);
    return err ? err : pass(tid, status);
}

static int on_change(struct tracer *tracer, pid_t tid, int status)
{
    if (WIFSTOPPED(status))
        return on_stop(tracer, tid, status);
    if (!WIFEXITED(status) && !WIFSIGNALED(status))
        return 0;
    if (tid == launch_pid(tracer->launch))
        launch_reaped(tracer->launch, status);
    return thread_ended(tracer, tid);
}

/* Lets it go on unseen, as soon as it makes no calls for us. */
static void pass_change(struct tracer *tracer, pid_t tid, int status)
{
    struct thread *thread = threads_find(&tracer->threads, tid);

    if (thread && (!WIFSTOPPED(status) || status >> 16 == PTRACE_EVENT_EXEC))
        cover_end(tracer, thread);
    if (thread && thread->cover.step)
        on_cover(tracer, thread, status);
    else if (WIFSTOPPED(status))
        pass(tid, status);
}

/* After an error nothing is recorded any more, but the rest of the round still stands stopped. */
int tracer_on_changes(struct tracer *tracer)
{
    const struct changes *changes = &tracer->changes;
    int err = 0;

    for (size_t i = 0; i < changes->count; i++)
        if (err)
            pass_change(tracer, changes->at[i].tid, changes->at[i].status);
        else
            err = on_change(tracer, changes->at[i].tid, changes->at[i].status);
    return err;
}

void tracer_end_covering(struct tracer *tracer)
{
    const struct changes *changes = &tracer->changes;
    int err = 0;

    while (tracer->covering && (!err || err == -EINTR)) {
        err = changes_wait(&tracer->changes);
        for (size_t i = 0; i < changes->count; i++)
            pass_change(tracer, changes->at[i].tid, changes->at[i].status);
    }
}
