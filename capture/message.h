/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A message as every part of the program after the backends sees it. */
#ifndef CAPTURE_MESSAGE_H
#define CAPTURE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/ancillary.h"
#include "capture/range.h"

enum { COMM_SIZE = 16 };

enum direction { REQUEST, RESPONSE };

static inline const char *direction_name(enum direction direction)
{
    return direction == REQUEST ? "request" : "response";
}

/* One end of a conversation, as far as it is known. */
struct end {
    char *address;        /* as text (see address.h); "" when it has no name */
    uint64_t inode;       /* of the endpoint; 0 when not known */
    uint32_t pid;         /* 0 when not known */
    char comm[COMM_SIZE]; /* "" when not known */
    bool wanted;          /* its address is one that was asked for */
};

/* Whoever hands out a message owns all that it points to; it is valid until the call returns. */
struct message {
    uint64_t time;         /* nanoseconds since the epoch */
    uint32_t conversation; /* which one, counted from 1 */
    enum direction direction;
    int family;             /* AF_UNIX, AF_INET or AF_INET6 */
    int type;               /* SOCK_STREAM, SOCK_DGRAM or SOCK_SEQPACKET */
    bool sent;              /* captured where it was sent, not where it was received */
    uint32_t tid;           /* the thread that made the call */
    const struct end *self; /* the end in whose memory it was captured */
    const struct end *peer; /* the other one */
    const uint8_t *data;
    size_t length;  /* bytes in data */
    size_t missing; /* bytes that belong after data: could not be read, or were not asked for */
    size_t lost;    /* messages of this conversation that were lost right before this one */
    bool anew; /* a request of another exchange, even if there was no response to the last one */
    const struct ancillary *ancillary; /* NULL when there was none */
    const struct ranges *ranges;       /* of data; NULL when none are known */
    unsigned seen, runs; /* in how many runs its exchange was seen, and of how many; 0: in all */
};

/* The end that a message's conversation calls the client, or the server. */
static inline const struct end *message_client(const struct message *message)
{
    return (message->direction == REQUEST) == message->sent ? message->self : message->peer;
}

static inline const struct end *message_server(const struct message *message)
{
    return (message->direction == REQUEST) == message->sent ? message->peer : message->self;
}

#endif
