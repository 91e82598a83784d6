/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What a tracer can find out about the sockets of the processes it traces. */
#ifndef CAPTURE_PTRACE_SOCKET_H
#define CAPTURE_PTRACE_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>

#include "capture/backend.h"

/* A thread that uses a socket. */
struct caller {
    pid_t tid;
    pid_t pid;
    char comm[COMM_SIZE];
};

struct patterns;
struct sockets;

struct traced_socket {
    struct endpoint_facts facts;
    bool known;     /* facts are those of a socket whose family and type we record */
    bool stale;     /* a call may have changed what the facts say */
    bool parted;    /* nor does it still have the peer that it had */
    bool observed;  /* the sink knows of it */
    bool told;      /* and knows it as it is */
    bool waiting;   /* connected, but at whose other end is not known yet */
    unsigned asked; /* in vain, who the peer is */
    size_t lost;    /* messages that the sink has not been told of */
    pid_t connector;
    bool opening;         /* it is in a call that connects and sends, */
    struct caller opener; /* by this thread, which has it under this number */
    int opener_fd;
    struct traced_socket *previous, *next; /* of those that wait */
};

/* What is behind a descriptor of a thread. */
enum descriptor {
    DESCRIPTOR_OTHER, /* nothing, or nothing that concerns us */
    DESCRIPTOR_SOCKET,
    DESCRIPTOR_COMM,   /* a file by which a thread may be renamed */
    DESCRIPTOR_HIDDEN, /* we are not allowed to see */
};

/*
 * Returns 0 and the empty set in *out, or -errno. Free it with sockets_free(). The patterns are the
 * addresses asked for, or NULL.
 */
int sockets_new(struct sockets **out, const struct sink *sink, const struct patterns *patterns);
void sockets_free(struct sockets *sockets);

/*
 * Finds out what is behind a descriptor of a thread that is stopped. Returns an enum descriptor,
 * with DESCRIPTOR_SOCKET the socket in *out, or -ENOMEM.
 */
int sockets_look(struct sockets *sockets, const struct caller *caller, int fd,
                 struct traced_socket **out);

/* Tells the sink of the socket, unless it knows. Returns 0 or what the sink returned. */
int sockets_tell(struct sockets *sockets, struct traced_socket *socket, const struct caller *caller,
                 int fd, enum record_role role);

/* The thread connected the socket to this address, by what its call said; the socket itself may
 * know better. */
void sockets_name_peer(const struct sockets *sockets, struct traced_socket *socket,
                       const struct caller *caller, const char *address);

/*
 * The thread enters a call that connects the socket to this address and sends, too, so that what it
 * sends may be received before the call returns; and returns from it. Whether the socket is then
 * connected is for the caller to say. Returns 0 or what the sink returned.
 */
void sockets_open(struct sockets *sockets, struct traced_socket *socket,
                  const struct caller *caller, int fd, const char *address);
int sockets_opened(struct sockets *sockets, struct traced_socket *socket,
                   const struct caller *caller, int fd, bool connected);

/* The two were made as a pair. */
void sockets_pair(struct traced_socket *one, struct traced_socket *other);

/* True when what this socket receives is recorded where it is sent. */
bool sockets_peer_observed(struct sockets *sockets, const struct traced_socket *socket);

/* False when the socket certainly has no address. It costs less than to learn all of it anew. */
bool sockets_may_be_bound(const struct traced_socket *socket, const struct caller *caller, int fd);

/* True when no more can be received. */
bool sockets_ended(struct sockets *sockets, const struct traced_socket *socket,
                   const struct caller *caller, int fd);

#endif
