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
    *standpoint = (struct standpoint){
        .mounts = mounts.st_ino,
        .root = {root.st_dev, root.st_ino},
        .working = {working.st_dev, working.st_ino},
    };
}

bool standpoint_path(char text[STANDPOINT_TEXT_SIZE], const struct standpoint *standpoint,
                     const char *address)
{
    const struct standpoint_folder *from =
        address[0] == '/' ? &standpoint->root : &standpoint->working;

    if (!standpoint->mounts || !address_is_path(address))
        return false;
    snprintf(text, STANDPOINT_TEXT_SIZE, "%lx:%lx:%lx|%s", (unsigned long)standpoint->mounts,
             (unsigned long)from->device, (unsigned long)from->inode, address);
    return true;
}
