/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Takes records from the BPF ring buffer and makes whole messages of them. */
#ifndef CAPTURE_RING_H
#define CAPTURE_RING_H

#include "capture/backend.h"

struct ring;

/*
 * Starts consuming the ring buffer map into sink; state is the kernel side's consumer_state.
 * Returns 0 and a ring in *out, or -errno and leaves *out alone. Free it with ring_free().
 */
int ring_new(struct ring **out, int map, volatile uint32_t *state, const struct sink *sink);
void ring_free(struct ring *ring);

int ring_fd(const struct ring *ring);

/* As step and finish in struct backend. */
int ring_step(struct ring *ring, int *wait);
int ring_finish(struct ring *ring);

#endif
