/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/replay/clients.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/array.h"
#include "capture/clock.h"
#include "capture/replay/send.h"

enum {
    PEERS_MAX = 4096, /* addresses that are remembered */
    ROUND = 256,      /* so many are taken in a row, before others have their turn */
    WHY_SIZE = ADDRESS_TEXT_SIZE + 128,
};

/* A client that says nothing more for so long will not. */
#define SETTLE (300 * MILLISECOND)

/* So long a conversation that is over stays open, as who ends it is not recorded. */
#define LINGER (1000 * MILLISECOND)

/* So long a datagram waits for room in the client's buffer until it is tried again. */
#define RETRY (10 * MILLISECOND)

static void client_free(struct client *client)
{
    if (!client)
        return;
    live_free(client->live);
    if (client->fd >= 0)
        close(client->fd);
    free(client);
}

static void trouble(const struct clients *clients, const struct client *client, const char *what,
                    int err)
{
    const struct serving *serving = clients->serving;
    char text[WHY_SIZE];

    snprintf(text, sizeof(text), "client %u%s%s: %s: %s", client->number,
             client->name[0] ? " " : "", client->name, what, strerror(-err));
    serving->trouble(serving->context, text);
}

/* Takes over fd. */
static int client_add(struct clients *clients, const struct listener *listener, int fd,
                      const struct sender_address *from, struct client **out)
{
    struct client **at = array_grow(clients->at, clients->count, sizeof(*at));
    struct client *client = at ? calloc(1, sizeof(*client)) : NULL;
    int err;

    if (at)
        clients->at = at;
    if (!client) {
        if (fd >= 0)
            close(fd);
        return -ENOMEM;
    }
    client->fd = fd;
    client->listener = listener;
    client->from = *from;
    client->heard = clients->now;
    client->number = ++clients->numbers;
    address_print(client->name, &from->address, from->length, clients->serving->listeners->type);
    client->end.address = client->name;
    err = live_new(&client->live, clients->serving->book, clients->now);
    if (err) {
        client_free(client);
        return err;
    }
    at[clients->count++] = client;
    *out = client;
    return 0;
}

static void drop(struct clients *clients, size_t index)
{
    client_free(clients->at[index]);
    clients->at[index] = clients->at[--clients->count];
    clients->full = false;
}

/* The client with that address. Of many that there were, the one is forgotten that was quiet
 * longest. */
static int client_find(struct clients *clients, const struct listener *listener,
                       const struct sender_address *from, struct client **out)
{
    size_t oldest = 0;

    for (size_t i = 0; i < clients->count; i++) {
        struct client *client = clients->at[i];

        if (client->listener == listener && client->from.length == from->length &&
            !memcmp(&client->from.address, &from->address, from->length)) {
            *out = client;
            return 0;
        }
        if (client->heard < clients->at[oldest]->heard)
            oldest = i;
    }
    if (clients->count >= PEERS_MAX)
        drop(clients, oldest);
    return client_add(clients, listener, -1, from, out);
}

/* Watching */

