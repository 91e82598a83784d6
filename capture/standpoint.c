/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/standpoint.h"

#include <stdio.h>
#include <sys/stat.h>

static bool look(struct stat *file, uint32_t pid, const char *name)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%u/%s", pid, name);
    return stat(path, file) == 0;
}

void standpoint_find(struct standpoint *standpoint, uint32_t pid)
{
    struct stat mounts, root, working;

    if (!look(&mounts, pid, "ns/mnt") || !look(&root, pid, "root") || !look(&working, pid, "cwd"))
        return;
    standpoint->mounts = mounts.st_ino;
    standpoint->root = (struct standpoint_folder){root.st_dev, root.st_ino};
    standpoint->working = (struct standpoint_folder){working.st_dev, working.st_ino};
}

bool standpoint_name(char text[STANDPOINT_TEXT_SIZE], const struct standpoint *standpoint,
                     const char *name)
{
    const struct standpoint_folder *from =
        name[0] == '/' ? &standpoint->root : &standpoint->working;

    if (address_is_path(name) && standpoint->mounts)
        snprintf(text, STANDPOINT_TEXT_SIZE, "%lx:%lx:%lx|%s", (unsigned long)standpoint->mounts,
                 (unsigned long)from->device, (unsigned long)from->inode, name);
    else if (!address_is_path(name) && standpoint->network)
        snprintf(text, STANDPOINT_TEXT_SIZE, "%lx|%s", (unsigned long)standpoint->network, name);
    else
        return false;
    return true;
}

bool standpoints_are_apart(const struct standpoint *one, const struct standpoint *other,
                           const char *name)
{
    return address_is_local(name) && one->network && other->network &&
           one->network != other->network;
}
