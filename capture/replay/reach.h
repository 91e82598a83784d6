/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* From an address in the words of -s to the sockets that it means. */
#ifndef CAPTURE_REPLAY_REACH_H
#define CAPTURE_REPLAY_REACH_H

#include <sys/socket.h>

enum { REACHES_MAX = 8, REACH_WHY_SIZE = 256 };

/* An address to listen at, or to connect to. */
struct reach {
    struct sockaddr_storage address;
    socklen_t length;
};

/* Where a server listens for an address without a host, or a client looks for it. */
enum reach_use { REACH_LISTEN, REACH_CONNECT };

/*
 * Finds what `text` means for sockets of that type: a path, @name, tcp:HOST:PORT, udp:HOST:PORT or
 * :PORT. Without a host it is this machine; with * for one, it is any address of it. With * for a
 * port, it is one that is free (REACH_LISTEN). Returns how many there are, or -errno with the
 * address and what is wrong with it in why.
 */
int reach_find(struct reach out[REACHES_MAX], const char *text, int type, enum reach_use use,
               char why[REACH_WHY_SIZE]);

/* The path of the socket's file; NULL when it has none. */
const char *reach_path(const struct reach *reach);

#endif
