/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Several files that are written out of sight and then put in place together. */
#ifndef CAPTURE_FOLDER_H
#define CAPTURE_FOLDER_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

struct folder {
    char *path;      /* beside which it is made */
    char *temporary; /* where it is now */
    int fd;          /* of that */
    sigset_t mask;   /* the signals that were held back before there was one */
    mode_t umask;    /* as it was: we need what the user's may take away */
};

/* What a folder may hold that can be replaced. */
struct folder_rules {
    const char *index;              /* the file that tells that we made it: it names this program */
    bool (*ours)(const char *name); /* any other file, with the folder it is in, if any */
};

/*
 * Can a folder be put at path? There is none yet, or it is empty, or everything in it was made by
 * this program. Returns 0 or -errno; with -ENOTEMPTY, the name of what else is in there stands in
 * `other`.
 */
int folder_check(const char *path, const struct folder_rules *rules, char *other, size_t size);

/*
 * Makes an empty folder beside path. Returns 0 or -errno and leaves *folder alone. It is removed
 * with all that is in it by folder_discard(); until then no signal ends the process, which would
 * leave it behind.
 */
int folder_open(struct folder *folder, const char *path);

/* Makes a file in it, whose name may have one folder before. Returns NULL with errno set. */
FILE *folder_create(struct folder *folder, const char *name);

/*
 * Puts the folder at its path, in the place of one that folder_check() has no objections to.
 * Returns 0, and then that one, if there was any, is where the new one was; or -errno: then nothing
 * has changed there.
 */
int folder_commit(struct folder *folder);

/* Removes what is where the new one was, if anything. Returns 0 or -errno: some of it is left. */
int folder_remove(struct folder *folder);

/*
 * Puts each file that is directly in it beside its path; the folder stays. Returns 0, or -errno
 * when it could not go on.
 */
int folder_pour(struct folder *folder);

/* As folder_remove(), and is done with it; may be called twice. */
void folder_discard(struct folder *folder);

#endif
