/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/replay/send.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>

/* What the kernel counts for a message besides its bytes. */
enum { OVERHEAD = 4096 };

/* A message has to fit into the socket's buffer as a whole. Is it larger than it was? */
static bool enlarge_buffer(int fd, size_t length)
{
    const int wanted = length < INT_MAX / 2 ? (int)length + OVERHEAD : INT_MAX / 2;
    int before = 0, now = 0;
    socklen_t size = sizeof(int);

    if (getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &before, &size) || before / 2 >= wanted)
        return false;
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &wanted, sizeof(wanted)))
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &wanted,
                   sizeof(wanted)); /* up to net.core.wmem_max */
    return getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &now, &size) == 0 && now > before;
}

ssize_t send_some(int fd, const void *data, size_t length, const struct sender_address *to)
{
    const int flags = MSG_NOSIGNAL | MSG_DONTWAIT;
    struct iovec bytes = {(void *)data, length};
    struct msghdr header = {.msg_iov = &bytes, .msg_iovlen = 1};
    ssize_t sent;

    if (to) {
        header.msg_name = (void *)&to->address;
        header.msg_namelen = to->length;
        header.msg_control = (void *)to->to;
        header.msg_controllen = to->to_length;
    }
    sent = sendmsg(fd, &header, flags);
    if (sent < 0 && errno == EMSGSIZE && enlarge_buffer(fd, length))
        sent = sendmsg(fd, &header, flags);
    if (sent < 0 && errno != EAGAIN && header.msg_controllen) { /* what was asked were all */
        header.msg_controllen = 0;
        sent = sendmsg(fd, &header, flags);
    }
    if (sent >= 0)
        return sent;
    return errno == EINTR || errno == ENOBUFS ? -EAGAIN : -errno;
}
