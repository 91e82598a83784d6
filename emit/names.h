/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Names for exchanges as a person would give them: what the request says, if it says something, or
 * the command and a number. There are no two alike, and one more exchange changes none before it.
 */
#ifndef EMIT_NAMES_H
#define EMIT_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/exchange.h"

enum { NAMES_SIZE = 160, NAMES_TEXT_SIZE = 49 };

/*
 * Puts what a request says in `out`, as text that shows, in one line without double quotes and
 * backslashes. Returns false when it says nothing that would do for a name.
 */
bool names_from_request(const uint8_t *data, size_t length, char out[NAMES_TEXT_SIZE]);

struct names;

/*
 * Finds names for the table's exchanges; both, the table and `command`, are kept. Returns 0, or
 * -errno and leaves *out alone. Free it with names_free().
 */
int names_new(struct names **out, const struct table *table, const char *command);
void names_free(struct names *names);

/* Puts the name of an exchange in `out`; both it and its conversation count from 0. */
void names_get(const struct names *names, size_t conversation, size_t exchange,
               char out[NAMES_SIZE]);

#endif
