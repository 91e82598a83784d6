/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/planted.h"

#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

/* Under sudo the files are those of who called it, as rights.h has it. */
static bool is_ours(uid_t owner)
{
    return owner == geteuid() || owner == (uid_t)setfsuid((uid_t)-1);
}

bool planted(int at, const char *path)
{
    char *copy = strdup(path);
    struct stat entry, folder;
    bool is = true;

    if (copy && fstatat(at, path, &entry, AT_SYMLINK_NOFOLLOW) == 0 &&
        fstatat(at, dirname(copy), &folder, 0) == 0)
        is = folder.st_mode & S_IWOTH && entry.st_uid != folder.st_uid && !is_ours(entry.st_uid);
    free(copy);
    return is;
}
