/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The file that a Unix socket is bound to, as the kernel itself numbers it. */
#ifndef CAPTURE_SOCKET_FILE_H
#define CAPTURE_SOCKET_FILE_H

#include <stdint.h>

struct socket_file {
    uint64_t device; /* the kernel's dev_t of the file system; stat(2) may tell of another */
    uint64_t file;   /* the number of the inode in it */
};

/*
 * Finds out which file a path leads to. Returns 0, -ENOTSOCK when it is no socket, or another
 * -errno.
 */
int socket_file_find(struct socket_file *file, const char *path);

#endif
