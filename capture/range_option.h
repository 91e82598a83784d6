/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Ranges of bytes as a user names them: [EXCHANGE:][REQ|RESP:]OFFSET:LENGTH. */
#ifndef CAPTURE_RANGE_OPTION_H
#define CAPTURE_RANGE_OPTION_H

#include <stdbool.h>
#include <stddef.h>

#include "capture/exchange.h"

struct range_option {
    const char *text;
    const char *exchange; /* the exchange's name or number, in text; NULL: any */
    size_t exchange_length;
    bool both; /* directions */
    enum direction direction;
    size_t offset, length;
};

/* Parses text, which must outlive *out. Returns 0, or -EINVAL and leaves *out alone. */
int range_option_parse(struct range_option *out, const char *text);

/* Is it about the exchange of that name, and of that number among all, counted from 1? */
bool range_option_is_about(const struct range_option *option, const char *name, size_t number);

/*
 * Is it about bytes of this message in that direction? Puts into *length how many of them are
 * there, from its offset on.
 */
bool range_option_covers(const struct range_option *option, enum direction direction,
                         const struct said *said, size_t *length);

/*
 * Applies change to the part of the range that is there in each of the exchange's messages that it
 * is about. Returns how many those are, or what change returned when that is not 0.
 */
int range_option_apply(const struct range_option *option, struct exchange *exchange,
                       int (*change)(struct said *said, size_t offset, size_t length));

#endif
