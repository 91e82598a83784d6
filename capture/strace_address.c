/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/strace_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "capture/text.h"

/* The longest address as strace spells it: every byte escaped, between quotes, behind an @. */
enum { LONGEST = 4 * sizeof(((struct sockaddr_un *)0)->sun_path) + 3 };

/* Finds the first "string" in the slice. */
static struct slice quoted(struct slice slice)
{
    const char *quote = memchr(slice.at, '"', slice.length);
    const char *end =
        quote ? memchr(quote + 1, '"', slice.length - (size_t)(quote + 1 - slice.at)) : NULL;

    return end ? (struct slice){quote, (size_t)(end + 1 - quote)} : (struct slice){slice.at, 0};
}

/* Puts all bytes of a "string" there. Returns how many they are; -1 of none, and of too many. */
static ssize_t read_string(struct slice slice, void *to, size_t size)
{
    uint8_t room[LONGEST];
    struct bytes bytes = {.at = room, .room = sizeof(room)};
    bool cut;

    if (slice.length > LONGEST || slice_string(slice, &bytes, &cut) || cut || bytes.length > size)
        return -1;
    memcpy(to, room, bytes.length);
    return (ssize_t)bytes.length;
}

/* A host between quotes, in plain or in hexadecimal, into text. */
static bool read_host(struct slice slice, char *text, size_t size)
{
    ssize_t length = read_string(quoted(slice), text, size - 1);

    if (length >= 0)
        text[length] = '\0';
    return length >= 0;
}

static bool unix_address(struct slice slice, int type, char text[ADDRESS_TEXT_SIZE])
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = sizeof(sa_family_t);
    struct slice path;

    if (slice_field(slice, "sun_path", &path)) {
        const bool abstract = path.length && *path.at == '@';
        ssize_t read =
            read_string(path, address.sun_path + abstract, sizeof(address.sun_path) - abstract);

        if (read < 0)
            return false;
        length += (size_t)read + abstract;
    }
    address_print(text, &address, length, type);
    return true;
}

/* The bytes in a field that is no more than a "string", as of strace -X raw and -X verbose. */
static bool read_bytes(struct slice slice, const char *field, void *to, size_t size)
{
    struct slice value;

    return slice_field(slice, field, &value) && slice_begins(value, "\"") &&
           read_string(quoted(value), to, size) == (ssize_t)size;
}

/* The number in htons(NUMBER). */
static bool read_port(struct slice slice, const char *field, in_port_t *port)
{
    struct slice value;
    int64_t number;

    if (read_bytes(slice, field, port, sizeof(*port)))
        return true;
    if (!slice_field(slice, field, &value) || !slice_begins(value, "htons("))
        return false;
    value = (struct slice){value.at + 6, value.length - 6};
    if (!slice_number(value, &number) || number < 0 || number > UINT16_MAX)
        return false;
    *port = htons((uint16_t)number);
    return true;
}

static bool inet_host(struct slice slice, struct in_addr *host)
{
    char text[INET_ADDRSTRLEN];
    struct slice value;

    return read_bytes(slice, "sin_addr", host, sizeof(*host)) ||
           (slice_field(slice, "sin_addr", &value) && read_host(value, text, sizeof(text)) &&
            inet_pton(AF_INET, text, host) == 1);
}

/* An internet socket has no address until it has a port. */
static bool inet_address(struct slice slice, int type, char text[ADDRESS_TEXT_SIZE])
{
    struct sockaddr_in address = {.sin_family = AF_INET};

    if (!read_port(slice, "sin_port", &address.sin_port) || !inet_host(slice, &address.sin_addr))
        return false;
    text[0] = '\0';
    if (address.sin_port)
        address_print(text, &address, sizeof(address), type);
    return true;
}

/* The host is in inet_pton(AF_INET6, "::1", &sin6_addr), in older versions behind sin6_addr=. */
static bool inet6_host(struct slice slice, struct in6_addr *host)
{
    const char *at = memmem(slice.at, slice.length, "inet_pton(", strlen("inet_pton("));
    char text[INET6_ADDRSTRLEN];

    if (read_bytes(slice, "sin6_addr", host, sizeof(*host)))
        return true;
    return at &&
           read_host((struct slice){at, slice.length - (size_t)(at - slice.at)}, text,
                     sizeof(text)) &&
           inet_pton(AF_INET6, text, host) == 1;
}

static bool inet6_address(struct slice slice, int type, char text[ADDRESS_TEXT_SIZE])
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6};
    struct slice scope;
    int64_t number = 0;

    if (!read_port(slice, "sin6_port", &address.sin6_port) ||
        !inet6_host(slice, &address.sin6_addr))
        return false;
    if (slice_field(slice, "sin6_scope_id", &scope) && slice_number(scope, &number))
        address.sin6_scope_id = (uint32_t)number;
    text[0] = '\0';
    if (address.sin6_port)
        address_print(text, &address, sizeof(address), type);
    return true;
}