static void show(const struct clients *clients, struct client *client, enum direction direction,
                 const uint8_t *data, size_t length)
{
    const struct serving *serving = clients->serving;
    struct end server = {.address = (char *)client->listener->text,
                         .pid = (uint32_t)getpid(),
                         .comm = "sockfixture"};
    const struct message message = {
        .time = clock_epoch() + clients->now,
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

static int hear(struct clients *clients, struct client *client, size_t length)
{
    show(clients, client, REQUEST, clients->receiver.data, length);
    client->heard = clients->now;
    return live_hear(client->live, clients->receiver.data, length, clients->now);
}

/* Nothing more will be heard of it; what is to be said to it may still be. */
static int finish(const struct clients *clients, struct client *client)
{
    client->finished = true;
    return live_end(client->live, clients->now);
}

int clients_read(struct clients *clients, struct client *client)
{
    ssize_t got;

    if (live_is_full(client->live)) /* one that has gone will be seen to have, in its turn */
        return 0;
    got = receive(&clients->receiver, client->fd, clients->serving->listeners->type, NULL);
    if (got == -EAGAIN || got == -ENOMEM)
        return got == -ENOMEM ? -ENOMEM : 0;
    if (got >= 0)
        return hear(clients, client, (size_t)got);
    client->gone = got != -ENODATA;
    return finish(clients, client);
}

/* Takes one datagram. Returns 1, 0 when there is none, or -errno. */
static int read_datagram(struct clients *clients, const struct listener *listener)
{
    const bool is_inet = listener->reach.address.ss_family != AF_UNIX;
    struct sender_address from = {.to_length = is_inet ? sizeof(from.to) : 0};
    struct client *client = NULL;
    const ssize_t got = receive(&clients->receiver, listener->fd, SOCK_DGRAM, &from);
    int err;

    if (got < 0) /* a client that has gone is told of with ECONNREFUSED */
        return got == -ENOMEM ? -ENOMEM : got == -ECONNREFUSED ? 1 : 0;
    err = client_find(clients, listener, &from, &client);
    if (!err) {
        client->from = from;
        err = hear(clients, client, (size_t)got);
    }
    return err ? err : 1;
}

/* Takes one client. Returns 1, 0 when there is none, or -errno. */
static int accept_client(struct clients *clients, const struct listener *listener)
{
    struct sender_address from = {.length = sizeof(from.address)};
    struct client *client;
    int fd = accept4(listener->fd, (struct sockaddr *)&from.address, &from.length,
                     SOCK_CLOEXEC | SOCK_NONBLOCK);
    int err;

    if (fd >= 0) {
        err = client_add(clients, listener, fd, &from, &client);
        return err ? err : 1;
    }
    if (errno == ECONNABORTED || errno == EINTR)
        return 1;
    if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM)
        return 0;
    if (!clients->full)
        clients->serving->trouble(clients->serving->context,
                                  "no more clients can be taken until one goes (ulimit -n)");
    clients->full = true;
    return 0;
}

int clients_take(struct clients *clients, const struct listener *listener)
{
    int taken = 1;

    for (int i = 0; i < ROUND && taken > 0; i++)
        taken = clients->serving->listeners->type == SOCK_DGRAM ? read_datagram(clients, listener)
                                                                : accept_client(clients, listener);
    return taken < 0 ? taken : 0;
}

/* What they are answered */

static bool has_address(const struct client *client)
{
    return client->fd >= 0 || client->from.length > sizeof(sa_family_t);
}

/* Tells that there is no answer, once for each client; but not of one that has gone. */
static void tell_unanswered(const struct clients *clients, struct client *client, int err)
{
    const bool has_gone = client->fd >= 0 && (err == -EPIPE || err == -ECONNRESET);

    if (client->told)
        return;
    client->told = true;
    if (has_gone)
        return;
    if (err)
        trouble(clients, client, "cannot be answered", err);
    else
        clients->serving->trouble(clients->serving->context,
                                  "a client has no address that its answer could go to (it has not "
                                  "bound its socket)");
}

/* Sends a part, as send_some() does. */
static ssize_t send_to(const struct client *client, const struct outgoing *next)
{
    const bool connected = client->fd >= 0;

    return send_some(connected ? client->fd : client->listener->fd, next->data, next->length,
                     connected ? NULL : &client->from);
}

/* Sends what is due. */
static void answer(struct clients *clients, struct client *client)
{
    struct outgoing next;

    while (!client->gone && client->retry <= clients->now &&
           outbox_next(live_outbox(client->live), &next) && next.due <= clients->now) {
        const bool told = has_address(client) && !client->deaf;
        ssize_t sent = told ? send_to(client, &next) : (ssize_t)next.length;

        if (sent == -EAGAIN) {
            client->retry = client->fd < 0 ? clients->now + RETRY : 0;
            break;
        }
        if (!told || sent < 0)
            tell_unanswered(clients, client, told ? (int)sent : 0);
        client->deaf = client->deaf || (client->fd >= 0 && sent < 0);
        if (told && sent >= 0)
            show(clients, client, RESPONSE, next.data, (size_t)sent);
        sent = sent < 0 ? (ssize_t)next.length : sent;
        client->heard = clients->now;
        outbox_sent(live_outbox(client->live), (size_t)sent);
    }
}

/* What the client has said meanwhile is read, as it would lose its answers otherwise. */
static void close_gently(const struct clients *clients, struct client *client)
{
    shutdown(client->fd, SHUT_WR);
    client->closing = true;
    client->heard = clients->now;
}

/* Does what time has come for. */
static int look_after(struct clients *clients, struct client *client)
{
    const uint64_t quiet = clients->now - client->heard;
    struct outgoing next;
    int err = 0;

    if (!client->finished && quiet >= SETTLE && live_is_partial(client->live))
        err = live_settle(client->live, clients->now);
    answer(clients, client);
    if (!err)
        err = live_resume(client->live, clients->now);
    if (err || client->fd < 0 || outbox_next(live_outbox(client->live), &next))
        return err;
    if (client->finished || (client->closing && quiet >= LINGER))
        client->gone = true;
    else if (!client->closing &&
             (live_is_lost(client->live) || (live_is_over(client->live) && quiet >= LINGER)))
        close_gently(clients, client);
    return 0;
}

int clients_look_after(struct clients *clients)
{
    int err = 0;

    for (size_t i = 0; i < clients->count && !err;) {
        struct client *client = clients->at[i];

        err = look_after(clients, client);
        if (client->gone) {
            if (!client->finished && !err)
                err = finish(clients, client);
            drop(clients, i);
        } else {
            i++;
        }
    }
    return err;
}

/* When something is to be done for the client, if it does nothing. */
static uint64_t wakes_at(const struct clients *clients, const struct client *client)
{
    struct outgoing next;

    if (outbox_next(live_outbox(client->live), &next)) {
        if (next.due > clients->now)
            return next.due;
        return client->fd < 0 ? client->retry : UINT64_MAX; /* poll() tells of connections */
    }
    if (!client->finished && live_is_partial(client->live) && client->heard + SETTLE > clients->now)
        return client->heard + SETTLE;
    return client->fd >= 0 && (client->closing || live_is_over(client->live))
               ? client->heard + LINGER
               : UINT64_MAX;
}

uint64_t clients_wake(const struct clients *clients)
{
    uint64_t wakes = UINT64_MAX;

    for (size_t i = 0; i < clients->count; i++) {
        const uint64_t its = wakes_at(clients, clients->at[i]);

        wakes = its < wakes ? its : wakes;
    }
    return wakes;
}

bool clients_come(const struct clients *clients)
{
    const struct serving *serving = clients->serving;

    return !clients->full &&
           (serving->listeners->type != SOCK_DGRAM || !play_book_is_full(serving->book));
}

short client_events(const struct clients *clients, const struct client *client)
{
    const bool listens = !client->finished && !live_is_full(client->live);
    struct outgoing next;
    short events = listens ? POLLIN : 0;

    if (outbox_next(live_outbox(client->live), &next) && next.due <= clients->now)
        events |= POLLOUT;
    return events;
}

bool clients_wait(const struct clients *clients)
{
    for (size_t i = 0; i < clients->count; i++)
        if (live_outbox(clients->at[i]->live)->first)
            return true;
    return false;
}

int clients_end(struct clients *clients)
{
    int err = 0;

    for (size_t i = 0; i < clients->count && !err; i++)
        if (!clients->at[i]->finished)
            err = finish(clients, clients->at[i]);
    return err;
}

void clients_free(struct clients *clients)
{
    while (clients->count)
        drop(clients, clients->count - 1);
    free(clients->at);
    receiver_free(&clients->receiver);
}
