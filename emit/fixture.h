/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Fixtures: a table of exchanges, printed as source code or data in some language. */
#ifndef EMIT_FIXTURE_H
#define EMIT_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "capture/exchange.h"
#include "emit/language.h"

struct fixture {
    const struct table *table;
    char *const *command; /* ends with NULL, or is NULL when it is not known */
    const char *name;     /* NULL: made from the command */
    const char *package;  /* NULL: "fixture" */
    size_t lost;          /* messages lost of which no conversation is known */
    bool incomplete;      /* something else is known to be missing */
};

/*
 * Prints the fixture in that language, which keeps what it has to load for that. Nothing is kept in
 * memory of what is printed. Returns 0, or -errno with *error filled in.
 */
int fixture_print(const struct fixture *fixture, struct language *language, FILE *out,
                  struct template_error *error);

#endif
