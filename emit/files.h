/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The messages that have files of their own: those too long for a literal, in files beside the
 * fixture, and all of them where the fixture is a folder.
 */
#ifndef EMIT_FILES_H
#define EMIT_FILES_H

#include "emit/fixture.h"

enum { FILES_NAME_SIZE = 320 };

/* Does a message of that length stand in a file and not in the fixture? */
bool files_embed(const struct fixture *fixture, size_t length);

/* Is it a name that the files of a fixture that is a folder have? */
bool files_is_name(const char *name);

/*
 * How long the name is that the text begins with, if it is that of a file beside a fixture of that
 * stem; else 0.
 */
size_t files_name_length(const char *text, const char *stem);

/*
 * Hands over each file there is to write, in the order of the table. Returns 0, or what `write`
 * returned.
 */
int files_each(const struct fixture *fixture,
               int (*write)(void *context, const char *name, const struct said *said),
               void *context);

#endif