bool strace_address(struct slice slice, int type, char text[ADDRESS_TEXT_SIZE])
{
    struct slice family;

    if (!slice_field(slice, "sa_family", &family))
        return false;
    if (slice_is_constant(family, "AF_UNIX", AF_UNIX) || slice_is(family, "AF_LOCAL"))
        return unix_address(slice, type, text);
    if (slice_is_constant(family, "AF_INET", AF_INET))
        return inet_address(slice, type, text);
    return slice_is_constant(family, "AF_INET6", AF_INET6) && inet6_address(slice, type, text);
}

static bool is_cut(struct slice length)
{
    unsigned long room, whole;
    char text[64];

    snprintf(text, sizeof(text), "%.*s", (int)length.length, length.at ? length.at : "");
    return sscanf(text + (*text == '['), "%lu => %lu", &room, &whole) == 2 && whole > room;
}

bool strace_address_given(struct slice slice, struct slice length, int type,
                          char text[ADDRESS_TEXT_SIZE])
{
    return !is_cut(length) && strace_address(slice, type, text);
}

/* What is behind a descriptor */

static const struct {
    const char *name;
    int family;
    int type;
} protocols[] = {
    {"UNIX:", AF_UNIX, 0}, /* no stream; the kernel has one name for the other two */
    {"UNIX-STREAM:", AF_UNIX, SOCK_STREAM},
    {"UNIX-DGRAM:", AF_UNIX, SOCK_DGRAM},
    {"UNIX-SEQPACKET:", AF_UNIX, SOCK_SEQPACKET},
    {"TCP:", AF_INET, SOCK_STREAM},
    {"UDP:", AF_INET, SOCK_DGRAM},
    {"UDPLITE:", AF_INET, SOCK_DGRAM},
    {"TCPv6:", AF_INET6, SOCK_STREAM},
    {"UDPv6:", AF_INET6, SOCK_DGRAM},
    {"UDPLITEv6:", AF_INET6, SOCK_DGRAM},
    {"socket:", 0, 0},
};

/* [INODE->PEER,"PATH"], where all but the first may be left out. */
static void read_unix(const char *text, struct strace_facts *facts)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *quote;
    bool abstract;
    size_t length;
    char *end;

    facts->inode = strtoull(text, &end, 10);
    if (text_begins(end, "->"))
        facts->peer_inode = strtoull(end + 2, &end, 10);
    if (*end != ',')
        return;
    abstract = *++end == '@';
    end += abstract;
    text = *end == '"' ? end + 1 : end;
    quote = strrchr(text, '"');
    length = quote ? (size_t)(quote - text) : 0;
    if (!quote || length + abstract > sizeof(address.sun_path))
        return;
    memcpy(address.sun_path + abstract, text, length);
    address_print(facts->address, &address, sizeof(sa_family_t) + length + abstract, SOCK_STREAM);
}

/* HOST:PORT as address_print() spells it: of an IPv4 host that an IPv6 socket sees, as that. */
static void spell_inet(char text[ADDRESS_TEXT_SIZE], int type, const char *name, size_t length)
{
    static const char mapped[] = "[::ffff:";
    const char *end = memchr(name, ']', length);
    const char *protocol = type == SOCK_STREAM ? "tcp" : "udp";

    if (end && text_begins(name, mapped) && memchr(name, '.', length)) {
        name += strlen(mapped);
        snprintf(text, ADDRESS_TEXT_SIZE, "%s:%.*s%.*s", protocol, (int)(end - name), name,
                 (int)(length - strlen(mapped) - (size_t)(end + 1 - name)), end + 1);
        return;
    }
    snprintf(text, ADDRESS_TEXT_SIZE, "%s:%.*s", protocol, (int)length, name);
}

/* HOST:PORT->HOST:PORT, where the second may be left out; or just the inode. */
static void read_inet(const char *text, struct strace_facts *facts)
{
    const char *arrow = strstr(text, "->");
    size_t length = arrow ? (size_t)(arrow - text) : strlen(text);

    if (!memchr(text, ':', length)) {
        facts->inode = strtoull(text, NULL, 10);
        return;
    }
    spell_inet(facts->address, facts->type, text, length);
    if (arrow)
        spell_inet(facts->peer_address, facts->type, arrow + 2, strlen(arrow + 2));
}

bool strace_annotation(struct slice slice, struct strace_facts *facts)
{
    char text[ADDRESS_TEXT_SIZE], *inside;
    size_t length;

    memset(facts, 0, sizeof(*facts));
    slice_annotation(slice, text, sizeof(text) / 2);
    for (size_t i = 0; i < sizeof(protocols) / sizeof(*protocols) && !facts->is_socket; i++) {
        if (text_begins(text, protocols[i].name)) {
            facts->is_socket = true;
            facts->family = protocols[i].family;
            facts->type = protocols[i].type;
        }
    }
    inside = strchr(text, '[');
    length = strlen(text);
    if (!facts->is_socket || !inside || text[length - 1] != ']')
        return text[0];
    text[length - 1] = '\0';
    if (facts->family == AF_INET || facts->family == AF_INET6)
        read_inet(inside + 1, facts);
    else
        read_unix(inside + 1, facts);
    return true;
}
