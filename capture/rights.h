/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Rights over files. Under sudo, whatever the user names is opened with the rights of the user who
 * called it; only what looks at processes and their sockets does so with all rights.
 */
#ifndef CAPTURE_RIGHTS_H
#define CAPTURE_RIGHTS_H

#include <stdbool.h>
#include <sys/types.h>

struct group_list {
    gid_t *groups;
    int count;
};

struct rights {
    bool shared; /* there is a caller with other rights than ours; else nothing ever changes */
    uid_t user;
    gid_t group;
    struct group_list own, callers;
};

/* Whether sudo was called, and by whom. */
bool rights_caller(uid_t *user, gid_t *group);

/* What may explain the error, -errno, of who opens a file: that it is sudo; or nothing. */
const char *rights_hint(int error);

/*
 * Takes the rights of who called, for all that is opened from now on. Returns 0, or -errno when it
 * cannot. rights_free() leaves them as they are.
 */
int rights_begin(struct rights *rights);
void rights_free(struct rights *rights);

/* Takes all rights again, and those of who called. Both return 0 or -errno. */
int rights_take_all(const struct rights *rights);
int rights_take_callers(const struct rights *rights);

/*
 * True when the program's file gives whoever runs it another user's rights: the command would have
 * them, too.
 */
bool rights_are_setuid(void);

#endif
