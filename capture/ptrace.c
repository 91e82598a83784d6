/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The `ptrace` backend: stops the command's threads before and behind their socket calls. It needs
 * no privileges, and the command pays for it: a stop is two switches between processes.
 *
 * The filter that makes the stops (ptrace_filter.h) cannot be taken off again, and without a tracer
 * the calls it stops fail. So whoever traces must do so for as long as a process is left:
 *
 * - When we are killed, the kernel kills them too (PTRACE_O_EXITKILL): a program whose every socket
 *   call fails, and with ENOSYS, is worse than one that is gone.
 * - When we are done and some still run, they are let through, call by call, without a look at what
 *   they say (ptrace_pass.h).
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "capture/backend.h"
#include "capture/clock.h"
#include "capture/launch.h"
#include "capture/losses.h"
#include "capture/proc.h"
#include "capture/processor.h"
#include "capture/ptrace_cover.h"
#include "capture/ptrace_filter.h"
#include "capture/ptrace_moved.h"
#include "capture/ptrace_pass.h"
#include "capture/ptrace_privilege.h"
#include "capture/ptrace_socket.h"
#include "capture/ptrace_thread.h"
#include "capture/ptrace_trial.h"
#include "capture/scope.h"

/* Milliseconds. */
enum {
    TICK = 20,    /* between looks at anything else while threads stop all the time */
    SLEEP = 500,  /* SIGCHLD ends a sleep */
    LINGER = 100, /* that calls which have sent something may take to return at the end */
};

/* ptrace() takes the request as an enum of the C library; PTRACE_O_ are the kernel's. */
static const long trace_options = PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD |
                                  PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                                  PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;

struct recorder {
    struct backend_options options;
    const struct sink *sink;
    struct launch *launch;
    struct sockets *sockets;
    struct moved moved;
    struct threads threads;
    struct processor processor;
    size_t sending;  /* threads in a call that the sink has been told of */
    size_t covering; /* threads that make calls for us */
    struct losses losses;
    bool closing; /* what begins now is no longer recorded */
    bool said_unprivileged, said_traces;
};

/* Threads */

/* The thread is in no call any more. One that may have sent something can no longer be asked. */
static int thread_leave(struct recorder *recorder, struct thread *thread)
{
    int err = 0;

    if (thread->call.begun) {
        recorder->sending--;
        recorder->losses.unfollowed++;
        moved_clear(&recorder->moved);
        err = call_deliver(&thread->call, &thread->caller, &recorder->moved, recorder->sink);
    }
    thread->call.kind = CALL_OTHER;
    return err;
}

/* The thread makes no calls for us any more. */
static void cover_end(struct recorder *recorder, struct thread *thread)
{
    if (thread->cover.step)
        recorder->covering--;
    thread->cover.step = COVER_NONE;
}

static int thread_ended(struct recorder *recorder, pid_t tid)
{
    struct thread *thread = threads_find(&recorder->threads, tid);
    int err;

    if (!thread)
        return 0;
    cover_end(recorder, thread);
    err = thread_leave(recorder, thread);
    threads_drop(&recorder->threads, thread);
    return err;
}

/* Saying what the recording cannot hold */

static void say(const struct recorder *recorder, const char *text)
{
    if (recorder->options.say)
        recorder->options.say(recorder->options.context, text);
}

static void look_at_program(struct recorder *recorder, pid_t tid)
{
    char name[COMM_SIZE] = "", text[160];

    if (recorder->said_unprivileged || !privilege_is_lost(tid))
        return;
    recorder->said_unprivileged = true;
    proc_read(tid, "comm", name, sizeof(name));
    snprintf(text, sizeof(text),
             "%s would run with privileges, but cannot under ptrace: it runs without", name);
    say(recorder, text);
}

/* Stops */

/* Returns false when the thread is gone. */
static bool get_call(pid_t tid, struct __ptrace_syscall_info *info)
{
    memset(info, 0, sizeof(*info));
    return ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(*info), info) > 0;
}

static void note_hidden(struct recorder *recorder, struct thread *thread)
{
    if (thread->hidden)
        return;
    thread->hidden = true;
    recorder->losses.unfollowed++;
}

