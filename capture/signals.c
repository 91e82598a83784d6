/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What a key sends reaches everybody in the foreground. */
#include "capture/signals.h"

#include <errno.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "capture/clock.h"

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1};
static const size_t count = sizeof(signals) / sizeof(*signals);

/* So long, in nanoseconds, the same signal is no other one. Nobody thinks again as fast. */
#define MOMENT (300 * MILLISECOND)

/*
 * So long after one, another key press is meant for the recording. What comes later is for the
 * command alone, which may be one that people talk to, and lives on.
 */
#define PATIENCE (2 * SECOND)

/* Blocked, and not ignored or handled: the command inherits neither, and no call is interrupted. */
void signals_hold(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    sigaddset(&set, SIGXFSZ);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

/* Under nohup nothing ends with the terminal. One that is held back would be heard all the same. */
static bool hangup_is_ignored(void)
{
    struct sigaction action;

    return !sigaction(SIGHUP, NULL, &action) && action.sa_handler == SIG_IGN;
}

void signals_add(sigset_t *set)
{
    for (size_t i = 0; i < count; i++)
        sigaddset(set, signals[i]);
    if (hangup_is_ignored())
        sigdelset(set, SIGHUP);
}

int signals_open(void)
{
    sigset_t set;
    int fd;

    sigemptyset(&set);
    signals_add(&set);
    sigdelset(&set, SIGUSR1);
    if (sigprocmask(SIG_BLOCK, &set, NULL))
        return -errno;
    fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

void signals_unignore(void)
{
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
}

void signals_ignore(void)
{
    for (size_t i = 0; i < count; i++)
        signal(signals[i], SIG_IGN);
}

bool signals_hear(struct signals_heard *heard, const struct signalfd_siginfo *signal)
{
    const uint64_t now = clock_monotonic(), number = UINT64_C(1) << (signal->ssi_signo - 1);
    bool is_news;

    if (!heard->insists && now - heard->first >= PATIENCE && signal_reached_all(signal))
        *heard = (struct signals_heard){0};
    if (!heard->first)
        heard->first = now;
    heard->insists = heard->insists || now - heard->first >= MOMENT;
    is_news = heard->insists || !(heard->numbers & number);
    heard->numbers |= number;
    return is_news;
}

bool signal_reached_all(const struct signalfd_siginfo *signal)
{
    if (signal->ssi_code != SI_KERNEL)
        return false;
    /* That the terminal is gone, the kernel tells none but the leader of its session. */
    return signal->ssi_signo != SIGHUP || getsid(0) != getpid();
}
