/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the user is told on standard error while fixtures are made, with a line that says how far it
 * is. */
#ifndef MANIFEST_TELL_H
#define MANIFEST_TELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct tell {
    bool live;  /* the line is drawn */
    bool drawn; /* it stands on the terminal now */
};

/* With `quiet`, there is no such line, nor where it cannot be drawn. */
void tell_begin(struct tell *tell, bool quiet);

/* Says something, in one line in which nothing can drive the terminal. */
void tell_say(struct tell *tell, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What such a line says, without the name of the program before it. */
const char *tell_without_name(const char *line);

/* Says all lines of a file, from its beginning, after the name. */
void tell_words(struct tell *tell, const char *name, FILE *words);

/* Shows what commands have printed, from the beginning of the file. */
void tell_output(struct tell *tell, FILE *output);

/* Draws the line: so many of so many are made, and these are being made now. */
void tell_progress(struct tell *tell, size_t done, size_t count, const char *now);

/* Removes the line: before something is printed elsewhere, and at the end. */
void tell_erase(struct tell *tell);

#endif
