/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Only the user for files changes: as that is not root, the kernel takes the capabilities that
 * reach past permissions out of those in effect, and gives them back later. All else stays root's,
 * the command too, as exec() forgets it.
 */
#include "capture/rights.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <unistd.h>

#include "capture/user.h"

/* Reads a user's or group's number from the environment. */
static bool read_number(const char *name, unsigned *number)
{
    const char *text = getenv(name);

    return text && user_read_number(number, text);
}

bool rights_caller(uid_t *user, gid_t *group)
{
    return geteuid() == 0 && read_number("SUDO_UID", user) && read_number("SUDO_GID", group);
}

const char *rights_hint(int error)
{
    uid_t user;
    gid_t group;

    return error == -EACCES && rights_caller(&user, &group)
               ? " (under sudo, files are opened with the rights of who called it)"
               : "";
}

bool rights_are_setuid(void)
{
    return getuid() != geteuid() || getgid() != getegid();
}

static int read_own_groups(struct group_list *list)
{
    int count = getgroups(0, NULL);

    list->groups = count < 0 ? NULL : calloc((size_t)count + 1, sizeof(*list->groups));
    if (!list->groups)
        return count < 0 ? -errno : -ENOMEM;
    list->count = getgroups(count, list->groups);
    return list->count < 0 ? -errno : 0;
}

/* A user whom nobody knows by name is in no group but the one that is given. */
static int read_groups_of(struct group_list *list, uid_t user, gid_t group)
{
    const struct passwd *entry = getpwuid(user);
    int room = 32;

    do {
        gid_t *groups = reallocarray(list->groups, (size_t)room, sizeof(*groups));

        if (!groups)
            return -ENOMEM;
        list->groups = groups;
        list->groups[0] = group;
        list->count = room;
    } while (entry && getgrouplist(entry->pw_name, group, list->groups, &list->count) < 0 &&
             (room = list->count > room ? list->count : 2 * room));
    if (!entry)
        list->count = 1;
    return 0;
}

/* Both calls for files can only tell when asked again. */
static int take(uid_t user, gid_t group, const struct group_list *groups)
{
    if (setgroups((size_t)groups->count, groups->groups))
        return -errno;
    setfsgid(group);
    setfsuid(user);
    return (uid_t)setfsuid((uid_t)-1) == user && (gid_t)setfsgid((gid_t)-1) == group ? 0 : -EPERM;
}

int rights_begin(struct rights *rights)
{
    int err;

    *rights = (struct rights){0};
    if (!rights_caller(&rights->user, &rights->group) || rights->user == 0)
        return 0;
    err = read_own_groups(&rights->own);
    if (!err)
        err = read_groups_of(&rights->callers, rights->user, rights->group);
    rights->shared = !err;
    return err ? err : rights_take_callers(rights);
}

void rights_free(struct rights *rights)
{
    free(rights->own.groups);
    free(rights->callers.groups);
    *rights = (struct rights){0};
}

int rights_take_all(const struct rights *rights)
{
    return rights->shared ? take(geteuid(), getegid(), &rights->own) : 0;
}

int rights_take_callers(const struct rights *rights)
{
    return rights->shared ? take(rights->user, rights->group, &rights->callers) : 0;
}
