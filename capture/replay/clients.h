/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The clients of a replayed server. A client is a connection, or, where there are none, an address
 * that datagrams come from.
 */
#ifndef CAPTURE_REPLAY_CLIENTS_H
#define CAPTURE_REPLAY_CLIENTS_H

#include "capture/replay/receive.h"
#include "capture/replay/serve.h"

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
    bool closing;   /* it is told no more */
    bool deaf;      /* it takes no answers, but what it has said before is read */
    bool gone;
    bool told; /* that it cannot be answered */
};

/* Begins with serving and receiver, and all else zero. Free them with clients_free(). */
struct clients {
    struct serving *serving;
    struct receiver receiver;
    struct client **at;
    size_t count;
    uint32_t numbers;
    uint64_t now; /* nanoseconds (clock_monotonic()) */
    bool full;    /* no more can be taken until one goes */
};

void clients_free(struct clients *clients);

/* Takes those that come to the listener, or what is sent there. Returns 0 or -errno. */
int clients_take(struct clients *clients, const struct listener *listener);

/* Reads what a connection has for us, once. Returns 0 or -errno. */
int clients_read(struct clients *clients, struct client *client);

/* Can there be more of them, or of their datagrams? */
bool clients_come(const struct clients *clients);

/* What poll() is to tell of the client's connection. */
short client_events(const struct clients *clients, const struct client *client);

/* Answers what is due, and lets go who is done. Returns 0 or -errno. */
int clients_look_after(struct clients *clients);

/* When that is to be done again, if nothing comes; UINT64_MAX: not before something does. */
uint64_t clients_wake(const struct clients *clients);

/* Is there an answer that was not sent yet? */
bool clients_wait(const struct clients *clients);

/* No more will be heard of them. Returns 0 or -errno. */
int clients_end(struct clients *clients);

#endif
