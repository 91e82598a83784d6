/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Where in a JSON text a value stands. The values themselves are jansson's to read. */
#ifndef MANIFEST_POSITION_H
#define MANIFEST_POSITION_H

#include <stdbool.h>
#include <stddef.h>

/* A step on the way to a value: from an object by key, or from an array by index. */
struct position_step {
    const struct position_step *from; /* the step before this one; NULL: it starts at the root */
    const char *key;                  /* NULL: index counts */
    size_t index;
};

struct position {
    size_t offset;       /* in bytes */
    size_t line, column; /* counted from 1; columns are bytes */
};

/*
 * Finds the value that the steps, of which `last` is the last one, lead to; or, with `of_key`, the
 * key that stands before it. Without steps it is the root. The text is one that jansson has read.
 * Returns false when the steps lead nowhere.
 */
bool position_find(struct position *position, const char *text, size_t length,
                   const struct position_step *last, bool of_key);

/* The position of that byte of the text. */
struct position position_at(const char *text, size_t offset);

#endif
