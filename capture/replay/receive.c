/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/replay/receive.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

enum { FIRST_SIZE = 64 << 10 };

int receiver_new(struct receiver *receiver)
{
    *receiver = (struct receiver){malloc(FIRST_SIZE), FIRST_SIZE};
    return receiver->data ? 0 : -ENOMEM;
}

void receiver_free(struct receiver *receiver)
{
    free(receiver->data);
}

/* Makes room for the message that comes next. Returns 0 or -errno. */
static int make_room(struct receiver *receiver, int fd)
{
    const ssize_t length = recv(fd, receiver->data, 0, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
    uint8_t *grown;

    if (length <= (ssize_t)receiver->size)
        return length < 0 ? -errno : 0;
    grown = realloc(receiver->data, (size_t)length);
    if (!grown)
        return -ENOMEM;
    receiver->data = grown;
    receiver->size = (size_t)length;
    return 0;
}

/* The end of a connection of records looks as an empty record does, but that no more can come. */
static bool is_end(int fd, int type)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLRDHUP};

    return type == SOCK_STREAM || (type == SOCK_SEQPACKET && poll(&poll_fd, 1, 0) == 1 &&
                                   poll_fd.revents & (POLLRDHUP | POLLHUP));
}

ssize_t receive(struct receiver *receiver, int fd, int type, struct sender_address *from)
{
    int err = type == SOCK_STREAM ? 0 : make_room(receiver, fd);
    struct iovec room;
    struct msghdr header = {.msg_iov = &room, .msg_iovlen = 1};
    ssize_t got;

    if (err)
        return err == -EINTR ? -EAGAIN : err;
    room = (struct iovec){receiver->data, receiver->size};
    if (from) {
        header.msg_name = &from->address;
        header.msg_namelen = sizeof(from->address);
        header.msg_control = from->to;
        header.msg_controllen = from->to_length;
    }
    got = recvmsg(fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0)
        return errno == EINTR ? -EAGAIN : -errno;
    if (from) {
        from->length = header.msg_namelen;
        from->to_length = header.msg_controllen;
    }
    return got == 0 && is_end(fd, type) ? -ENODATA : got;
}
