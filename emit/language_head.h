/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The head of a template; for the files that load languages only. */
#ifndef EMIT_LANGUAGE_HEAD_H
#define EMIT_LANGUAGE_HEAD_H

#include "emit/language.h"

/* Takes in what the head of the text says. Returns 0, or -errno with *error filled in. */
int language_read_head(struct language *language, const char *text, size_t length,
                       struct template_error *error);

/* Where the template is, as its errors name it: the path of its file, or its name. */
const char *language_place(const struct language *language);

#endif
