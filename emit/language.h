/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Languages: a template, and what the comments at its head say of the language it writes. */
#ifndef EMIT_LANGUAGE_H
#define EMIT_LANGUAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "emit/escape.h"
#include "emit/identifier.h"
#include "emit/library.h"
#include "emit/notation.h"
#include "emit/template.h"

enum { LANGUAGE_PARTIALS = 32 };

/*
 * Everything here but the partials is known once the language is loaded; a template says it in
 * comments of the form {{! key: value }} before anything else.
 */
struct language {
    char *name;
    char *path;                    /* of its file; NULL: it is built in */
    const struct library *library; /* where its partials are found; NULL: the built-in ones */
    char *description; /* one line; a template without one is only there for others to include */
    char **extensions; /* of its files, without the dot; the first is the usual one */
    char **keywords;
    char **reserved;
    char **not_called; /* what the function that tests call cannot be */
    char **forbidden;
    char *also;
    struct identifier_rules identifiers;
    struct escape_rules escape;
    const struct notation *text; /* what {{{text}}} spells bytes in */
    size_t width;                /* columns that a line of text takes at most */
    char **styles;               /* to choose among; the first is the usual one; or NULL */
    bool embeds;                 /* can load messages from files */
    size_t embed_above;          /* longer ones it does, unless told otherwise; 0: none */
    bool named_by_file;          /* its compiler wants a file to be called as what is in it */
    bool folder;                 /* its fixtures are folders with a file for each message */
    char *index;                 /* the file in there that the text goes to */
    struct template *template;
    struct template *partials[LANGUAGE_PARTIALS];
    char *partial_names[LANGUAGE_PARTIALS];
    size_t partial_count;
};

/*
 * Loads the language of that name from the library, which must outlive it; NULL holds but what is
 * built in. Free *out with language_free(). Returns 0, or -errno with *error filled in: -ENOENT,
 * with the nearest name in the text, when there is none.
 */
int language_find(struct language **out, const struct library *library, const char *name,
                  struct template_error *error);

/* Loads a language from a template in a file. Returns 0, or -errno with *error filled in. */
int language_load(struct language **out, const struct library *library, const char *path,
                  struct template_error *error);

/* The same from text, which need not outlive the call, with built-in partials. */
int language_parse(struct language **out, const char *name, const char *text, size_t length,
                   struct template_error *error);
void language_free(struct language *language);

/*
 * The languages by number, for a listing: loads the next one from *index on and moves *index past
 * it. Returns 1, 0 when there is no more, or -errno with *error filled in; then one may go on.
 */
int language_next(struct language **out, const struct library *library, size_t *index,
                  struct template_error *error);

/* What is behind the last dot of a file's name; NULL when nothing is. */
const char *language_ending(const char *path);

/*
 * Puts the name of the language whose files end like that path's in *name, which is the library's.
 * Returns 0; -ENOENT when there is none; or another -errno, with *error filled in, when there is
 * none among those that can be read. *name is then left alone.
 */
int language_for_file(const struct library *library, const char *path, const char **name,
                      struct template_error *error);

/* What the head of a template can say, by number; NULL past the last one. */
const char *language_key(size_t index);

/* A struct template_host's function: `context` is the language that the partial is for. */
int language_partial(void *context, const char *name, const struct template **out,
                     struct template_error *error);

#endif
