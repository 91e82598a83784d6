/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* From the options that choose a template, to its language. */
#ifndef LANGUAGE_OPTIONS_H
#define LANGUAGE_OPTIONS_H

#include "emit/language.h"
#include "options.h"

/* What these return is the status; the user has then been told what is wrong. */

/* Where templates are looked for. Free it with library_free(). */
enum status library_from_options(struct library **out, const struct options *options);

/* The language of the fixture; can it do what was asked for? Free it with language_free(). */
enum status language_from_options(struct language **out, const struct options *options,
                                  const struct library *library);

/* --list-langs and --print-template. */
enum status show_templates(const struct options *options);

#endif
