/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A client's socket, connected to the server that is asked. */
#ifndef CAPTURE_REPLAY_DIAL_H
#define CAPTURE_REPLAY_DIAL_H

#include <sys/types.h>

#include "capture/replay/reach.h"

struct dial {
    int fd;                                     /* does not block */
    char path[sizeof(struct sockaddr_storage)]; /* of a file of its own; "" when it has none */
};

/*
 * Connects to the address (reach_find()), with a socket of that type, and for Unix datagrams with
 * an address that answers can go to. Returns 0; or -errno with, in why, the address and the reason.
 * Close it with dial_close().
 */
int dial_open(struct dial *dial, const char *address, int type, char why[REACH_WHY_SIZE]);
void dial_close(struct dial *dial);

/* Puts the address and the reason into why: err, of a socket of that type. */
void dial_say_why(char why[REACH_WHY_SIZE], const char *address, int err, int type);

#endif
