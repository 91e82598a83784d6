/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Notations: the ways to spell bytes, each known by its name. */
#ifndef EMIT_NOTATION_H
#define EMIT_NOTATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct notation;

/* Returns the notation of that name, which need not end in a null byte, or NULL. */
const struct notation *notation_find(const char *name, size_t length);

/* Their names in the order of the table; NULL past the last one. */
const char *notation_name(size_t index);

/*
 * Spells the bytes. `also` holds the characters that a string of the language wants escaped beyond
 * those that the notation always escapes; it may be "". Returns 0 or -errno.
 */
int notation_print(const struct notation *notation, const char *also, const uint8_t *data,
                   size_t length, FILE *out);

/* Does it make no text of that many bytes? */
bool notation_is_empty(const struct notation *notation, size_t length);

/* The notation that spells the same strings with every byte by its number; or the same one. */
const struct notation *notation_numeric(const struct notation *notation);

/* Can these bytes be told from what the notation makes of them? */
bool notation_can(const struct notation *notation, const uint8_t *data, size_t length);

/* Is what it makes of bytes a plain text, to be escaped as any other? */
bool notation_is_plain(const struct notation *notation);

/*
 * Returns how many of the bytes fit in that many columns when spelled, the quotes around them not
 * counted; at least one, if there is any, and whole characters only.
 */
size_t notation_fit(const struct notation *notation, const char *also, const uint8_t *data,
                    size_t length, size_t width);

#endif
