/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A message with its volatile ranges as a pattern, in which these match anything. */
#ifndef CAPTURE_WILDCARD_H
#define CAPTURE_WILDCARD_H

#include "capture/exchange.h"

/* Can the range of the message be of another length in another run? */
bool wildcard_varies(const struct said *said, const struct range *range);

/* Does data match the pattern? False also when it takes too long to find out. */
bool wildcard_match(const struct said *pattern, const struct said *data);

#endif
