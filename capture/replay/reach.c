/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/replay/reach.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "capture/glob.h"
#include "capture/pattern_inet.h"
#include "capture/recording_format.h"

const char *reach_path(const struct reach *reach)
{
    const struct sockaddr_un *address = (const struct sockaddr_un *)&reach->address;

    return address->sun_family == AF_UNIX && address->sun_path[0] ? address->sun_path : NULL;
}

static int too_long(char why[REACH_WHY_SIZE])
{
    snprintf(why, REACH_WHY_SIZE, "is too long for a socket (107 bytes at most)");
    return -EINVAL;
}

/* Any byte can be in an abstract name. */
static int find_abstract(struct reach *out, const char *text, char why[REACH_WHY_SIZE])
{
    struct sockaddr_un *address = (struct sockaddr_un *)&out->address;
    struct glob name = {0};
    int err = glob_add_escaped(&name, text + 1);

    if (err || name.count >= sizeof(address->sun_path))
        return too_long(why);
    address->sun_family = AF_UNIX;
    for (size_t i = 0; i < name.count; i++)
        address->sun_path[i + 1] = (char)name.elements[i];
    out->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + name.count);
    return 1;
}

static int find_path(struct reach *out, const char *text, char why[REACH_WHY_SIZE])
{
    struct sockaddr_un *address = (struct sockaddr_un *)&out->address;
    const size_t length = strlen(text);

    if (!length)
        snprintf(why, REACH_WHY_SIZE, "is no address");
    if (!length || length >= sizeof(address->sun_path))
        return length ? too_long(why) : -EINVAL;
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, text, length + 1);
    out->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
    return 1;
}

static void set_ipv4(struct reach *out, uint32_t host, uint16_t port)
{
    struct sockaddr_in *address = (struct sockaddr_in *)&out->address;

    address->sin_family = AF_INET;
    address->sin_addr.s_addr = host;
    address->sin_port = htons(port);
    out->length = sizeof(*address);
}

static void set_ipv6(struct reach *out, const struct in6_addr *host, uint16_t port)
{
    struct sockaddr_in6 *address = (struct sockaddr_in6 *)&out->address;

    address->sin6_family = AF_INET6;
    address->sin6_addr = *host;
    address->sin6_port = htons(port);
    out->length = sizeof(*address);
}

static void set_host(struct reach *out, const struct pattern *pattern)
{
    struct in6_addr host;

    memcpy(&host, pattern->host, sizeof(host));
    if (IN6_IS_ADDR_V4MAPPED(&host))
        set_ipv4(out, pattern->host[3], pattern->port);
    else
        set_ipv6(out, &host, pattern->port);
}

/* Without a host: both addresses that this machine has for itself, or, to listen, any it has. */
static int find_any(struct reach *out, const struct pattern *pattern, bool everywhere)
{
    set_ipv4(&out[0], htonl(everywhere ? INADDR_ANY : INADDR_LOOPBACK), pattern->port);
    set_ipv6(&out[1], everywhere ? &in6addr_any : &in6addr_loopback, pattern->port);
    return 2;
}

static bool holds(const struct reach *all, int count, const struct reach *one)
{
    for (int i = 0; i < count; i++)
        if (all[i].length == one->length && !memcmp(&all[i].address, &one->address, one->length))
            return true;
    return false;
}

static int find_inet(struct reach out[REACHES_MAX], const char *text, int type, enum reach_use use,
                     char why[REACH_WHY_SIZE])
{
    struct pattern patterns[REACHES_MAX];
    char reason[PATTERN_REASON_SIZE] = "the host has too many addresses";
    int found = pattern_inet_parse(patterns, REACHES_MAX, text, reason), count = 0;

    if (found < 0) {
        snprintf(why, REACH_WHY_SIZE, "%s", reason);
        return found;
    }
    if (patterns[0].type ? patterns[0].type != type : type == SOCK_SEQPACKET) {
        snprintf(why, REACH_WHY_SIZE, "what was recorded are %s sockets",
                 recording_name_of(recording_types, type));
        return -EINVAL;
    }
    if (!patterns[0].port && use == REACH_CONNECT) {
        snprintf(why, REACH_WHY_SIZE, "needs a port");
        return -EINVAL;
    }
    if (patterns[0].any_host)
        return find_any(out, &patterns[0], use == REACH_LISTEN && text[0] != ':');
    for (int i = 0; i < found; i++) {
        set_host(&out[count], &patterns[i]);
        if (!holds(out, count, &out[count]))
            count++;
        else
            memset(&out[count], 0, sizeof(out[count]));
    }
    return count;
}

static int find(struct reach out[REACHES_MAX], const char *text, int type, enum reach_use use,
                char why[REACH_WHY_SIZE])
{
    memset(out, 0, REACHES_MAX * sizeof(*out));
    if (pattern_is_inet(text))
        return find_inet(out, text, type, use, why);
    return text[0] == '@' ? find_abstract(out, text, why) : find_path(out, text, why);
}

int reach_find(struct reach out[REACHES_MAX], const char *text, int type, enum reach_use use,
               char why[REACH_WHY_SIZE])
{
    char reason[REACH_WHY_SIZE];
    int found = find(out, text, type, use, reason);

    if (found < 0)
        snprintf(why, REACH_WHY_SIZE, "%.100s: %.140s", text, reason);
    return found;
}
