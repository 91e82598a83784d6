/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Which options go with which. */
#ifndef OPTION_RULES_H
#define OPTION_RULES_H

#include "options.h"

/* What is wrong with the options together, in words for the user; NULL when nothing is. */
const char *options_misuse(const struct options *options);

#endif
