/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A path's directory is watched, or while there is none, the nearest one above it; and if a
 * symbolic link is there, that of where it leads, too.
 */
#include "capture/path_watch.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "capture/link.h"
#include "capture/pattern.h"

static const uint32_t changes = IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM |
                                IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

/* Whoever owns the folder above may put there what is none, or a link that leads nowhere. */
static bool is_no_folder(int err)
{
    return err == -ENOENT || err == -ENOTDIR || err == -ELOOP;
}

static int watch_above(int fd, const char *path)
{
    char *directory = strdup(path), *slash;
    int err = directory ? -ENOENT : -ENOMEM;

    while (is_no_folder(err)) {
        slash = strrchr(directory, '/');
        if (!slash)
            strcpy(directory, ".");
        else
            slash[slash == directory] = '\0'; /* the root is a slash */
        err = inotify_add_watch(fd, directory, changes) < 0 ? -errno : 0;
        if (!slash || slash == directory)
            break;
    }
    free(directory);
    return err;
}

/* What cannot be watched of where links lead does without. */
static int watch_path(int fd, const char *path)
{
    char *link = link_follow(path), *next;
    int err = watch_above(fd, path);

    for (int i = 0; link && i < LINKS_MAX; i++, link = next) {
        watch_above(fd, link);
        next = link_follow(link);
        free(link);
    }
    free(link);
    return err;
}

static int watch_all(int fd, const struct patterns *patterns)
{
    size_t index = 0;
    const char *path;
    bool missing;
    int err = 0;

    while (!err && (path = patterns_path(patterns, &index, &missing)))
        err = watch_path(fd, path);
    return err;
}

int path_watch_open(int *out, const struct patterns *patterns)
{
    size_t index = 0;
    bool missing;
    int fd, err;

    *out = -1;
    if (!patterns_path(patterns, &index, &missing))
        return 0;
    fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (fd < 0)
        return -errno;
    err = watch_all(fd, patterns);
    if (err)
        close(fd);
    else
        *out = fd;
    return err;
}

int path_watch_step(int fd, struct patterns *patterns)
{
    char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    bool any = false;
    int err;

    while (read(fd, events, sizeof(events)) > 0)
        any = true;
    if (!any)
        return 0;
    err = watch_all(fd, patterns); /* directories may have come and gone, too */
    return err ? err : patterns_resolve(patterns);
}
