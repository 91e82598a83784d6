/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/replay/dial.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "capture/recording_format.h"

enum { CONNECT_TIMEOUT = 10000 /* milliseconds */, NAMES_TRIED = 100 };

/*
 * The file is one that anybody may send to from the beginning: chmod() goes by the name, which in a
 * folder of the server's user may lead to another file by then. Returns 0 or -errno.
 */
static int bind_for_all(int fd, const struct sockaddr_un *address)
{
    const mode_t mask = umask(0111);
    const int err = bind(fd, (const struct sockaddr *)address, sizeof(*address)) ? -errno : 0;

    umask(mask);
    return err;
}

/* Binds to a file in that folder, which any server may send to. Returns 0 or -errno. */
static int bind_file(struct dial *dial, const char *folder, size_t length)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int err = -EADDRINUSE, written;

    for (int i = 0; i < NAMES_TRIED && err == -EADDRINUSE; i++) {
        written = snprintf(address.sun_path, sizeof(address.sun_path), "%.*s/sockfixture.%d.%d",
                           (int)length, folder, (int)getpid(), i);
        if (written < 0 || (size_t)written >= sizeof(address.sun_path))
            return -ENAMETOOLONG;
        err = bind_for_all(dial->fd, &address);
    }
    if (!err)
        memcpy(dial->path, address.sun_path, sizeof(address.sun_path));
    return err;
}

/* Beside the server's own socket, where it is sure to see it, or else where files that are in the
 * way of nobody are. */
static int bind_back(struct dial *dial, const struct reach *reach)
{
    const struct sockaddr_un autobind = {.sun_family = AF_UNIX};
    const char *path = reach_path(reach), *slash = path ? strrchr(path, '/') : NULL;
    const char *elsewhere = getenv("TMPDIR");
    int err;

    if (!path)
        return bind(dial->fd, (const struct sockaddr *)&autobind, sizeof(sa_family_t)) ? -errno : 0;
    err = slash ? bind_file(dial, path, (size_t)(slash - path)) : bind_file(dial, ".", 1);
    if (err)
        elsewhere = elsewhere && elsewhere[0] == '/' ? elsewhere : "/tmp";
    return err ? bind_file(dial, elsewhere, strlen(elsewhere)) : 0;
}

/* A connection may take its time. */
static int connect_to(const struct dial *dial, const struct reach *reach)
{
    struct pollfd wait = {.fd = dial->fd, .events = POLLOUT};
    socklen_t length = sizeof(int);
    int err = 0;

    if (connect(dial->fd, (const struct sockaddr *)&reach->address, reach->length) == 0)
        return 0;
    if (errno != EINPROGRESS)
        return -errno;
    if (poll(&wait, 1, CONNECT_TIMEOUT) != 1)
        return -ETIMEDOUT;
    return getsockopt(dial->fd, SOL_SOCKET, SO_ERROR, &err, &length) ? -errno : -err;
}

static int open_one(struct dial *dial, const struct reach *reach, int type)
{
    int err = 0;

    *dial = (struct dial){
        .fd = socket(reach->address.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (dial->fd < 0)
        return -errno;
    if (type == SOCK_DGRAM && reach->address.ss_family == AF_UNIX)
        err = bind_back(dial, reach);
    if (!err)
        err = connect_to(dial, reach);
    if (err)
        dial_close(dial);
    return err;
}

void dial_say_why(char why[REACH_WHY_SIZE], const char *address, int err, int type)
{
    const char *reason = strerror(-err);
    char other[64];

    if (err == -ENOENT) {
        reason = "no such socket (is the server running?)";
    } else if (err == -ECONNREFUSED) {
        reason = "nobody listens there (is the server running?)";
    } else if (err == -EAGAIN) {
        reason = "the server takes no more clients";
    } else if (err == -EPROTOTYPE) {
        snprintf(other, sizeof(other), "is no %s socket, and one was recorded",
                 recording_name_of(recording_types, type));
        reason = other;
    }
    snprintf(why, REACH_WHY_SIZE, "%.150s: %.90s", address, reason);
}

int dial_open(struct dial *dial, const char *address, int type, char why[REACH_WHY_SIZE])
{
    struct reach reaches[REACHES_MAX];
    int found = reach_find(reaches, address, type, REACH_CONNECT, why), err = 0;

    *dial = (struct dial){.fd = -1};
    if (found < 0)
        return found;
    for (int i = 0; i < found; i++) {
        err = open_one(dial, &reaches[i], type);
        if (!err)
            return 0;
    }
    dial_say_why(why, address, err, type);
    return err;
}

void dial_close(struct dial *dial)
{
    if (dial->fd >= 0)
        close(dial->fd);
    if (dial->path[0])
        unlink(dial->path);
    *dial = (struct dial){.fd = -1};
}
