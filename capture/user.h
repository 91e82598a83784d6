/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Another user for the command to run as. */
#ifndef CAPTURE_USER_H
#define CAPTURE_USER_H

#include <stdbool.h>
#include <sys/types.h>

struct user {
    uid_t uid;
    gid_t gid;
    char *name;
    char *home;
    char *shell;
};

/* Reads a user's or group's number: digits alone. Returns false when it is none. */
bool user_read_number(unsigned *out, const char *text);

/* Finds a user by name or number. Returns 0, or -ENOENT or another -errno. user_free() frees it. */
int user_find(struct user *user, const char *name);
void user_free(struct user *user);

/*
 * Makes this process one of the user's, for good: groups, HOME, USER, LOGNAME and SHELL too.
 * Returns 0 or -errno.
 */
int user_become(const struct user *user);

#endif
