/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Bytes that are text: which are, and where a person would break them into lines of source. */
#ifndef EMIT_LINES_H
#define EMIT_LINES_H

#include <stddef.h>
#include <stdint.h>

#include "emit/notation.h"

/*
 * Returns how many of the bytes, from the first one on, are text for people: valid UTF-8, in which
 * every character shows or is a tab or ends a line. A character that is cut off is none.
 */
size_t lines_readable(const uint8_t *data, size_t length);

/* How a language wants its lines. */
struct line_rules {
    const struct notation *notation;
    const char *also; /* as notation_print() takes it */
    size_t width;     /* the columns that a line may take when spelled */
};

/*
 * Returns where the line ends that begins at `from`, which must be less than `length`: after a
 * newline, else after a space, else where the width is used up. It is never inside a character.
 */
size_t lines_end(const struct line_rules *rules, const uint8_t *data, size_t length, size_t from);

#endif
