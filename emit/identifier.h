/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Identifiers made of any text, as a language's conventions and reserved words want them. */
#ifndef EMIT_IDENTIFIER_H
#define EMIT_IDENTIFIER_H

#include <stddef.h>

enum { IDENTIFIER_SIZE = 128 };

enum identifier_convention { CAMEL, LOWER_CAMEL, PASCAL, SNAKE, SCREAMING_SNAKE };

struct identifier_rules {
    enum identifier_convention convention;
    const char *const *reserved; /* words that are something else; NULL ends it, or is it */
    const char *const *keywords; /* words that can't be one in any place; the same */
    const char *taken;           /* one more of these, or NULL */
};

/* Puts the convention of that name in *out. Returns 0 or -ENOENT. */
int identifier_convention(const char *name, enum identifier_convention *out);

/*
 * Puts an identifier for the text in `out`; `number` is added to it unless it is 0, so that one
 * text with two numbers gives two identifiers.
 */
void identifier_make(const struct identifier_rules *rules, const char *text, size_t number,
                     char out[IDENTIFIER_SIZE]);

/*
 * The same of a package's name, which can be a word that is only reserved, and stays as it is where
 * it is an identifier and begins with a letter of the convention's case.
 */
void identifier_package(const struct identifier_rules *rules, const char *text,
                        char out[IDENTIFIER_SIZE]);

/*
 * An atom of Erlang, as modules are named: the text as it is, in quotes where it needs them, if it
 * has only what names of files usually have; else an identifier.
 */
void identifier_atom(const struct identifier_rules *rules, const char *text,
                     char out[IDENTIFIER_SIZE]);

/* Adds the words of a short text to an identifier; what does not fit is left out. */
void identifier_extend(const struct identifier_rules *rules, const char *text,
                       char identifier[IDENTIFIER_SIZE]);

#endif
