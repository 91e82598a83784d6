/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/link.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "capture/path.h"

char *link_follow(const char *path)
{
    char target[PATH_MAX], *followed;
    ssize_t length = readlink(path, target, sizeof(target) - 1);
    int folder;

    if (length <= 0)
        return NULL;
    target[length] = '\0';
    folder = target[0] == '/' ? 0 : (int)(path_last(path) - path);
    return asprintf(&followed, "%.*s%s", folder, path, target) < 0 ? NULL : followed;
}
