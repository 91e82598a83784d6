/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The numbers come from the headers of the architecture that the program is built for. */
#include "capture/calls.h"

#include <sys/syscall.h>

const struct socket_call socket_calls[] = {
    {SYS_read, CALL_RECEIVE_BUFFER},
    {SYS_write, CALL_SEND_BUFFER},
    {SYS_readv, CALL_RECEIVE_VECTOR},
    {SYS_writev, CALL_SEND_VECTOR},
    {SYS_preadv2, CALL_RECEIVE_VECTOR},
    {SYS_pwritev2, CALL_SEND_VECTOR},
    {SYS_sendto, CALL_SENDTO},
    {SYS_recvfrom, CALL_RECVFROM},
    {SYS_sendmsg, CALL_SENDMSG},
    {SYS_recvmsg, CALL_RECVMSG},
    {SYS_sendmmsg, CALL_SENDMMSG},
    {SYS_recvmmsg, CALL_RECVMMSG},
    {SYS_sendfile, CALL_SENDFILE},
    {SYS_splice, CALL_SPLICE},
    {SYS_bind, CALL_BIND},
    {SYS_connect, CALL_CONNECT},
#ifdef SYS_accept
    {SYS_accept, CALL_ACCEPT},
#endif
    {SYS_accept4, CALL_ACCEPT},
};

const size_t socket_call_count = sizeof(socket_calls) / sizeof(*socket_calls);
