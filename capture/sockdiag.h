/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Asks the kernel about sockets by inode: who is at the other end of a Unix socket, and the like.
 */
#ifndef CAPTURE_SOCKDIAG_H
#define CAPTURE_SOCKDIAG_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct sockdiag_answer {
    int family;
    int type;
    uint64_t inode;        /* of a Unix socket */
    bool listens;          /* a Unix socket that others can connect to */
    bool ended;            /* nothing more can be received */
    uint64_t peer_inode;   /* of a Unix socket; 0 when it has none, or none that is known yet */
    uint32_t file, device; /* the numbers of what a Unix socket is bound to; 0: no file */
    struct sockaddr_storage address, peer_address;
    socklen_t address_length, peer_address_length; /* 0 when there is none */
};

/* Returns a descriptor to ask by, or -errno. */
int sockdiag_open(void);

/*
 * Finds a Unix socket of our network namespace; its peer's address is to be asked by the peer's
 * inode. Returns 0, or -errno (-ENOENT: there is none).
 */
int sockdiag_unix(int diag, uint64_t inode, struct sockdiag_answer *answer);

/* Gets each socket of an answer. */
typedef void sockdiag_visitor(void *context, const struct sockdiag_answer *answer);

/*
 * Shows all Unix sockets of our network namespace to the visitor, without their peers, but with
 * their files. Returns 0, or -errno (-ENOENT: this kernel cannot tell).
 */
int sockdiag_unix_all(sockdiag_visitor *visit, void *context);

/* The same for an internet socket, which takes a look at all of them. */
int sockdiag_inet(int diag, uint64_t inode, struct sockdiag_answer *answer);

/* True when a socket of our network namespace listens at that TCP port of some address. */
bool sockdiag_listens(int diag, uint16_t port);

#endif
