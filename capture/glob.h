/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Shell globs, glob(7), in the form in which bpf/match.h compares them: any byte may stand in one.
 */
#ifndef CAPTURE_GLOB_H
#define CAPTURE_GLOB_H

#include <stdbool.h>
#include <stddef.h>

#include "bpf/match.h"

/* True when text has a character that means more than itself in a glob. */
bool glob_is(const char *text);

/*
 * These add to a glob, which is all zero at first: bytes as they are; or what text means, in which
 * a backslash takes the meaning from what follows, but \xHH is a byte and \0 is NUL.
 * Return 0, or -E2BIG when there is no room (PATTERN_ELEMENTS, PATTERN_SETS).
 */
int glob_add_bytes(struct glob *glob, const void *bytes, size_t length);
int glob_add(struct glob *glob, const char *text);

/* Adds what text_escape() has spelt as it is: no character means more than itself. */
int glob_add_escaped(struct glob *glob, const char *text);

/* Whether all of the text matches; what is longer than PATTERN_TEXT does not. */
bool glob_matches(const struct glob *glob, const char *text, size_t length);

#endif
