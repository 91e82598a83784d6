/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Receiving from sockets of all types: a part of a stream, or a whole message however long. */
#ifndef CAPTURE_REPLAY_RECEIVE_H
#define CAPTURE_REPLAY_RECEIVE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* What was received last. */
struct receiver {
    uint8_t *data;
    size_t size; /* room in it */
};

/* Who sent a datagram; and to which of our addresses, where the socket tells (struct cmsghdr).
 * Before, to_length is the room for that: 0 where descriptors could come there. */
struct sender_address {
    struct sockaddr_storage address;
    socklen_t length;
    _Alignas(struct cmsghdr) uint8_t to[CMSG_SPACE(sizeof(struct in6_pktinfo))];
    size_t to_length;
};

/* Returns 0 or -ENOMEM. Free it with receiver_free(). */
int receiver_new(struct receiver *receiver);
void receiver_free(struct receiver *receiver);

/*
 * Takes what has come at the socket of that type, once; `from`, which may be NULL, is filled in.
 * Returns its length; -EAGAIN when nothing has come; -ENODATA at the end of a connection; -ENOMEM;
 * or another -errno, with which a connection is over, too.
 */
ssize_t receive(struct receiver *receiver, int fd, int type, struct sender_address *from);

#endif
