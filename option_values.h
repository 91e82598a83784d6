/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the values of options are, for whoever offers them before they are given. */
#ifndef OPTION_VALUES_H
#define OPTION_VALUES_H

#include <argp.h>
#include <stddef.h>

enum option_kind {
    VALUE_NONE, /* the option has none */
    VALUE_ANY,  /* whatever the user likes */
    VALUE_FILE,
    VALUE_FOLDER,
    VALUE_USER,
    VALUE_PID,
    VALUE_LANGUAGE,
    VALUE_TEMPLATE,
    VALUE_STYLE,
    VALUE_WORD, /* one of those that option_word() gives, though others may do, too */
};

enum option_kind option_kind(const struct argp_option *option);

/* The words that the option of that name knows, by number; NULL past the last one. */
const char *option_word(const char *option, size_t index);

#endif
