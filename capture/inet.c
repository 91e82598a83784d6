/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/inet.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "capture/address.h"

bool inet_port_read(uint16_t *out, const char *text)
{
    char *end;
    unsigned long port = strtoul(text, &end, 10);

    if (*text < '0' || *text > '9' || *end || port == 0 || port > UINT16_MAX)
        return false;
    *out = (uint16_t)port;
    return true;
}

bool inet_end_read(struct inet_end *out, const char *address)
{
    const char *host = address + 4, *colon = strrchr(address, ':');
    char text[INET6_ADDRSTRLEN];
    size_t length;

    if (!address_is_inet(address))
        return false;
    if (colon < host || !inet_port_read(&out->port, colon + 1))
        return false;
    length = (size_t)(colon - host);
    out->type = address[0] == 'u' ? SOCK_DGRAM : SOCK_STREAM;
    out->family = *host == '[' ? AF_INET6 : AF_INET;
    if (*host == '[' && length >= 2) {
        host++;
        length -= 2;
    }
    if (length >= sizeof(text))
        return false;
    memcpy(text, host, length);
    text[length] = '\0';
    return inet_pton(out->family, text, out->host) == 1;
}
