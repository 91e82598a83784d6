/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The comments at the head of a template that say something of it: {{! key: value }}. */
#ifndef EMIT_HEADER_H
#define EMIT_HEADER_H

#include <stdbool.h>
#include <stddef.h>

/* One such comment, and where to look for the next. All of it points into the text. */
struct header {
    const char *at;
    const char *end;
    const char *key;
    size_t key_length;
    const char *value; /* without the blanks around it */
    size_t value_length;
};

/* A header before the first one of the text. */
static inline struct header header_begin(const char *text, size_t length)
{
    return (struct header){.at = text, .end = text + length};
}

/* Moves on to the next one; false when the head of the template ends. Other comments are passed. */
bool header_next(struct header *header);

/* Moves on to the next one that has the key. */
bool header_find(struct header *header, const char *key);

/* Takes the next word off the value; false when there is none left. */
bool header_word(struct header *header, const char **word, size_t *length);

#endif
