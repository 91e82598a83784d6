/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* All up to the handler of signals is async-signal-safe. */
#include "capture/ptrace_pass.h"

#include <errno.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "capture/clock.h"
#include "capture/ptrace_changes.h"
#include "capture/ptrace_clone.h"

/* Microseconds from one look at what has stopped to the next. */
enum {
    SHORTEST = 50,          /* while something has */
    LONGEST = 1000,         /* while nothing has */
    LONGEST_ROUND = 100000, /* that are waited besides, as a look has taken as long itself */
};

static struct changes taken;

int pass_resume(pid_t tid, enum __ptrace_request how, int signal)
{
    /* ESRCH: it was killed where it stood, and its end will be reported. */
    if (ptrace(how, tid, 0L, (long)signal) && errno != ESRCH)
        return -errno;
    return 0;
}

static bool stops_group(int signal)
{
    return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

/* What it makes in the call that it stands before needs us as well. */
static void keep_traced(pid_t tid)
{
    struct __ptrace_syscall_info info;

    if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(info), &info) > 0 &&
        info.op == PTRACE_SYSCALL_INFO_SECCOMP)
        clone_keep_traced(tid, &info);
}

int pass(pid_t tid, int status)
{
    int event = status >> 16, signal = WSTOPSIG(status);

    if (event == PTRACE_EVENT_SECCOMP)
        keep_traced(tid);
    if (event == PTRACE_EVENT_STOP && stops_group(signal))
        return pass_resume(tid, PTRACE_LISTEN, 0); /* it stays stopped until SIGCONT */
    if (event || signal == (SIGTRAP | 0x80))
        return pass_resume(tid, PTRACE_CONT, 0);
    return pass_resume(tid, PTRACE_CONT, signal);
}

/* Lets all pass that have stopped, each once. */
static void pass_all(const struct changes *changes)
{
    for (size_t i = 0; i < changes->count; i++)
        if (WIFSTOPPED(changes->at[i].status))
            pass(changes->at[i].tid, changes->at[i].status);
}

/* Microseconds, less than a second. */
static void look_in(uint64_t microseconds)
{
    const struct itimerval timer = {.it_value.tv_usec = (suseconds_t)microseconds};

    setitimer(ITIMER_REAL, &timer, NULL);
}

static uint64_t lesser(uint64_t one, uint64_t other)
{
    return one < other ? one : other;
}

/*
 * SIGCHLD alone would not do: while threads stop all the time there is always another one, and the
 * program that is interrupted would not get on. So as long as a look has taken, none follows it;
 * what stops meanwhile is found when the timer has run out, which always runs.
 */
static void on_signal(int signal)
{
    static uint64_t ended, spent, pause = SHORTEST; /* nanoseconds; microseconds */
    uint64_t began = clock_monotonic();
    int error = errno;

    if (signal == SIGCHLD && began - ended < spent)
        return;
    if (changes_take(&taken)) {
        pass_all(&taken);
        ended = clock_monotonic();
        spent = ended - began;
        pause = taken.count ? SHORTEST : lesser(2 * pause, LONGEST);
        look_in(pause + lesser(spent / 1000, LONGEST_ROUND));
    }
    errno = error;
}

static sigset_t signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    sigaddset(&set, SIGCHLD);
    return set;
}

static void block_signals(bool block)
{
    const sigset_t set = signals();

    sigprocmask(block ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

void pass_from_now_on(void)
{
    struct sigaction action = {
        .sa_handler = on_signal, .sa_mask = signals(), .sa_flags = SA_RESTART};

    sigaction(SIGALRM, &action, NULL);
    sigaction(SIGCHLD, &action, NULL);
    block_signals(false);
    look_in(SHORTEST);
}

bool pass_needed(void)
{
    bool needed;

    block_signals(true);
    needed = changes_take(&taken);
    pass_all(&taken);
    block_signals(false);
    return needed;
}

void pass_stay(void)
{
    int err = 0;

    block_signals(true);
    while (!err || err == -EINTR) {
        err = changes_wait(&taken);
        pass_all(&taken);
    }
}
