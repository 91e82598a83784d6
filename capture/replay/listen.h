/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The sockets of a server that is replayed. */
#ifndef CAPTURE_REPLAY_LISTEN_H
#define CAPTURE_REPLAY_LISTEN_H

#include "capture/address.h"
#include "capture/replay/reach.h"

struct listener {
    int fd;                       /* does not block */
    char text[ADDRESS_TEXT_SIZE]; /* its address */
    struct reach reach;
    dev_t device; /* of its file, if it has one */
    ino_t file;
};

struct listeners {
    struct listener at[REACHES_MAX];
    size_t count;
    int type; /* SOCK_... of all of them */
};

/*
 * Listens at the address (reach_find()). The file of a socket that no server has any more is put
 * out of the way. Returns 0; or -errno with, in why, the address and the reason.
 */
int listeners_open(struct listeners *listeners, const char *address, int type,
                   char why[REACH_WHY_SIZE]);

/* Makes their files that user's, who can then connect. Returns 0 or -errno. */
int listeners_give(const struct listeners *listeners, uid_t uid, gid_t gid);

/*
 * Closes them and removes their files, unless others have taken their places. Returns 0, or -errno
 * when a file stays.
 */
int listeners_close(struct listeners *listeners);

#endif
