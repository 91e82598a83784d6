/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The ancillary data that came with one message, all of it together. */
#ifndef CAPTURE_CARGO_H
#define CAPTURE_CARGO_H

#include "capture/blocks.h"
#include "capture/side.h"

/*
 * Did the message carry the same as it does now? blocks say how the bytes of the two correspond.
 *
 * What is another each time a command runs is no difference. Process numbers are not looked at.
 * Each read of a stream gets credentials, and most other control messages, once more, and how many
 * reads there are is chance: of these only what there is counts, and not how often or where. Of
 * descriptors, which pass once, it is how many and of what kind, and in what order; where in a
 * stream they came is the sender's doing, and is known only where they were sent. A descriptor that
 * was closed before it could be looked at can be of any kind.
 */
bool cargo_is_same(const struct said *old, const struct said *now, const struct blocks *blocks);

/* Says what it is in a few words, as `2 file descriptors (file, pipe) at byte 5`, or `nothing`. */
void cargo_print(FILE *file, const struct said *said);

#endif
