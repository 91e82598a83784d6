/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Socket addresses, and what is known of a socket, as strace prints them. */
#ifndef CAPTURE_STRACE_ADDRESS_H
#define CAPTURE_STRACE_ADDRESS_H

#include "capture/address.h"
#include "capture/strace_text.h"

/*
 * Spells {sa_family=AF_UNIX, ...} as address_print() does. Returns false when it is no address, as
 * NULL is none, or none of a family that is recorded.
 */
bool strace_address(struct slice slice, int type, char text[ADDRESS_TEXT_SIZE]);

/*
 * The same of one that the kernel gave, for which there was as much room as length says: none if it
 * is cut, as of [28 => 38] and of 28 => 38. Of one that the program gave, length is one number.
 */
bool strace_address_given(struct slice slice, struct slice length, int type,
                          char text[ADDRESS_TEXT_SIZE]);

/* What strace -y and -yy say of a descriptor. */
struct strace_facts {
    bool is_socket;
    int family;     /* 0: not told */
    int type;       /* 0: not told */
    uint64_t inode; /* 0: not told, as with all of these */
    uint64_t peer_inode;
    char address[ADDRESS_TEXT_SIZE];
    char peer_address[ADDRESS_TEXT_SIZE];
};

/* Returns false when nothing is said of the descriptor: 3, and not 3<...>. */
bool strace_annotation(struct slice slice, struct strace_facts *facts);

#endif
