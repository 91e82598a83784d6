/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The system calls that move bytes over sockets, or make endpoints, by number. */
#ifndef CAPTURE_CALLS_H
#define CAPTURE_CALLS_H

#include <stddef.h>

#include "bpf/message.h"

struct socket_call {
    long number;
    enum call_kind kind;
};

extern const struct socket_call socket_calls[];
extern const size_t socket_call_count;

#endif
