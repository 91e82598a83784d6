/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Everything that makes a user, in the order in which the rights to do so are given up. */
#include "capture/user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct passwd *look_up(const char *name)
{
    const struct passwd *entry;
    unsigned long number;
    char *end;

    errno = 0;
    entry = getpwnam(name);
    if (entry)
        return entry;
    number = strtoul(name, &end, 10);
    return *name && !*end ? getpwuid(number) : NULL;
}

int user_find(struct user *user, const char *name)
{
    const struct passwd *entry = look_up(name);

    if (!entry)
        return -ENOENT;
    *user = (struct user){
        .uid = entry->pw_uid,
        .gid = entry->pw_gid,
        .name = strdup(entry->pw_name),
        .home = strdup(entry->pw_dir),
        .shell = strdup(entry->pw_shell),
    };
    if (user->name && user->home && user->shell)
        return 0;
    user_free(user);
    return -ENOMEM;
}

void user_free(struct user *user)
{
    free(user->name);
    free(user->home);
    free(user->shell);
    *user = (struct user){0};
}

int user_become(const struct user *user)
{
    if (initgroups(user->name, user->gid) || setgid(user->gid) || setuid(user->uid))
        return -errno;
    if (setenv("HOME", user->home, 1) || setenv("USER", user->name, 1) ||
        setenv("LOGNAME", user->name, 1) || setenv("SHELL", user->shell, 1))
        return -errno;
    return 0;
}
