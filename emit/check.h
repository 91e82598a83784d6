/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Finds misspelt names in templates. Mustache takes a name that it does not know for nothing; in a
 * fixture that would be bytes silently left out.
 */
#ifndef EMIT_CHECK_H
#define EMIT_CHECK_H

#include "emit/language.h"

/*
 * Is every name in the template one that a fixture has, or a style of the language? Returns 0, or
 * -EINVAL with *error filled in.
 */
int check_template(const struct language *language, const struct template *template,
                   struct template_error *error);

/* All the names there are, some more than once, by number; NULL past the last one. */
const char *check_name(size_t index);

#endif
