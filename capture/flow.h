/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The connections and datagrams of a network capture, told to a sink as a backend tells what it
 * finds. Each conversation has one observed endpoint: the client, as far as that is known, for that
 * is what the two directions of one capture are one view of.
 */
#ifndef CAPTURE_FLOW_H
#define CAPTURE_FLOW_H

#include "capture/backend.h"
#include "capture/pattern.h"
#include "capture/segment.h"

struct flows;

/* servers are addresses that are a server's; they and the sink must outlive the flows.
 * Returns 0 and none in *out, or -ENOMEM. Free them with flows_free(). */
int flows_new(struct flows **out, const struct sink *sink, const struct patterns *servers);
void flows_free(struct flows *flows);

/* Adds what a packet carries; time is in nanoseconds since the epoch. Returns 0 or -errno. */
int flows_add(struct flows *flows, const struct segment *segment, uint64_t time);

/* The same of a datagram, or of bytes of a stream that somebody has put in order. */
int flows_add_message(struct flows *flows, const struct segment *segment, uint64_t time);

/* No more will come. Returns 0 or -errno. */
int flows_finish(struct flows *flows);

/* How many connections the capture holds no beginning of, but something that was said. */
size_t flows_joined(const struct flows *flows);

/* How many datagrams were captured elsewhere before, and are left out here. */
size_t flows_copies(const struct flows *flows);

/* Of how many streams one number more was confirmed than is there: their end, or a last byte. */
size_t flows_doubtful(const struct flows *flows);

#endif