/* Before a call that the filter has stopped; returns a call_step or -errno. */
static int before_call(struct recorder *recorder, struct thread *thread,
                       const struct __ptrace_syscall_info *info)
{
    unsigned stop = info->seccomp.ret_data;
    uint64_t arguments[6];

    switch (stop) {
    case FILTER_FOREIGN:
        recorder->losses.foreign++;
        return CALL_PASSES;
    case FILTER_RENAME:
        thread->named = false;
        return CALL_PASSES;
    case FILTER_PTRACE:
        if (!recorder->said_traces)
            say(recorder, "the command uses ptrace, which fails as it is traced already");
        recorder->said_traces = true;
        return CALL_PASSES;
    case FILTER_IO_URING:
        recorder->losses.unfollowed++;
        return CALL_PASSES;
    case FILTER_BEHIND:
        return CALL_PASSES;
    }
    for (int i = 0; i < 6; i++)
        arguments[i] = info->seccomp.args[i];
    thread_identify(thread);
    if (!scope_takes(recorder->options.scope, thread->caller.pid, launch_pid(recorder->launch)))
        return CALL_PASSES;
    return call_enter(&thread->call, (enum call_kind)stop, arguments, recorder->sockets,
                      &thread->caller, recorder->sink);
}

/* Before a call behind which the process must have the second filter; without it, what is said then
 * may not be seen. */
static int on_door(struct recorder *recorder, struct thread *thread,
                   const struct __ptrace_syscall_info *info)
{
    pid_t tid = thread->caller.tid;
    int err = -ENOTSUP;

    if (!cover_needed(tid, info))
        return pass_resume(tid, PTRACE_CONT, 0);
    if (!thread->cover.refused)
        err = cover_begin(&thread->cover, tid);
    if (!err) {
        recorder->covering++;
        return 0;
    }
    if (err != -ESRCH)
        recorder->losses.unfollowed++;
    return pass_resume(tid, PTRACE_CONT, 0);
}

/* What its threads were called was not seen to change until now. */
static int on_cover(struct recorder *recorder, struct thread *thread, int status)
{
    int err = cover_go_on(&thread->cover, thread->caller.tid, status);

    if (thread->cover.step)
        return err;
    recorder->covering--;
    thread_identify(thread);
    threads_rename(&recorder->threads, thread->caller.pid);
    return err;
}

static int on_call(struct recorder *recorder, struct thread *thread)
{
    struct __ptrace_syscall_info info;
    pid_t tid = thread->caller.tid;
    int step = thread_leave(recorder, thread), err;

    if (step)
        return step;
    if (recorder->closing)
        return pass_resume(tid, PTRACE_CONT, 0);
    if (!get_call(tid, &info) || info.op != PTRACE_SYSCALL_INFO_SECCOMP)
        return pass_resume(tid, PTRACE_CONT, 0);
    if (info.seccomp.ret_data == FILTER_DOOR)
        return on_door(recorder, thread, &info);
    step = before_call(recorder, thread, &info);
    if (step == CALL_HIDDEN)
        note_hidden(recorder, thread);
    if (step == CALL_RENAMES)
        threads_rename(&recorder->threads, thread->caller.pid);
    if (step == CALL_STOPS && thread->call.begun)
        recorder->sending++;
    err = pass_resume(tid, step == CALL_STOPS ? PTRACE_SYSCALL : PTRACE_CONT, 0);
    return step < 0 ? step : err;
}

static int on_return(struct recorder *recorder, struct thread *thread)
{
    struct __ptrace_syscall_info info;
    pid_t tid = thread->caller.tid;
    int err;

    if (thread->call.kind == CALL_OTHER)
        return pass_resume(tid, PTRACE_CONT, 0);
    if (!get_call(tid, &info) || info.op != PTRACE_SYSCALL_INFO_EXIT)
        return pass_resume(tid, PTRACE_CONT, 0); /* killed: its end will be reported */
    err = call_leave(&thread->call, info.exit.rval, recorder->sockets, &thread->caller,
                     &recorder->moved);
    if (err) {
        pass_resume(tid, PTRACE_CONT, 0);
        return err;
    }
    err = pass_resume(tid, PTRACE_CONT, 0);
    if (err)
        return err;
    if (thread->call.begun)
        recorder->sending--;
    return call_deliver(&thread->call, &thread->caller, &recorder->moved, recorder->sink);
}

