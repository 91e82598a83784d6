/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the terminal behind a file, if there is one, can be asked to do. */
#ifndef CAPTURE_TERMINAL_H
#define CAPTURE_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* True when a line on it can be drawn over: it is a terminal, and not a dumb one. */
bool terminal_draws(FILE *file);

/* True when it shall have colours: it is such a terminal and NO_COLOR is unset or empty. */
bool terminal_colors(FILE *file);

/* How many characters fit in a line of it; 80 when it does not say. */
size_t terminal_width(FILE *file);

/* False when we are in its background, and another program has it. */
bool terminal_is_free(FILE *file);

#endif
