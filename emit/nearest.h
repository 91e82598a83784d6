/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What somebody meant who misspelt a name. */
#ifndef EMIT_NEAREST_H
#define EMIT_NEAREST_H

#include <stddef.h>

enum { NEAREST_HINT_SIZE = 128 };

/* Returns the name nearest to `word`, or NULL if none is near enough to be meant. */
const char *nearest_name(const char *word, const char *const *names, size_t count);

/* Puts ` (did you mean 'NAME'?)`, to be said behind the word, in `out`; "" if there is none. */
void nearest_hint(char out[NEAREST_HINT_SIZE], const char *word, const char *const *names,
                  size_t count);

#endif
