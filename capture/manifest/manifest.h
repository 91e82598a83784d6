/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The file that says which fixtures there are, and how each is made. */
#ifndef MANIFEST_MANIFEST_H
#define MANIFEST_MANIFEST_H

#include <jansson.h>
#include <stddef.h>

struct manifest {
    char *path; /* as messages name it */
    char *text;
    size_t length;
    json_t *root;     /* every value in it is one that its key allows */
    json_t *fixtures; /* of root */
};

enum { MANIFEST_TEXT_SIZE = 512, MANIFEST_SIZE_MAX = 1 << 20 };

/* What is wrong, and where; line and column are counted from 1, 0 when there is no place. */
struct manifest_error {
    size_t line, column;
    char text[MANIFEST_TEXT_SIZE];
};

/*
 * Reads the manifest at `path`. Returns 0, or -errno with *error filled in (-ENOENT: there is no
 * such file). Free it with manifest_free().
 */
int manifest_read(struct manifest **out, const char *path, struct manifest_error *error);

/* The same of a text, which is copied; the path is for messages, and the folder where it is. */
int manifest_parse(struct manifest **out, const char *path, const char *folder, const char *text,
                   size_t length, struct manifest_error *error);
void manifest_free(struct manifest *manifest);

size_t manifest_count(const struct manifest *manifest);
const json_t *manifest_fixture(const struct manifest *manifest, size_t index);
const char *manifest_name(const struct manifest *manifest, size_t index);

/* The file of a fixture's recording. */
const char *manifest_recording(const json_t *fixture, char out[MANIFEST_TEXT_SIZE]);

/* The line of a fixture's name. */
size_t manifest_line(const struct manifest *manifest, size_t index);

/*
 * Puts the place of the fixture's key of that name into *error, or the place of its name if it has
 * no such key. With `emit`, the key is one of what it emits in that place (counted from 0).
 */
void manifest_place(const struct manifest *manifest, size_t index, const char *key,
                    const size_t *emit, struct manifest_error *error);

#endif