/* Of the threads of the process just this one is left, and it has taken the first one's number. */
static int on_exec(struct recorder *recorder, struct thread *thread)
{
    unsigned long former = 0;
    pid_t tid = thread->caller.tid;
    int err = thread_leave(recorder, thread);

    if (!ptrace(PTRACE_GETEVENTMSG, tid, 0L, &former) && former && (pid_t)former != tid && !err)
        err = thread_ended(recorder, (pid_t)former);
    cover_end(recorder, thread);
    thread->named = thread->hidden = false;
    look_at_program(recorder, tid);
    return err ? err : pass_resume(tid, PTRACE_CONT, 0);
}

static int on_stop(struct recorder *recorder, pid_t tid, int status)
{
    struct thread *thread = threads_get(&recorder->threads, tid);
    int err;

    if (!thread) {
        pass(tid, status);
        return -ENOMEM;
    }
    if (thread->cover.step && status >> 16 != PTRACE_EVENT_EXEC)
        return on_cover(recorder, thread, status);
    switch (status >> 16) {
    case PTRACE_EVENT_SECCOMP:
        return on_call(recorder, thread);
    case PTRACE_EVENT_EXEC:
        return on_exec(recorder, thread);
    case 0:
        if (WSTOPSIG(status) == (SIGTRAP | 0x80))
            return on_return(recorder, thread);
    }
    err = thread_leave(recorder, thread);
    return err ? err : pass(tid, status);
}

static int on_change(struct recorder *recorder, pid_t tid, int status)
{
    if (WIFSTOPPED(status))
        return on_stop(recorder, tid, status);
    if (!WIFEXITED(status) && !WIFSIGNALED(status))
        return 0;
    if (tid == launch_pid(recorder->launch))
        launch_reaped(recorder->launch, status);
    return thread_ended(recorder, tid);
}

/* Waiting */

static volatile sig_atomic_t ticked;

static void on_tick(int signal)
{
    (void)signal;
    ticked = 1;
}

static void tick_every(long milliseconds)
{
    struct itimerval timer = {{0, milliseconds * 1000}, {0, milliseconds * 1000}};

    ticked = 0;
    setitimer(ITIMER_REAL, &timer, NULL);
}

/* Takes what is there, without waiting. Returns how many changes there were, or -errno. */
static int take_waiting(struct recorder *recorder)
{
    int count = 0, status, err = 0;
    pid_t tid;

    while (!err && (tid = waitpid(-1, &status, __WALL | WNOHANG)) > 0) {
        err = on_change(recorder, tid, status);
        count++;
    }
    return err ? err : count;
}

/* The timer interrupts this alone: a recording that is written to a pipe would lose bytes. */
static pid_t wait_or_tick(int *status)
{
    sigset_t tick;
    pid_t tid;

    sigemptyset(&tick);
    sigaddset(&tick, SIGALRM);
    sigprocmask(SIG_UNBLOCK, &tick, NULL);
    tid = waitpid(-1, status, __WALL);
    sigprocmask(SIG_BLOCK, &tick, NULL);
    return tid;
}

/*
 * While threads stop all the time, waiting for them in waitpid() is the quickest; to look at
 * anything else an interval timer interrupts it. A tick between the check and the wait costs one
 * interval.
 */
static int take_until_tick(struct recorder *recorder)
{
    int status, err = 0;
    pid_t tid;

    if (recorder->threads.last)
        processor_join(&recorder->processor, recorder->threads.last->caller.tid);
    tick_every(TICK);
    while (!err && !ticked && !launch_ended(recorder->launch)) {
        tid = wait_or_tick(&status);
        if (tid < 0)
            break;
        err = on_change(recorder, tid, status);
    }
    tick_every(0);
    return err;
}

