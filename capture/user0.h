/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What sockdump writes with --format pcap: packets of a link type that stands for anybody's own
 * (LINK_USER0), each with the process ids of receiver and sender, 8 bytes each in network order,
 * and what was sent over the Unix socket.
 */
#ifndef CAPTURE_USER0_H
#define CAPTURE_USER0_H

#include "capture/reader.h"
#include "capture/segment.h"

struct user0;

/* Returns 0 and none in *out, or -ENOMEM. Free it with user0_free(). */
int user0_new(struct user0 **out, struct reading *reading);
void user0_free(struct user0 *user0);

/* Tells the reading's sink of the packet. Returns 0, -EINVAL with the reading's error filled, or
 * another -errno. */
int user0_add(struct user0 *user0, const struct frame_bytes *frame, uint64_t time);

#endif
