/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What completes our command line in a shell, made of the table of options, so that it can have no
 * others. The scripts ask the program for what is not the same everywhere: languages and fixtures.
 */
#ifndef COMPLETION_H
#define COMPLETION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "option_values.h"

/* Prints the script of a shell. The table ends with an entry that is all zeros. */
typedef void completion_printer(const struct argp_option *table, FILE *out);

completion_printer completion_bash, completion_fish, completion_zsh;

/* The printer for the shell of that name, or NULL. */
completion_printer *completion_find(const char *shell);

/* The names of the shells, by number; NULL past the last one. */
const char *completion_shell(size_t index);

/* Has it a short form? */
bool completion_has_short(const struct argp_option *option);

/* Shell commands that print a name in each line. */
#define COMPLETION_LANGUAGES "sockfixture --list-langs 2> /dev/null | sed 's/ .*//'"
#define COMPLETION_STYLES                                                                          \
    "sockfixture --list-langs 2> /dev/null | sed -n 's/.*; styles: \\(.*\\) \\[.*/\\1/p' | "       \
    "tr -d ' ' | tr , '\\n' | sort -u"
#define COMPLETION_TEMPLATES                                                                       \
    "sockfixture --list-langs 2> /dev/null | sed '/^pcapng /d; s/ .*//'" /* made without one */

/* Those of a manifest: what stands between the two says which. */
#define COMPLETION_FIXTURES "sockfixture --list "
#define COMPLETION_NAMES    " 2> /dev/null | sed 's/  .*//'"

#endif
