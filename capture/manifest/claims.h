/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The files that a manifest will write, none of which may be written by two. */
#ifndef MANIFEST_CLAIMS_H
#define MANIFEST_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>

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
 * Claims the file at that path. Returns 0, -EEXIST when it was claimed already, however its path
 * was spelt (links apart), or -ENOMEM.
 */
int claims_add(struct claims *claims, const char *path);
void claims_free(struct claims *claims);

/* Are both the same path, however they are spelt? Both are absolute, or of one folder. */
bool paths_agree(const char *a, const char *b);

#endif
