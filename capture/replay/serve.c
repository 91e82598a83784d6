/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * One loop for all clients. A client is a connection, or, where there are none, an address that
 * datagrams come from.
 */
#include "capture/replay/serve.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "capture/array.h"
#include "capture/clock.h"
#include "capture/launch.h"
#include "capture/replay/receive.h"
#include "capture/signals.h"

enum {
    PEERS_MAX = 4096, /* addresses that are remembered */
    WHY_SIZE = ADDRESS_TEXT_SIZE + 128,
};

#define MILLISECOND UINT64_C(1000000)

/* A client that says nothing more for so long will not. */
#define SETTLE (300 * MILLISECOND)

/* So long a conversation that is over stays open, as who ends it is not recorded. */
#define LINGER (1000 * MILLISECOND)

/* So long a datagram waits for room in the client's buffer until it is tried again. */
#define RETRY (10 * MILLISECOND)

struct client {
    int fd; /* -1 where there are no connections */
    const struct listener *listener;
    struct sender_address from;
    struct end end;
    char name[ADDRESS_TEXT_SIZE];
    uint32_t number;
    struct live *live;
    uint64_t heard; /* when something last happened */
    uint64_t retry; /* nothing is sent before that */
    bool finished;  /* it says no more */
    bool gone;
    bool told; /* that it cannot be answered */
};

struct loop {
    struct serving *serving;
    struct client **clients;
    size_t count;
    uint32_t numbers;
    struct pollfd *polls;
    int signals;
    uint64_t ends; /* when; or UINT64_MAX */
    uint64_t now;
    struct receiver receiver;
    bool full; /* no more clients can be taken until one goes */
};

/* Clients */

static void client_free(struct client *client)
{
    if (!client)
        return;
    live_free(client->live);
    if (client->fd >= 0)
        close(client->fd);
    free(client);
}

static void trouble(const struct loop *loop, const struct client *client, const char *what, int err)
{
    const struct serving *serving = loop->serving;
    char text[WHY_SIZE];

    snprintf(text, sizeof(text), "client %u%s%s: %s: %s", client->number,
             client->name[0] ? " " : "", client->name, what, strerror(-err));
    serving->trouble(serving->context, text);
}

/* Takes over fd. */
static int client_add(struct loop *loop, const struct listener *listener, int fd,
                      const struct sender_address *from, struct client **out)
{
    struct client **clients = array_grow(loop->clients, loop->count, sizeof(*clients));
    struct client *client = clients ? calloc(1, sizeof(*client)) : NULL;
    int err;

    if (clients)
        loop->clients = clients;
    if (!client) {
        if (fd >= 0)
            close(fd);
        return -ENOMEM;
    }
    client->fd = fd;
    client->listener = listener;
    client->from = *from;
    client->heard = loop->now;
    client->number = ++loop->numbers;
    address_print(client->name, &from->address, from->length, loop->serving->listeners->type);
    client->end.address = client->name;
    err = live_new(&client->live, loop->serving->book, loop->now);
    if (err) {
        client_free(client);
        return err;
    }
    clients[loop->count++] = client;
    *out = client;
    return 0;
}

static void clients_drop(struct loop *loop, size_t index)
{
    client_free(loop->clients[index]);
    loop->clients[index] = loop->clients[--loop->count];
    loop->full = false;
}

/* The client with that address. Of many that there were, the one is forgotten that was quiet
 * longest. */
static int client_find(struct loop *loop, const struct listener *listener,
                       const struct sender_address *from, struct client **out)
{
    size_t oldest = 0;

    for (size_t i = 0; i < loop->count; i++) {
        struct client *client = loop->clients[i];

        if (client->listener == listener && client->from.length == from->length &&
            !memcmp(&client->from.address, &from->address, from->length)) {
            *out = client;
            return 0;
        }
        if (client->heard < loop->clients[oldest]->heard)
            oldest = i;
    }
    if (loop->count >= PEERS_MAX)
        clients_drop(loop, oldest);
    return client_add(loop, listener, -1, from, out);
}

/* Watching */

