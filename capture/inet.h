/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Internet addresses taken apart again: what address.h spells udp:127.0.0.1:323 or tcp:[::1]:80. */
#ifndef CAPTURE_INET_H
#define CAPTURE_INET_H

#include <stdbool.h>
#include <stdint.h>

struct inet_end {
    int family;       /* AF_INET or AF_INET6 */
    int type;         /* SOCK_DGRAM or SOCK_STREAM */
    uint8_t host[16]; /* the first 4 bytes of it for AF_INET */
    uint16_t port;
};

/* Returns false, and *out is worth nothing, when the address is no such one. */
bool inet_end_read(struct inet_end *out, const char *address);

/* Reads a port, 1 to 65535. */
bool inet_port_read(uint16_t *out, const char *text);

#endif
