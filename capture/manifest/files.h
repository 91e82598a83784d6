/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The files that a manifest has written, none of which may be written by two. */
#ifndef MANIFEST_FILES_H
#define MANIFEST_FILES_H

#include <stdbool.h>
#include <stddef.h>

struct files {
    void *tree;
};

/*
 * Claims the file at that path. Returns 0, -EEXIST when it was claimed already, however its path
 * was spelt (links apart), or -ENOMEM. All zero is none; free them with files_free().
 */
int files_claim(struct files *files, const char *path);
void files_free(struct files *files);

/* Are both the same path, however they are spelt? */
bool files_same(const char *a, const char *b);

#endif