static void show(const struct loop *loop, struct client *client, enum direction direction,
                 const uint8_t *data, size_t length)
{
    const struct serving *serving = loop->serving;
    struct end server = {.address = (char *)client->listener->text,
                         .pid = (uint32_t)getpid(),
                         .comm = "sockfixture"};
    const struct message message = {
        .time = clock_epoch() + loop->now,
        .conversation = client->number,
        .direction = direction,
        .family = client->listener->reach.address.ss_family,
        .type = serving->listeners->type,
        .sent = direction == RESPONSE,
        .self = &server,
        .peer = &client->end,
        .data = data,
        .length = length,
    };

    if (serving->show)
        serving->show(serving->context, &message);
}

/* What clients say */

static int hear(struct loop *loop, struct client *client, size_t length)
{
    show(loop, client, REQUEST, loop->receiver.data, length);
    client->heard = loop->now;
    return live_hear(client->live, loop->receiver.data, length, loop->now);
}

/* Nothing more will be heard of it; what is to be said to it may still be. */
static int finish(const struct loop *loop, struct client *client)
{
    client->finished = true;
    return live_end(client->live, loop->now);
}

/* Reads what a connection has for us, once. */
static int read_client(struct loop *loop, struct client *client)
{
    const ssize_t got = receive(&loop->receiver, client->fd, loop->serving->listeners->type, NULL);

    if (got == -EAGAIN || got == -ENOMEM)
        return got == -ENOMEM ? -ENOMEM : 0;
    if (got >= 0)
        return hear(loop, client, (size_t)got);
    client->gone = got != -ENODATA;
    return finish(loop, client);
}

/* Takes one datagram. Returns 1, 0 when there is none, or -errno. */
static int read_datagram(struct loop *loop, const struct listener *listener)
{
    struct sender_address from;
    struct client *client = NULL;
    const ssize_t got = receive(&loop->receiver, listener->fd, SOCK_DGRAM, &from);
    int err;

    if (got < 0) /* a client that has gone is told of with ECONNREFUSED */
        return got == -ENOMEM ? -ENOMEM : got == -ECONNREFUSED ? 1 : 0;
    err = client_find(loop, listener, &from, &client);
    if (!err)
        err = hear(loop, client, (size_t)got);
    return err ? err : 1;
}

/* Takes one client. Returns 1, 0 when there is none, or -errno. */
static int accept_client(struct loop *loop, const struct listener *listener)
{
    struct sender_address from = {.length = sizeof(from.address)};
    struct client *client;
    int fd = accept4(listener->fd, (struct sockaddr *)&from.address, &from.length,
                     SOCK_CLOEXEC | SOCK_NONBLOCK);
    int err;

    if (fd >= 0) {
        err = client_add(loop, listener, fd, &from, &client);
        return err ? err : 1;
    }
    if (errno == ECONNABORTED || errno == EINTR)
        return 1;
    if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM)
        return 0;
    if (!loop->full)
        loop->serving->trouble(loop->serving->context,
                               "no more clients can be taken until one goes (ulimit -n)");
    loop->full = true;
    return 0;
}

static int take_from(struct loop *loop, const struct listener *listener)
{
    int taken;

    do {
        taken = loop->serving->listeners->type == SOCK_DGRAM ? read_datagram(loop, listener)
                                                             : accept_client(loop, listener);
    } while (taken > 0);
    return taken;
}

/* What they are answered */

static bool has_address(const struct client *client)
{
    return client->fd >= 0 || client->from.length > sizeof(sa_family_t);
}

/* Tells that a datagram cannot be answered, once for each client. */
static void tell_unanswered(const struct loop *loop, struct client *client, int err)
{
    if (client->told)
        return;
    client->told = true;
    if (err)
        trouble(loop, client, "cannot be answered", err);
    else
        loop->serving->trouble(loop->serving->context,
                               "a client has no address that its answer could go to (it has not "
                               "bound its socket)");
}

