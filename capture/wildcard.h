/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A message with its volatile ranges as a pattern, in which these match what else they can be. */
#ifndef CAPTURE_WILDCARD_H
#define CAPTURE_WILDCARD_H

#include "capture/exchange.h"

enum fit {
    FIT_NOT,
    FIT_PART, /* so far */
    FIT_WHOLE,
};

/*
 * Can the range of the message be of another length in another run? A decimal number can, if it
 * stays one: a sign or none, digits, and a fraction or none.
 */
bool wildcard_varies(const struct said *said, const struct range *range);

/* Can these bytes be what the range of the message is in another run? */
bool wildcard_allows(const struct said *said, const struct range *range, const uint8_t *data,
                     size_t length);

/* Can the byte stand in the range instead of the recorded one, if its length stays the same? */
bool wildcard_allows_byte(const struct range *range, uint8_t recorded, uint8_t byte);

/* Does data match the pattern? False also when it takes too long to find out. */
bool wildcard_match(const struct said *pattern, const struct said *data);

/*
 * Does the stream begin with the pattern? *taken is how much of it that is, when it fits as a
 * whole: as little as can be, but to its end where the pattern ends with what can be of any length.
 */
enum fit wildcard_begins(const struct said *pattern, const struct said *stream, size_t *taken);

#endif
