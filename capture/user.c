/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Everything that makes a user, in the order in which the rights to do so are given up. */
#include "capture/user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool user_read_number(unsigned *out, const char *text)
{
    unsigned long number;
    char *end;

    if (*text < '0' || *text > '9')
        return false;
    number = strtoul(text, &end, 10);
    if (*end || number >= (uid_t)-1) /* which is nobody's, as it means to leave all as it is */
        return false;
    *out = (unsigned)number;
    return true;
}

static const struct passwd *look_up(const char *name)
{
    const struct passwd *entry = getpwnam(name);
    uid_t number;

    return !entry && user_read_number(&number, name) ? getpwuid(number) : entry;
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