/* Sends a part. Returns how much was sent; 0 when there is no room; or -errno. */
static ssize_t send_to(const struct client *client, const struct outgoing *next)
{
    const struct sockaddr *address =
        client->fd < 0 ? (const struct sockaddr *)&client->from.address : NULL;
    ssize_t sent =
        sendto(client->fd < 0 ? client->listener->fd : client->fd, next->data, next->length,
               MSG_NOSIGNAL | MSG_DONTWAIT, address, address ? client->from.length : 0);

    if (sent >= 0)
        return sent;
    return errno == EAGAIN || errno == EINTR || errno == ENOBUFS ? -EAGAIN : -errno;
}

/* Sends what is due. */
static void answer(struct loop *loop, struct client *client)
{
    struct outgoing next;

    while (!client->gone && client->retry <= loop->now && live_next(client->live, &next) &&
           next.due <= loop->now) {
        ssize_t sent = has_address(client) ? send_to(client, &next) : 0;

        if (sent == -EAGAIN) {
            client->retry = client->fd < 0 ? loop->now + RETRY : 0;
            break;
        }
        if (!has_address(client) || (sent < 0 && client->fd < 0)) {
            tell_unanswered(loop, client, (int)sent);
            sent = (ssize_t)next.length;
        } else if (sent < 0) {
            client->gone = true;
            break;
        } else {
            show(loop, client, RESPONSE, next.data, (size_t)sent);
        }
        client->heard = loop->now;
        live_sent(client->live, (size_t)sent);
    }
}

/* Does what time has come for. */
static int look_after(struct loop *loop, struct client *client)
{
    const uint64_t quiet = loop->now - client->heard;
    struct outgoing next;
    int err = 0;

    if (!client->finished && quiet >= SETTLE && live_is_partial(client->live))
        err = live_settle(client->live, loop->now);
    answer(loop, client);
    if (err || client->fd < 0 || live_next(client->live, &next))
        return err;
    if (client->finished || live_is_lost(client->live) ||
        (live_is_over(client->live) && quiet >= LINGER))
        client->gone = true;
    return 0;
}

static int look_after_all(struct loop *loop)
{
    int err = 0;

    for (size_t i = 0; i < loop->count && !err;) {
        struct client *client = loop->clients[i];

        err = look_after(loop, client);
        if (client->gone) {
            if (!client->finished && !err)
                err = finish(loop, client);
            clients_drop(loop, i);
        } else {
            i++;
        }
    }
    return err;
}

/* When something is to be done for the client, if it does nothing. */
static uint64_t wakes_at(const struct loop *loop, const struct client *client)
{
    struct outgoing next;

    if (live_next(client->live, &next)) {
        if (next.due > loop->now)
            return next.due;
        return client->fd < 0 ? client->retry : UINT64_MAX; /* poll() tells of connections */
    }
    if (!client->finished && live_is_partial(client->live) && client->heard + SETTLE > loop->now)
        return client->heard + SETTLE;
    return client->fd >= 0 && live_is_over(client->live) ? client->heard + LINGER : UINT64_MAX;
}

/* The loop */

/* Without a command a signal is the end; a command is told of it, and its end is the end. */
static void take_signals(struct loop *loop)
{
    struct serving *serving = loop->serving;
    struct signalfd_siginfo signal;

    while (read(loop->signals, &signal, sizeof(signal)) == sizeof(signal)) {
        if (serving->launch && !serving->interrupted) {
            if (!signal_reached_all(&signal))
                launch_signal(serving->launch, (int)signal.ssi_signo);
        } else {
            loop->ends = 0;
        }
        serving->interrupted = true;
    }
}

static int timeout_of(const struct loop *loop)
{
    uint64_t wakes = loop->ends, left;

    for (size_t i = 0; i < loop->count; i++) {
        const uint64_t its = wakes_at(loop, loop->clients[i]);

        wakes = its < wakes ? its : wakes;
    }
    if (wakes == UINT64_MAX)
        return -1;
    left = wakes > loop->now ? (wakes - loop->now + MILLISECOND - 1) / MILLISECOND : 0;
    return left < INT32_MAX ? (int)left : INT32_MAX;
}

