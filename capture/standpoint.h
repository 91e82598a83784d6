/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* From where a process sees paths: one path leads to other files below another root, in another
 * folder, or where other file systems are mounted. */
#ifndef CAPTURE_STANDPOINT_H
#define CAPTURE_STANDPOINT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "capture/address.h"

struct standpoint_folder {
    dev_t device;
    ino_t inode;
};

/* All zero while it is not known. */
struct standpoint {
    ino_t mounts; /* the mount namespace */
    struct standpoint_folder root, working;
};

enum { STANDPOINT_TEXT_SIZE = ADDRESS_TEXT_SIZE + 64 };

/* Finds that of a process, which stays as it was when the process has ended, or may not be seen. */
void standpoint_find(struct standpoint *standpoint, uint32_t pid);

/* The path of a socket as seen from there; false when it is no path, or the standpoint unknown. */
bool standpoint_path(char text[STANDPOINT_TEXT_SIZE], const struct standpoint *standpoint,
                     const char *address);

#endif
