/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A file of a socket that is gone stays behind, so that there is one says little. The kernel tells
 * whether a socket is bound to it when one of another type tries to connect: ECONNREFUSED if none
 * is, EPROTOTYPE if one is, and the server knows of neither.
 */
#include "capture/manifest/ready.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* __SO_ACCEPTCON of the kernel, as /proc/net/unix shows it. */
enum { LISTENS = 0x10000 };

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* A server may have been given another path to the same file: the last part is what is compared. */
static bool is_row_of(const char *row, const char *path, unsigned *flags)
{
    int at = 0;

    return sscanf(row, "%*s %*s %*s %x %*s %*s %*s %n", flags, &at) == 1 && at > 0 &&
           strcmp(last_part(row + at), last_part(path)) == 0;
}

/* Of a stream socket that is bound: unless the kernel says that it does not, it listens. */
static bool listens(const char *path)
{
    FILE *file = fopen("/proc/net/unix", "re");
    bool is_there = false, is_listening = false;
    size_t size = 0;
    char *row = NULL;
    unsigned flags;

    while (file && getline(&row, &size, file) > 0) {
        row[strcspn(row, "\n")] = '\0';
        if (!is_row_of(row, path, &flags))
            continue;
        is_there = true;
        is_listening = is_listening || (flags & LISTENS);
    }
    free(row);
    if (file)
        fclose(file);
    return is_listening || !is_there;
}

/* In a folder, any length of path will do. */
static int try_connect(int fd, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    strcpy(address.sun_path, path);
    return connect(fd, (struct sockaddr *)&address, sizeof(address)) ? -errno : 0;
}

bool ready_socket(const char *path)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

    if (fd < 0)
        return false;
    err = try_connect(fd, path);
    close(fd);
    return err == 0 || (err == -EPROTOTYPE && listens(path));
}