/* Fills in what is to be polled: listeners, clients, signals, the command. Returns how many. */
static size_t set_polls(struct loop *loop)
{
    const struct listeners *listeners = loop->serving->listeners;
    size_t count = 0;
    struct outgoing next;

    for (size_t i = 0; i < listeners->count; i++)
        loop->polls[count++] =
            (struct pollfd){.fd = loop->full ? -1 : listeners->at[i].fd, .events = POLLIN};
    for (size_t i = 0; i < loop->count; i++) {
        const struct client *client = loop->clients[i];
        short events = client->finished ? 0 : POLLIN;

        if (live_next(client->live, &next) && next.due <= loop->now)
            events |= POLLOUT;
        loop->polls[count++] = (struct pollfd){.fd = events ? client->fd : -1, .events = events};
    }
    loop->polls[count++] = (struct pollfd){.fd = loop->signals, .events = POLLIN};
    loop->polls[count++] = (struct pollfd){
        .fd = loop->serving->launch ? launch_fd(loop->serving->launch) : -1, .events = POLLIN};
    return count;
}

/* Takes what there is. Returns how many clients had something, or -errno. */
static int take_all(struct loop *loop, int timeout)
{
    const size_t listeners = loop->serving->listeners->count, clients = loop->count;
    struct pollfd *polls = reallocarray(loop->polls, listeners + clients + 2, sizeof(*polls));
    int some = 0, err = 0;

    if (!polls)
        return -ENOMEM;
    loop->polls = polls;
    if (poll(polls, set_polls(loop), timeout) < 0)
        return errno == EINTR ? 0 : -errno;
    loop->now = clock_monotonic();
    for (size_t i = 0; i < clients && !err; i++) {
        if (loop->clients[i]->finished ||
            !(polls[listeners + i].revents & (POLLIN | POLLHUP | POLLERR)))
            continue;
        some++;
        err = read_client(loop, loop->clients[i]);
    }
    for (size_t i = 0; i < listeners && !err; i++) {
        if (!polls[i].revents)
            continue;
        some++;
        err = take_from(loop, &loop->serving->listeners->at[i]);
    }
    return err ? err : some;
}

static bool anything_waits(const struct loop *loop)
{
    struct outgoing next;

    for (size_t i = 0; i < loop->count; i++)
        if (live_next(loop->clients[i]->live, &next))
            return true;
    return false;
}

static bool is_over(struct loop *loop)
{
    struct serving *serving = loop->serving;

    if (serving->launch) {
        serving->exec_error = launch_check(serving->launch);
        if (serving->exec_error || launch_ended(serving->launch))
            return true;
    }
    return loop->now >= loop->ends ||
           (serving->count && serving->book->answered >= serving->count && !anything_waits(loop));
}

/* What was said before the end counts; and what is to be answered at once is. */
static int drain(struct loop *loop)
{
    int some;

    do {
        some = take_all(loop, 0);
        if (some >= 0) {
            int err = look_after_all(loop);

            some = err ? err : some;
        }
    } while (some > 0);
    return some;
}

static int run(struct loop *loop)
{
    int err = 0;

    while (!err && !is_over(loop)) {
        int some = take_all(loop, timeout_of(loop));

        err = some < 0 ? some : 0;
        take_signals(loop);
        if (!err)
            err = look_after_all(loop);
    }
    if (!err)
        err = drain(loop);
    for (size_t i = 0; i < loop->count && !err; i++)
        if (!loop->clients[i]->finished)
            err = finish(loop, loop->clients[i]);
    return err;
}

/* A shell has what it starts in the background ignore them. (A command would inherit that.) */
static void hear_signals(void)
{
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
}

int serve(struct serving *serving)
{
    struct loop loop = {.serving = serving, .ends = UINT64_MAX};
    int err = receiver_new(&loop.receiver);

    loop.now = clock_monotonic();
    if (serving->duration)
        loop.ends = loop.now + serving->duration;
    if (!serving->launch)
        hear_signals();
    loop.signals = signals_open();
    if (!err && loop.signals < 0)
        err = loop.signals;
    if (!err && serving->launch)
        err = launch_go(serving->launch);
    if (!err)
        err = run(&loop);
    serving->clients = loop.numbers;
    while (loop.count)
        clients_drop(&loop, loop.count - 1);
    if (loop.signals >= 0)
        close(loop.signals);
    free(loop.clients);
    free(loop.polls);
    receiver_free(&loop.receiver);
    return err;
}
