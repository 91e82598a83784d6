/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Sending by sockets of all types: a part of a stream, or a whole message however long. */
#ifndef CAPTURE_REPLAY_SEND_H
#define CAPTURE_REPLAY_SEND_H

#include <stddef.h>
#include <sys/types.h>

#include "capture/replay/receive.h"

/*
 * Sends what there is room for, to who sent a datagram and from the address that it was sent to, or
 * with NULL to who is connected. Returns how much that was; -EAGAIN when there is no room; or
 * another -errno.
 */
ssize_t send_some(int fd, const void *data, size_t length, const struct sender_address *to);

#endif
