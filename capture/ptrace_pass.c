/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* All up to the handler of SIGCHLD is async-signal-safe. */
#include "capture/ptrace_pass.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

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

int pass(pid_t tid, int status)
{
    int event = status >> 16, signal = WSTOPSIG(status);

    if (event == PTRACE_EVENT_STOP && stops_group(signal))
        return pass_resume(tid, PTRACE_LISTEN, 0); /* it stays stopped until SIGCONT */
    if (event || signal == (SIGTRAP | 0x80))
        return pass_resume(tid, PTRACE_CONT, 0);
    return pass_resume(tid, PTRACE_CONT, signal);
}

/* Lets all pass that are stopped. Returns false when none are left at all. */
static bool pass_waiting(void)
{
    int status;
    pid_t tid;

    while ((tid = waitpid(-1, &status, __WALL | WNOHANG)) > 0)
        if (WIFSTOPPED(status))
            pass(tid, status);
    return tid == 0;
}

static void on_child(int signal)
{
    int error = errno;

    (void)signal;
    pass_waiting();
    errno = error;
}

void pass_from_now_on(void)
{
    struct sigaction action = {.sa_handler = on_child, .sa_flags = SA_RESTART};
    sigset_t mask;

    sigaction(SIGCHLD, &action, NULL);
    sigemptyset(&mask);
    sigaddset(&mask, SIGCHLD);
    sigprocmask(SIG_UNBLOCK, &mask, NULL);
    pass_waiting();
}

bool pass_needed(void)
{
    return pass_waiting();
}

void pass_stay(void)
{
    int status;
    pid_t tid;

    signal(SIGCHLD, SIG_DFL);
    while ((tid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR)
        if (tid > 0 && WIFSTOPPED(status))
            pass(tid, status);
}
