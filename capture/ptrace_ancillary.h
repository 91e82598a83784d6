/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The ancillary data of a traced call, taken from the memory and the descriptors of its thread. */
#ifndef CAPTURE_PTRACE_ANCILLARY_H
#define CAPTURE_PTRACE_ANCILLARY_H

#include <stdbool.h>
#include <sys/socket.h>

#include "capture/ancillary.h"
#include "capture/ptrace_call.h"

/*
 * Takes what a message of the call carried, by its header as it is after the call, in *out for the
 * caller to free; NULL when it was nothing. Returns 0 or -ENOMEM.
 */
int traced_ancillary_take(struct ancillary **out, const struct traced_call *call,
                          const struct caller *caller, const struct msghdr *header);

/* An empty record that was received with ancillary data is not the end of what can be received. */
bool traced_ancillary_came(const struct traced_call *call, const struct msghdr *header);

#endif
