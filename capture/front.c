/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A process that traces others cannot hand them to another one. So the one that may have to stay is
 * not the one that the shell waits for, from the beginning.
 */
#include "capture/front.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/capability.h"
#include "capture/signals.h"

/* What the new process keeps: its end of a pair of sockets, and what to do when it exits. */
static struct {
    int fd;
    bool (*needed)(void);
    void (*stay)(void);
} back = {.fd = -1};

/*
 * Signals of the terminal have reached the other process already. So have those to our group, but
 * that cannot be told: that one knows them for the same.
 */
static void pass_signals(int signals, struct signals_heard *heard, pid_t pid)
{
    struct signalfd_siginfo signal;

    while (read(signals, &signal, sizeof(signal)) == sizeof(signal))
        if ((signal.ssi_signo == SIGUSR1 || signals_hear(heard, &signal)) &&
            !signal_reached_all(&signal))
            kill(pid, (int)signal.ssi_signo);
}

/* Ends as the other process has ended, but leaves no core of its own. */
static void end_like(int status)
{
    const struct rlimit no_core = {0};
    sigset_t mask;

    if (WIFEXITED(status))
        _exit(WEXITSTATUS(status));
    setrlimit(RLIMIT_CORE, &no_core);
    signal(WTERMSIG(status), SIG_DFL);
    sigemptyset(&mask);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    raise(WTERMSIG(status));
    _exit(128 + WTERMSIG(status));
}

static void be_front(int fd, int signals, pid_t pid)
{
    struct pollfd watched[] = {{.fd = fd, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
    struct signals_heard heard = {0};
    unsigned char exit_status;
    int status = 0;

    capability_drop(); /* it does without */
    while (!watched[0].revents) {
        poll(watched, 2, -1);
        pass_signals(signals, &heard, pid);
    }
    if (read(fd, &exit_status, 1) == 1)
        _exit(exit_status);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    end_like(status);
}

/* Holds on to nothing that anybody could wait for, and hears of no signal meant for the program. */
static void let_go(void)
{
    int null = open("/dev/null", O_RDWR);

    signals_ignore();
    setsid();
    if (chdir("/")) {
        /* Then it stays where it is. */
    }
    if (null >= 0) {
        dup2(null, STDIN_FILENO);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
    }
    close_range(STDERR_FILENO + 1, ~0U, 0);
}

static void on_leaving(int status, void *unused)
{
    unsigned char exit_status = (unsigned char)status;

    (void)unused;
    if (!back.needed())
        return;
    fflush(NULL);
    if (send(back.fd, &exit_status, 1, MSG_NOSIGNAL) < 0) {
        /* The front was killed; what is left is needed all the same. */
    }
    let_go();
    back.stay();
    _exit(0);
}

/*
 * What the terminal stops is the front, for which the shell waits. A tracer that stopped beside it
 * would hand the command its signal when that is to continue, and stop it for good.
 */
static int go_on(int fd, bool (*needed)(void), void (*stay)(void), const sigset_t *mask)
{
    sigset_t stops;

    back.fd = fd;
    back.needed = needed;
    back.stay = stay;
    sigemptyset(&stops);
    sigaddset(&stops, SIGTSTP);
    sigaddset(&stops, SIGTTIN);
    sigaddset(&stops, SIGTTOU);
    sigprocmask(SIG_SETMASK, mask, NULL);
    sigprocmask(SIG_BLOCK, &stops, NULL);
    return on_exit(on_leaving, NULL) ? -ENOMEM : 0;
}

int front_split(bool (*needed)(void), void (*stay)(void))
{
    int ends[2], signals = -1, err;
    sigset_t mask, old;
    pid_t pid;

    if (back.fd >= 0) /* it has been split for an earlier run */
        return 0;
    sigemptyset(&mask);
    signals_add(&mask);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
        return -errno;
    signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    sigprocmask(SIG_BLOCK, &mask, &old);
    fflush(NULL);
    pid = signals < 0 ? -1 : fork();
    err = -errno;
    if (pid > 0) {
        close(ends[1]);
        be_front(ends[0], signals, pid);
    }
    close(signals);
    close(ends[0]);
    if (pid == 0)
        return go_on(ends[1], needed, stay, &old);
    close(ends[1]);
    sigprocmask(SIG_SETMASK, &old, NULL);
    return err;
}

int front_fd(void)
{
    return back.fd;
}

bool front_is_gone(void)
{
    struct pollfd front = {.fd = back.fd, .events = POLLIN};

    return poll(&front, 1, 0) > 0;
}
