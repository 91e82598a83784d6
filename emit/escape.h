/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Text from outside, made safe for where it lands: in a string or in a comment of a language. */
#ifndef EMIT_ESCAPE_H
#define EMIT_ESCAPE_H

#include <stddef.h>
#include <stdio.h>

/* How the strings of a family of languages escape a character. */
struct escape;

/* Where the text lands; both at once is what {{name}} does. */
enum { ESCAPE_STRING = 1, ESCAPE_COMMENT = 2 };

struct escape_rules {
    const struct escape *family;
    const char *also;             /* characters that its strings want escaped as well; may be "" */
    const char *const *forbidden; /* what must not stand in a comment; NULL ends it, or is it */
};

/* Returns the family of that name, which need not end in a null byte, or NULL. */
const struct escape *escape_find(const char *name, size_t length);

/* Their names in the order of the table; NULL past the last one. */
const char *escape_name(size_t index);

/* The notation in which the family's strings hold bytes. */
const char *escape_notation(const struct escape *family);

/* What gets a backslash in its strings beyond the usual: nothing in markup, which has numbers. */
const char *escape_backslashed(const struct escape_rules *rules);

/* How many bytes the character takes that text begins with, if it shows as itself; else 0. */
size_t escape_visible(const char *text, size_t length);

/*
 * Prints text[from..length) so that it can end neither a string nor a comment nor a line, and shows
 * what it is: control and bidirectional characters get numbers, bytes that are no UTF-8 become
 * U+FFFD. What stands before `from` has been printed before, and is looked at only for what it may
 * begin. Returns 0 or -errno.
 */
int escape_print(const struct escape_rules *rules, unsigned int where, const char *text,
                 size_t from, size_t length, FILE *out);

#endif
