/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/pattern_inet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/address.h"
#include "capture/text.h"

/* The parts of an address as text; host is without its brackets. */
struct parts {
    uint8_t type; /* 0: any */
    char host[256];
    char port[64];
};

bool pattern_is_inet(const char *text)
{
    return text[0] == ':' || address_is_inet(text);
}

/* Returns false when the text has not the form [tcp:|udp:][HOST]:PORT. */
static bool split(struct parts *parts, const char *text)
{
    const char *host = text, *end;
    bool bracket;

    *parts = (struct parts){0};
    if (text[0] != ':') {
        parts->type = text_begins(text, "tcp:") ? SOCK_STREAM : SOCK_DGRAM;
        host = text + 4;
    }
    bracket = host[0] == '[';
    end = bracket ? strchr(host, ']') : strchr(host, ':');
    if (!end || (bracket && end[1] != ':') || strchr(bracket ? end + 2 : end + 1, ':'))
        return false;
    host += bracket;
    if ((size_t)(end - host) >= sizeof(parts->host) ||
        strlen(end + 1 + bracket) >= sizeof(parts->port))
        return false;
    memcpy(parts->host, host, (size_t)(end - host));
    strcpy(parts->port, end + 1 + bracket);
    return parts->port[0] != '\0';
}

static bool is_any(const char *text)
{
    return text[0] == '\0' || strcmp(text, "*") == 0;
}

/* A number or, as /etc/services has it, a name. Returns -1 when it is none; 0 for any. */
static int parse_port(const char *text, uint8_t type)
{
    const struct servent *service;
    char *end;
    unsigned long port;

    if (is_any(text))
        return 0;
    port = strtoul(text, &end, 10);
    if (text[0] >= '0' && text[0] <= '9' && !*end)
        return port > 0 && port <= 65535 ? (int)port : -1;
    service = getservbyname(text, type == SOCK_DGRAM ? "udp" : type ? "tcp" : NULL);
    return service ? ntohs((uint16_t)service->s_port) : -1;
}

static void set_ipv4(uint32_t host[4], const struct in_addr *address)
{
    host[0] = host[1] = 0;
    host[2] = htonl(0xffff);
    host[3] = address->s_addr;
}

static void set_host(uint32_t host[4], const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        set_ipv4(host, &((const struct sockaddr_in *)address)->sin_addr);
    else
        memcpy(host, &((const struct sockaddr_in6 *)address)->sin6_addr, sizeof(struct in6_addr));
}

static int add_hosts(struct pattern *out, size_t room, const struct pattern *like, const char *host,
                     char reason[PATTERN_REASON_SIZE])
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found;
    int error = getaddrinfo(host, NULL, &hints, &found), count = 0;

    if (error) {
        snprintf(reason, PATTERN_REASON_SIZE, "%.60s: %s", host, gai_strerror(error));
        return -EINVAL;
    }
    for (const struct addrinfo *each = found; each; each = each->ai_next) {
        if ((size_t)count == room) {
            freeaddrinfo(found);
            return -E2BIG;
        }
        out[count] = *like;
        set_host(out[count++].host, each->ai_addr);
    }
    freeaddrinfo(found);
    return count;
}

int pattern_inet_parse(struct pattern *out, size_t room, const char *text,
                       char reason[PATTERN_REASON_SIZE])
{
    struct pattern pattern = {.kind = PLACE_INET};
    struct parts parts;
    int port;

    if (!split(&parts, text)) {
        snprintf(reason, PATTERN_REASON_SIZE,
                 "an internet address is tcp:HOST:PORT, udp:HOST:PORT or :PORT, with IPv6 in "
                 "brackets");
        return -EINVAL;
    }
    port = parse_port(parts.port, parts.type);
    if (port < 0) {
        snprintf(reason, PATTERN_REASON_SIZE, "'%s' is no port", parts.port);
        return -EINVAL;
    }
    pattern.type = parts.type;
    pattern.port = (uint16_t)port;
    if (!is_any(parts.host))
        return add_hosts(out, room, &pattern, parts.host, reason);
    pattern.any_host = 1;
    out[0] = pattern;
    return 1;
}

bool pattern_inet_place(struct place *place, const char *address)
{
    struct in_addr ipv4;
    struct parts parts;
    int port;

    if (!pattern_is_inet(address) || !split(&parts, address))
        return false;
    port = parse_port(parts.port, parts.type);
    if (port <= 0)
        return false;
    place->kind = PLACE_INET;
    place->type = parts.type;
    place->port = (uint16_t)port;
    if (inet_pton(AF_INET6, parts.host, place->host) == 1)
        return true;
    if (inet_pton(AF_INET, parts.host, &ipv4) != 1)
        return false;
    set_ipv4(place->host, &ipv4);
    return true;
}
