/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Finds out from /proc and the kernel's socket tables who is at the other end of a conversation. */
#ifndef CAPTURE_PEER_H
#define CAPTURE_PEER_H

#include "capture/message.h"

struct peers;

/* Returns 0, or -ENOMEM and leaves *out alone. Free it with peers_free(). */
int peers_new(struct peers **out);
void peers_free(struct peers *peers);

/*
 * Fills in what is not known of an end of a conversation of this machine: of pid, comm and inode.
 * What cannot be found stays as it is: 0, or "".
 */
void peers_complete(struct peers *peers, struct end *end, int family);

/* Does the process still run? There is none of number 0. */
bool peers_is_there(uint32_t pid);

#endif
