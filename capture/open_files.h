/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* How many files may be open, where that is what is wrong. */
#ifndef CAPTURE_OPEN_FILES_H
#define CAPTURE_OPEN_FILES_H

#include <stdbool.h>
#include <stddef.h>

/* What to do about -EMFILE, to be said behind it; "" for every other error. */
const char *open_files_hint(int error);

/* How many there is room for beside those that recording needs. */
size_t open_files_room(void);

/* Whether so few may be open that whatever fails may do so for that. */
bool open_files_are_few(void);

#endif
