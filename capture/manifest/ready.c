/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A file of a socket that is gone stays behind, so that there is one says little. The kernel tells
 * whether a socket is bound to it when one of another type tries to connect: ECONNREFUSED if none
 * is, EPROTOTYPE if one is, and the server knows of neither.
 */
#include "capture/manifest/ready.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "capture/path.h"
#include "capture/sockdiag.h"

struct search {
    const char *path;
    bool is_there, listens;
};

/* A server may have been given another path to the same file: the last part is what is compared. */
static void look_at(void *context, const struct sockdiag_answer *answer)
{
    struct search *search = context;
    const size_t head = offsetof(struct sockaddr_un, sun_path);
    char path[sizeof(answer->address) + 1] = "";

    if (answer->address_length <= head)
        return;
    memcpy(path, (const char *)&answer->address + head, answer->address_length - head);
    if (!*path || strcmp(path_last(path), path_last(search->path)) != 0)
        return;
    search->is_there = true;
    search->listens = search->listens || answer->listens;
}

/* Of a stream socket that is bound: unless the kernel says that it does not, it listens. */
static bool listens(const char *path)
{
    struct search search = {.path = path};

    return sockdiag_unix_all(look_at, &search) || search.listens || !search.is_there;
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
