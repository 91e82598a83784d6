/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Internet addresses as patterns: tcp:HOST:PORT, udp:[::1]:53, :PORT. */
#ifndef CAPTURE_PATTERN_INET_H
#define CAPTURE_PATTERN_INET_H

#include <stdbool.h>
#include <stddef.h>

#include "capture/pattern.h"

/* True when the text begins as one. */
bool pattern_is_inet(const char *text);

/*
 * Compiles it: one pattern for each address that the host has. Returns how many; -E2BIG when there
 * is no room for them; or -EINVAL with the reason in reason.
 */
int pattern_inet_parse(struct pattern *out, size_t room, const char *text,
                       char reason[PATTERN_REASON_SIZE]);

/* Reads an address as capture/address.h spells it. Returns false when it is none. */
bool pattern_inet_place(struct place *place, const char *address);

#endif
