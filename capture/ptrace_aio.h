/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Linux AIO, which moves bytes when it likes: what it does to sockets is counted, not recorded. */
#ifndef CAPTURE_PTRACE_AIO_H
#define CAPTURE_PTRACE_AIO_H

#include <stdint.h>

#include "capture/ptrace_socket.h"

/*
 * How many of the requests that an io_submit() with these arguments hands to the kernel send or
 * receive on a socket.
 */
uint64_t aio_on_sockets(const uint64_t arguments[6], struct sockets *sockets,
                        const struct caller *caller);

#endif
