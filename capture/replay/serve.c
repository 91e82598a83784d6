/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* One loop for listeners, clients, signals and the command. */
#include "capture/replay/serve.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "capture/clock.h"
#include "capture/launch.h"
#include "capture/replay/clients.h"
#include "capture/signals.h"

enum { GRACE = 2000 /* milliseconds that a command has to end */ };

/* So long it is still heard what clients have said before the end. */
#define DRAIN (1000 * MILLISECOND)

struct loop {
    struct serving *serving;
    struct clients clients;
    struct pollfd *polls;
    int signals;
    struct signals_heard heard;
    uint64_t ends; /* when; or UINT64_MAX */
};

/* Without a command a signal is the end; a command is told of it, and its end is the end. */
static void take_signals(struct loop *loop)
{
    struct serving *serving = loop->serving;
    struct signalfd_siginfo signal;

    while (read(loop->signals, &signal, sizeof(signal)) == sizeof(signal)) {
        const bool is_news = signals_hear(&loop->heard, &signal);

        if (!serving->launch || loop->heard.insists)
            loop->ends = 0;
        else if (is_news && !signal_reached_all(&signal))
            launch_signal(serving->launch, (int)signal.ssi_signo);
        serving->interrupted = true;
    }
}

static int timeout_of(const struct loop *loop)
{
    const uint64_t now = loop->clients.now, client = clients_wake(&loop->clients);
    const uint64_t wakes = client < loop->ends ? client : loop->ends;

    if (wakes == UINT64_MAX)
        return -1;
    return clock_timeout(wakes > now ? wakes - now : 0);
}

/* Fills in what is to be polled: listeners, clients, signals, the command. Returns how many. */
static size_t set_polls(struct loop *loop)
{
    const struct listeners *listeners = loop->serving->listeners;
    const struct clients *clients = &loop->clients;
    const bool come = clients_come(clients);
    size_t count = 0;

    for (size_t i = 0; i < listeners->count; i++)
        loop->polls[count++] =
            (struct pollfd){.fd = come ? listeners->at[i].fd : -1, .events = POLLIN};
    for (size_t i = 0; i < clients->count; i++) {
        const short events = client_events(clients, clients->at[i]);

        loop->polls[count++] =
            (struct pollfd){.fd = events ? clients->at[i]->fd : -1, .events = events};
    }
    loop->polls[count++] = (struct pollfd){.fd = loop->signals, .events = POLLIN};
    loop->polls[count++] = (struct pollfd){
        .fd = loop->serving->launch ? launch_fd(loop->serving->launch) : -1, .events = POLLIN};
    return count;
}

/* Takes what there is. Returns how many clients had something, or -errno. */
static int take_all(struct loop *loop, int timeout)
{
    struct clients *clients = &loop->clients;
    const size_t listeners = loop->serving->listeners->count, count = clients->count;
    struct pollfd *polls = reallocarray(loop->polls, listeners + count + 2, sizeof(*polls));
    int some = 0, err = 0;

    if (!polls)
        return -ENOMEM;
    loop->polls = polls;
    if (poll(polls, set_polls(loop), timeout) < 0)
        return errno == EINTR ? 0 : -errno;
    clients->now = clock_monotonic();
    for (size_t i = 0; i < count && !err; i++) {
        if (clients->at[i]->finished ||
            !(polls[listeners + i].revents & (POLLIN | POLLHUP | POLLERR)))
            continue;
        some++;
        err = clients_read(clients, clients->at[i]);
    }
    for (size_t i = 0; i < listeners && !err; i++) {
        if (!polls[i].revents)
            continue;
        some++;
        err = clients_take(clients, &loop->serving->listeners->at[i]);
    }
    return err ? err : some;
}

static bool is_over(struct loop *loop)
{
    struct serving *serving = loop->serving;

    if (serving->launch) {
        serving->exec_error = launch_check(serving->launch);
        if (serving->exec_error || launch_ended(serving->launch))
            return true;
    }
    return loop->clients.now >= loop->ends ||
           (serving->count && serving->book->answered >= serving->count &&
            !clients_wait(&loop->clients));
}

/* What was said before the end counts; and what is to be answered at once is. */
static int drain(struct loop *loop)
{
    const uint64_t until = loop->clients.now + DRAIN;
    int some, err = 0;

    do {
        some = take_all(loop, 0);
        err = some < 0 ? some : clients_look_after(&loop->clients);
    } while (!err && some && loop->clients.now < until);
    return err;
}

static int run(struct loop *loop)
{
    int err = 0;

    while (!err && !is_over(loop)) {
        int some = take_all(loop, timeout_of(loop));

        err = some < 0 ? some : 0;
        take_signals(loop);
        if (!err)
            err = clients_look_after(&loop->clients);
    }
    if (!err)
        err = drain(loop);
    return err ? err : clients_end(&loop->clients);
}

/* Sees to it that the command does not go on for nothing. */
static void end_launch(struct serving *serving)
{
    if (!serving->launch || serving->exec_error || launch_ended(serving->launch))
        return;
    serving->stopped = true;
    launch_signal(serving->launch, SIGTERM);
    if (launch_wait(serving->launch, GRACE))
        serving->exec_error = launch_check(serving->launch);
}

int serve(struct serving *serving)
{
    struct loop loop = {.serving = serving, .clients.serving = serving, .ends = UINT64_MAX};
    int err = receiver_new(&loop.clients.receiver);

    loop.clients.now = clock_monotonic();
    if (serving->duration)
        loop.ends = loop.clients.now + serving->duration;
    if (!serving->launch)
        signals_unignore();
    loop.signals = signals_open();
    if (!err && loop.signals < 0)
        err = loop.signals;
    if (!err && serving->launch)
        err = launch_go(serving->launch);
    if (!err)
        err = run(&loop);
    end_launch(serving);
    if (loop.signals >= 0)
        close(loop.signals);
    free(loop.polls);
    clients_free(&loop.clients);
    return err;
}