static int ptrace_step(struct recorder *recorder, int *wait)
{
    int count = take_waiting(recorder);

    *wait = SLEEP;
    if (count > 0 && !launch_ended(recorder->launch))
        return take_until_tick(recorder);
    processor_leave(&recorder->processor);
    return count < 0 ? count : 0;
}

/* From beginning to end */

static int ptrace_open(struct recorder **out, const struct backend_options *options,
                       const struct sink *sink, char reason[REASON_SIZE])
{
    struct sigaction action = {.sa_handler = on_tick};
    struct recorder *recorder;
    int err;

    if (options->scope && !options->scope->launches) {
        snprintf(reason, REASON_SIZE, "records only a command that it launches");
        return -ENOTSUP;
    }
    err = ptrace_trial(reason);
    if (err)
        return err;
    recorder = calloc(1, sizeof(*recorder));
    if (!recorder)
        return -ENOMEM;
    recorder->options = *options;
    recorder->moved.max_message = options->max_message;
    recorder->moved.epoch = clock_epoch();
    recorder->sink = sink;
    err = sockets_new(&recorder->sockets, sink);
    if (err) {
        snprintf(reason, REASON_SIZE, "/proc: %s", strerror(-err));
        free(recorder);
        return err;
    }
    sigaction(SIGALRM, &action, NULL);
    *out = recorder;
    return 0;
}

static int ptrace_prepare(void)
{
    return filter_install();
}

static int ptrace_observe(struct recorder *recorder, struct launch *launch)
{
    sigset_t mask;

    recorder->launch = launch;
    sigemptyset(&mask);
    sigaddset(&mask, SIGALRM);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    if (ptrace(PTRACE_SEIZE, launch_pid(launch), 0L, trace_options))
        return -errno;
    launch_leave_reaping(launch);
    return 0;
}

static int ptrace_fd(const struct recorder *recorder)
{
    (void)recorder;
    return -1; /* stops send SIGCHLD, which the caller waits for */
}

static void ptrace_losses(const struct recorder *recorder, struct losses *losses)
{
    losses_add(losses, &recorder->losses);
    losses_add(losses, &recorder->moved.losses);
}

/* No thread may go on with registers of ours. */
static void end_covering(struct recorder *recorder)
{
    struct thread *thread;
    int status;
    pid_t tid;

    while (recorder->covering && ((tid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR)) {
        thread = tid > 0 ? threads_find(&recorder->threads, tid) : NULL;
        if (thread && (!WIFSTOPPED(status) || status >> 16 == PTRACE_EVENT_EXEC))
            cover_end(recorder, thread);
        if (thread && thread->cover.step)
            on_cover(recorder, thread, status);
        else if (tid > 0 && WIFSTOPPED(status))
            pass(tid, status);
    }
}

/*
 * What has been sent may have been answered, and the answer been read by a command that has ended,
 * before the call that sent it has returned.
 */
static int ptrace_finish(struct recorder *recorder)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    int err, left = LINGER;

    processor_leave(&recorder->processor);
    recorder->closing = true;
    while ((err = take_waiting(recorder)) >= 0 && recorder->sending && left-- > 0)
        nanosleep(&pause, NULL);
    end_covering(recorder);
    pass_from_now_on();
    return err < 0 ? err : 0;
}

static void ptrace_close(struct recorder *recorder)
{
    if (!recorder)
        return;
    end_covering(recorder);
    pass_from_now_on();
    threads_free(&recorder->threads);
    moved_free(&recorder->moved);
    sockets_free(recorder->sockets);
    free(recorder);
}

const struct backend backend_ptrace = {
    .name = "ptrace",
    .summary = "stops at the system calls of the command (no privileges needed)",
    .open = ptrace_open,
    .prepare = ptrace_prepare,
    .observe = ptrace_observe,
    .fd = ptrace_fd,
    .step = ptrace_step,
    .losses = ptrace_losses,
    .finish = ptrace_finish,
    .close = ptrace_close,
    .needed = pass_needed,
    .stay = pass_stay,
};
