/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The backend that the user has named, and the list of those there are. */
#ifndef BACKEND_OPTION_H
#define BACKEND_OPTION_H

#include "options.h"

/* Is there one of that name? That there is none has been said. */
enum status backend_option_check(const char *name);

/* Prints which of them work here, and why the others do not. STATUS_NO_BACKEND when none does. */
enum status backend_option_list(void);

#endif
