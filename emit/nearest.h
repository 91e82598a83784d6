/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What somebody meant who misspelt a name. */
#ifndef EMIT_NEAREST_H
#define EMIT_NEAREST_H

#include <stddef.h>

/* Returns the name nearest to `word`, or NULL if none is near enough to be meant. */
const char *nearest_name(const char *word, const char *const *names, size_t count);

#endif
