/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The files that a manifest will write, none of which may be written by two. */
#ifndef MANIFEST_CLAIMS_H
#define MANIFEST_CLAIMS_H

#include <stdbool.h>

struct claims {
    void *tree;
    char *folder; /* where relative paths begin: absolute */
};

/*
 * Begins with no claims; relative paths will be of that folder. Returns 0 or -errno, as of
 * realpath(3). Free them with claims_free().
 */
int claims_new(struct claims *claims, const char *folder);

/*
 * Claims the file at that path. Returns 0, -EEXIST when it was claimed already, by whatever path,
 * or -ENOMEM.
 */
int claims_add(struct claims *claims, const char *path);
void claims_free(struct claims *claims);

/* The path from the root, with its links followed, to be freed; NULL when there is no memory. */
char *path_whole(const char *folder, const char *path);

/* Do both paths lead to one file, or will they? They begin in that folder, unless at the root. */
bool paths_agree(const char *folder, const char *a, const char *b);

#endif
