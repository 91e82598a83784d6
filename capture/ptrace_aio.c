/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/ptrace_aio.h"

#include <linux/aio_abi.h>

#include "capture/ptrace_memory.h"

/* How many requests are looked at: as many as all processes together may have under way, unless
 * fs.aio-max-nr was raised. */
enum { REQUESTS_MAX = 65536 };

/* Waiting for a socket, or flushing, moves nothing. */
static bool moves_bytes(const struct iocb *request)
{
    switch (request->aio_lio_opcode) {
    case IOCB_CMD_PREAD:
    case IOCB_CMD_PWRITE:
    case IOCB_CMD_PREADV:
    case IOCB_CMD_PWRITEV:
        return true;
    default:
        return false;
    }
}

uint64_t aio_on_sockets(const uint64_t arguments[6], struct sockets *sockets,
                        const struct caller *caller)
{
    struct traced_socket *socket;
    struct iocb request;
    uint64_t count = arguments[1], found = 0, at;
    bool is_socket = false;
    int64_t fd = -1;

    for (uint64_t i = 0; i < count && i < REQUESTS_MAX; i++) {
        if (!memory_read(caller->tid, &at, arguments[2] + i * sizeof(at), sizeof(at)) ||
            !memory_read(caller->tid, &request, at, sizeof(request)))
            break; /* nor will the kernel get further */
        if (!moves_bytes(&request))
            continue;
        if (request.aio_fildes != fd)
            is_socket = sockets_look(sockets, caller, (int)request.aio_fildes, &socket) ==
                        DESCRIPTOR_SOCKET;
        fd = request.aio_fildes;
        found += is_socket;
    }
    return found;
}
