/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Styles: the ways to write a fixture among which a language lets one choose. */
#ifndef EMIT_STYLE_H
#define EMIT_STYLE_H

#include <stdbool.h>
#include <stddef.h>

#include "emit/language.h"

/*
 * Has the language the styles that are chosen, their names with commas between them, or NULL for
 * its usual one? Returns 0, or -ENOENT with *error filled in.
 */
int style_check(const struct language *language, const char *chosen, struct template_error *error);

/* Has the language a style of that name, which need not end in a null byte? */
bool style_has(const struct language *language, const char *name, size_t length);

/* Is the style of that name, which need not end in a null byte, among those chosen? */
bool style_is(const struct language *language, const char *chosen, const char *name, size_t length);

#endif
