/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Writes messages into a capture as they would be on a network. */
#ifndef EMIT_WRAPPED_H
#define EMIT_WRAPPED_H

#include "emit/packet_file.h"
#include "emit/wrap.h"

/*
 * Writes the unit in as many packets as it takes, those that open the connection before. Counts in
 * *cut when not all of it fitted. Returns 0 or -errno.
 */
int wrapped_write(struct packet_file *file, struct wrap *wrap, const struct unit *unit,
                  size_t *cut);

#endif
