/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Where templates are found by name: in folders, NAME.mustache, and among those built in. */
#ifndef EMIT_LIBRARY_H
#define EMIT_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

#include "emit/template.h"

struct library;

struct library_folder {
    const char *path;
    bool optional; /* it need not be there */
};

/*
 * Looks into the folders; of templates of one name, the first one counts, and those built in come
 * last. The folders may be NULL if there are none. Returns 0 and a library in *out, to be freed
 * with library_free(), or -errno with *error filled in.
 */
int library_new(struct library **out, const struct library_folder *folders, size_t count,
                struct template_error *error);
void library_free(struct library *library);

/*
 * Puts the path of the user's own folder of templates in *out, to be freed: in $XDG_CONFIG_HOME, or
 * in .config in the home of the user, who is, under sudo, the one who called it. NULL when there is
 * no home. Returns 0 or -ENOMEM.
 */
int library_user_folder(char **out);

/* The text of a template. */
struct library_text {
    char *path; /* of its file; NULL: it is built in */
    char *text;
    size_t length;
    size_t folder; /* the number of the one that it is in; behind all of them if it is built in */
};

/*
 * Reads the template of that name; library_text_free() frees *out. Returns 0; -ENOENT and leaves
 * *error alone when there is none; or another -errno with *error filled in.
 */
int library_read(const struct library *library, const char *name, struct library_text *out,
                 struct template_error *error);

/* The same from a file anywhere. */
int library_read_file(const char *path, struct library_text *out, struct template_error *error);
void library_text_free(struct library_text *text);

/* Their names in order, by number; NULL past the last one. */
const char *library_name(const struct library *library, size_t index);

#endif
