/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The `ptrace` backend: stops the command's threads before and behind their socket calls. It needs
 * no privileges, and the command pays for it: a stop is two switches between processes.
 *
 * The filters that make the stops (ptrace_filter.h) cannot be taken off again, and without a tracer
 * the calls they stop fail. So whoever traces must do so for as long as a process is left:
 *
 * - When we are killed, the kernel kills them too (PTRACE_O_EXITKILL): a program whose every socket
 *   call fails, and with ENOSYS, is worse than one that is gone.
 * - When we are done and some still run, they are let through, call by call, without a look at what
 *   they say (ptrace_pass.h); so are those of an earlier run while a later one is recorded.
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
#include "capture/ptrace_filter.h"
#include "capture/ptrace_pass.h"
#include "capture/ptrace_socket.h"
#include "capture/ptrace_tracer.h"
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
    struct tracer tracer;
    struct processor processor;
};

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
    struct changes *changes = &recorder->tracer.changes;
    int err;

    changes_take(changes);
    err = tracer_on_changes(&recorder->tracer);
    return err ? err : (int)changes->count;
}

/* The timer interrupts this alone: a recording that is written to a pipe would lose bytes. */
static int wait_or_tick(struct changes *changes)
{
    sigset_t tick;
    int err;

    sigemptyset(&tick);
    sigaddset(&tick, SIGALRM);
    sigprocmask(SIG_UNBLOCK, &tick, NULL);
    err = changes_wait(changes);
    sigprocmask(SIG_BLOCK, &tick, NULL);
    return err;
}

/*
 * While threads stop all the time, waiting for them in waitpid() is the quickest; to look at
 * anything else an interval timer interrupts it. A tick between the check and the wait costs one
 * interval.
 */
static int take_until_tick(struct recorder *recorder)
{
    int err = 0;

    if (recorder->tracer.threads.last)
        processor_join(&recorder->processor, recorder->tracer.threads.last->caller.tid);
    tick_every(TICK);
    while (!err && !ticked && !launch_ended(recorder->tracer.launch)) {
        if (wait_or_tick(&recorder->tracer.changes))
            break;
        err = tracer_on_changes(&recorder->tracer);
    }
    tick_every(0);
    return err;
}

static int ptrace_step(struct recorder *recorder, int *wait)
{
    int count = take_waiting(recorder);

    *wait = SLEEP;
    if (count > 0 && !launch_ended(recorder->tracer.launch))
        return take_until_tick(recorder);
    processor_leave(&recorder->processor);
    return count < 0 ? count : 0;
}

/* From beginning to end */

static int ptrace_open(struct recorder **out, const struct backend_options *options,
                       const struct sink *sink, char reason[REASON_SIZE])
{
    struct recorder *recorder;
    int err;

    if (options->scope && !options->scope->launches) {
        snprintf(reason, REASON_SIZE, "records only a command that it launches");
        return -ENOTSUP;
    }
    if (proc_is_foreign()) {
        snprintf(reason, REASON_SIZE,
                 "/proc is of another PID namespace (mount one: unshare --mount-proc)");
        return -ENOTSUP;
    }
    err = ptrace_trial(reason);
    if (err)
        return err;
    recorder = calloc(1, sizeof(*recorder));
    if (!recorder)
        return -ENOMEM;
    filter_begin_run();
    recorder->tracer.options = *options;
    recorder->tracer.moved.max_message = options->max_message;
    recorder->tracer.moved.epoch = clock_epoch();
    recorder->tracer.sink = sink;
    err = sockets_new(&recorder->tracer.sockets, sink,
                      options->scope ? options->scope->patterns : NULL);
    if (err) {
        snprintf(reason, REASON_SIZE, "/proc: %s%s", strerror(-err),
                 err == -ENOENT ? " (is it mounted?)" : "");
        free(recorder);
        return err;
    }
    *out = recorder;
    return 0;
}

static int ptrace_prepare(void)
{
    return filter_install();
}

static int ptrace_observe(struct recorder *recorder, struct launch *launch)
{
    struct sigaction action = {.sa_handler = on_tick};
    sigset_t mask;

    recorder->tracer.launch = launch;
    sigemptyset(&mask);
    sigaddset(&mask, SIGALRM);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    sigaction(SIGALRM, &action, NULL); /* what is left of an earlier run is let through by us now */
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
    losses_add(losses, &recorder->tracer.losses);
    losses_add(losses, &recorder->tracer.moved.losses);
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
    recorder->tracer.closing = true;
    while ((err = take_waiting(recorder)) >= 0 && recorder->tracer.sending && left-- > 0)
        nanosleep(&pause, NULL);
    tracer_end_covering(&recorder->tracer);
    pass_from_now_on();
    return err < 0 ? err : 0;
}

static void ptrace_close(struct recorder *recorder)
{
    if (!recorder)
        return;
    tracer_end_covering(&recorder->tracer);
    pass_from_now_on();
    threads_free(&recorder->tracer.threads);
    moved_free(&recorder->tracer.moved);
    sockets_free(recorder->tracer.sockets);
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
