/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A recorded response as the answer to another request: what it echoes is in it. */
#ifndef CAPTURE_REPLAY_ANSWER_H
#define CAPTURE_REPLAY_ANSWER_H

#include "capture/exchange.h"

/*
 * Appends the message of that number of the recorded response to *out, with the bytes of `asked` in
 * it, the request as it was said now, where it echoes the recorded request. *resized becomes true
 * where the echo is longer or shorter than it was. Returns 0 or -ENOMEM.
 */
int answer_fill(struct said *out, const struct exchange *recorded, size_t message,
                const struct side *asked, bool *resized);

#endif
