/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/standpoint.h"

#include <stdio.h>
#include <sys/stat.h>

static bool look(struct stat *file, pid_t pid, const char *name)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
    return stat(path, file) == 0;
}

/* No two have the same but by chance. */
static uint64_t folder_number(const struct stat *mounts, const struct stat *folder)
{
    const uint64_t spread = UINT64_C(0x9e3779b97f4a7c15);

    return (mounts->st_ino * spread + folder->st_dev) * spread + folder->st_ino;
}

void standpoint_find(struct standpoint *standpoint, pid_t pid)
{
    struct stat mounts, root, working;

    if (!look(&mounts, pid, "ns/mnt") || !look(&root, pid, "root") || !look(&working, pid, "cwd"))
        return;
    standpoint->root = folder_number(&mounts, &root);
    standpoint->working = folder_number(&mounts, &working);
}

bool standpoint_name(char text[STANDPOINT_TEXT_SIZE], const struct standpoint *standpoint,
                     const char *name)
{
    const uint64_t from = !address_is_path(name) ? standpoint->network
                          : name[0] == '/'       ? standpoint->root
                                                 : standpoint->working;

    if (from)
        snprintf(text, STANDPOINT_TEXT_SIZE, "%lx|%s", (unsigned long)from, name);
    return from;
}

bool standpoints_are_apart(const struct standpoint *one, const struct standpoint *other,
                           const char *name)
{
    return address_is_local(name) && one->network && other->network &&
           one->network != other->network;
}
