/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * From where names of sockets are seen: one path leads to other files below another root, in
 * another folder, or where other file systems are mounted; any other name to others in another
 * network.
 */
#ifndef CAPTURE_STANDPOINT_H
#define CAPTURE_STANDPOINT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "capture/address.h"

/* Each a number that the backend has for it, 0 while it is not known. */
struct standpoint {
    uint64_t root, working; /* folders, where they are mounted */
    uint64_t network;       /* the network namespace */
};

enum { STANDPOINT_TEXT_SIZE = 2 * ADDRESS_TEXT_SIZE + 64 };

/* Looks from where a process sees paths. It stays what it was where that may not be seen. */
void standpoint_find(struct standpoint *standpoint, pid_t pid);

/* The name of a socket as seen from there; false when that is not known. */
bool standpoint_name(char text[STANDPOINT_TEXT_SIZE], const struct standpoint *standpoint,
                     const char *name);

/* Whether nobody at the one can mean anybody at the other by that name. */
bool standpoints_are_apart(const struct standpoint *one, const struct standpoint *other,
                           const char *name);

#endif
