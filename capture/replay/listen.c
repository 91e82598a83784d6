/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/replay/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BACKLOG = 4096 };

/* Is there a socket's file that no server has any more? Asking whether does it no harm. */
static bool is_stale(const struct reach *reach, int type)
{
    struct stat about;
    bool stale;
    int fd;

    if (lstat(reach_path(reach), &about) || !S_ISSOCK(about.st_mode))
        return false;
    fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    stale = fd >= 0 && connect(fd, (const struct sockaddr *)&reach->address, reach->length) &&
            errno == ECONNREFUSED;
    if (fd >= 0)
        close(fd);
    return stale;
}

static int bind_to(int fd, const struct reach *reach, int type)
{
    int err = bind(fd, (const struct sockaddr *)&reach->address, reach->length) ? -errno : 0;

    if (err != -EADDRINUSE || !reach_path(reach) || !is_stale(reach, type))
        return err;
    if (unlink(reach_path(reach)))
        return -errno;
    return bind(fd, (const struct sockaddr *)&reach->address, reach->length) ? -errno : 0;
}

/* An answer to a datagram comes from the address that was asked, where there are several. */
static int ask_for_address(int fd, const struct reach *reach)
{
    const int on = 1;
    int err = 0;

    if (reach->address.ss_family == AF_INET)
        err = setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
    else if (reach->address.ss_family == AF_INET6)
        err = setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
    return err ? -errno : 0;
}

/* Alone, the socket of all addresses of IPv6 is that of all of IPv4, too. */
static int set_options(int fd, const struct reach *reach, int type, bool alone)
{
    const int on = 1, off = 0;
    const bool any =
        reach->address.ss_family == AF_INET6 &&
        IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)&reach->address)->sin6_addr);

    /* A port is free again at once; but two do not share one for datagrams. */
    if (reach->address.ss_family != AF_UNIX && type == SOCK_STREAM &&
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)))
        return -errno;
    if (reach->address.ss_family == AF_INET6 &&
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, any && alone ? &off : &on, sizeof(on)))
        return -errno;
    return type == SOCK_DGRAM ? ask_for_address(fd, reach) : 0;
}

/* What the kernel has made of the address: it may have chosen a port. */
static int learn(struct listener *listener, int type)
{
    struct reach *reach = &listener->reach;
    const char *path = reach_path(reach);
    struct stat about;

    reach->length = sizeof(reach->address);
    if (getsockname(listener->fd, (struct sockaddr *)&reach->address, &reach->length))
        return -errno;
    address_print(listener->text, &reach->address, reach->length, type);
    if (!path)
        return 0;
    if (lstat(path, &about))
        return -errno;
    listener->device = about.st_dev;
    listener->file = about.st_ino;
    return 0;
}

static int listener_open(struct listener *listener, const struct reach *reach, int type, bool alone)
{
    int err;

    listener->reach = *reach;
    listener->fd = socket(reach->address.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener->fd < 0)
        return -errno;
    err = set_options(listener->fd, reach, type, alone);
    if (!err)
        err = bind_to(listener->fd, reach, type);
    if (!err)
        err = learn(listener, type);
    if (!err && type != SOCK_DGRAM && listen(listener->fd, BACKLOG))
        err = -errno;
    if (err)
        close(listener->fd);
    return err;
}

/* What has the address; path is NULL where that is no file. */
static const char *why_taken(const char *path)
{
    struct stat about;

    if (path && lstat(path, &about) == 0 && !S_ISSOCK(about.st_mode))
        return "there is a file, which is no socket (move it away)";
    if (path && faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) && errno == EACCES)
        return "another user's socket is there (serve somewhere else)";
    return "a server has it already (stop it, or serve somewhere else)";
}

static void say_why(char why[REACH_WHY_SIZE], const char *address, const struct reach *reach,
                    int err)
{
    const char *reason = err == -EADDRINUSE ? why_taken(reach_path(reach)) : strerror(-err);

    snprintf(why, REACH_WHY_SIZE, "%.150s: %.90s", address, reason);
}

/* One machine has no IPv6, another no IPv4: one of several addresses is enough. */
static bool is_not_here(int err)
{
    return err == -EAFNOSUPPORT || err == -EADDRNOTAVAIL;
}

/* All of them listen at the port that the kernel has chosen for the first. */
static void take_port(struct reach *reach, const struct listener *first)
{
    struct sockaddr_in *address = (struct sockaddr_in *)&reach->address;
    const struct sockaddr_in *known = (const struct sockaddr_in *)&first->reach.address;

    _Static_assert(offsetof(struct sockaddr_in, sin_port) ==
                       offsetof(struct sockaddr_in6, sin6_port),
                   "the port is at the same place in both");
    if (!address->sin_port)
        address->sin_port = known->sin_port;
}

int listeners_open(struct listeners *listeners, const char *address, int type,
                   char why[REACH_WHY_SIZE])
{
    struct reach reaches[REACHES_MAX];
    int found = reach_find(reaches, address, type, REACH_LISTEN, why), err = 0;

    *listeners = (struct listeners){.type = type};
    if (found < 0)
        return found;
    for (int i = 0; i < found; i++) {
        if (listeners->count)
            take_port(&reaches[i], &listeners->at[0]);
        err = listener_open(&listeners->at[listeners->count], &reaches[i], type, !listeners->count);
        if (!err)
            listeners->count++;
        else if (!is_not_here(err) || (i + 1 == found && !listeners->count))
            break;
    }
    if (listeners->count && (!err || is_not_here(err)))
        return 0;
    say_why(why, address, &reaches[0], err);
    listeners_close(listeners);
    return err;
}

static bool is_its_own(const struct listener *listener, const struct stat *about)
{
    return S_ISSOCK(about->st_mode) && about->st_dev == listener->device &&
           about->st_ino == listener->file;
}

/* Returns 0 or -errno: the file stays. */
static int remove_file(const struct listener *listener)
{
    const char *path = reach_path(&listener->reach);
    struct stat about;

    if (!path || (!lstat(path, &about) && (!is_its_own(listener, &about) || !unlink(path))))
        return 0;
    return errno == ENOENT ? 0 : -errno;
}

/* Whoever may write to its folder may have put another file in its place. */
static int give_file(const struct listener *listener, const char *path, uid_t uid, gid_t gid)
{
    int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC), err = 0;
    struct stat about;

    if (fd < 0 || fstat(fd, &about))
        err = -errno;
    else if (!is_its_own(listener, &about))
        err = -ENOTSOCK;
    else if (fchownat(fd, "", uid, gid, AT_EMPTY_PATH))
        err = -errno;
    if (fd >= 0)
        close(fd);
    return err;
}

int listeners_give(const struct listeners *listeners, uid_t uid, gid_t gid)
{
    int err = 0;

    for (size_t i = 0; i < listeners->count && !err; i++) {
        const char *path = reach_path(&listeners->at[i].reach);

        if (path)
            err = give_file(&listeners->at[i], path, uid, gid);
    }
    return err;
}

int listeners_close(struct listeners *listeners)
{
    int err = 0;

    for (size_t i = 0; i < listeners->count; i++) {
        int left = remove_file(&listeners->at[i]);

        err = err ? err : left;
        close(listeners->at[i].fd);
    }
    listeners->count = 0;
    return err;
}
