/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Fixtures: a table of exchanges, printed as source code or data in some language. */
#ifndef EMIT_FIXTURE_H
#define EMIT_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "capture/exchange.h"
#include "emit/language.h"

/* How messages are spelled: as text those that read as such, or none, or all. */
enum fixture_bytes { BYTES_AUTO, BYTES_HEX, BYTES_TEXT };

struct fixture {
    const struct table *table;
    char *const *command; /* ends with NULL, or is NULL when it is not known */
    const char *name;     /* NULL: made from the command */
    const char *package;  /* NULL: "fixture" */
    size_t lost;          /* messages lost of which no conversation is known */
    bool incomplete;      /* something else is known to be missing */
    const char *style;    /* names with commas between them; NULL: the language's usual one */
    const char *call;     /* the function that tests call; NULL: the language's usual one */
    enum fixture_bytes bytes;
    size_t embed_above; /* longer messages stand in files of their own; 0: none does */
    const char *stem;   /* what the names of such files begin with; NULL: the fixture is a folder */
};

/*
 * Prints the fixture in that language, which keeps what it has to load for that. Nothing is kept in
 * memory of what is printed. Returns 0, or -errno with *error filled in.
 */
int fixture_print(const struct fixture *fixture, struct language *language, FILE *out,
                  struct template_error *error);

#endif
