/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A command as text: as a person would type it, and as a name for what it does. */
#ifndef EMIT_COMMAND_H
#define EMIT_COMMAND_H

enum { COMMAND_NAME_SIZE = 65 };

/*
 * Returns the command as one would type it in a shell, quoted where needed; "" for none. To be
 * freed; NULL if there is no memory.
 */
char *command_text(char *const *command);

/*
 * Puts a name in `out`: `name` if it is given, else one made from the program and those of its
 * arguments that are neither options nor paths; where nothing was run but something watched, from
 * the ends of the paths and names that say what. What few languages would take as it is becomes an
 * underscore, so that a line with a name in it is never much longer than the name.
 */
void command_name(char *const *command, const char *name, char out[COMMAND_NAME_SIZE]);

#endif
