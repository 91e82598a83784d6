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

/*
 * Puts the name of the file of a side's message in `out`, relative to the fixture: 01-request.bin
 * for the first exchange's, and 01-request-2.bin if it is the second there. The side is one of the
 * fixture's table. Where there are several conversations, their numbers stand before.
 */
void files_name(const struct fixture *fixture, const struct side *side, size_t index,
                char out[FILES_NAME_SIZE]);

/* Is it a name that files_name() gives to the files of a fixture that is a folder? */
bool files_is_name(const char *name);

/*
 * How long the name is that the text begins with, if files_name() gives it to a file beside a
 * fixture of that stem; else 0.
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
