/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Addresses: from the kernel's form to text, and which text means which socket. */
#include "capture/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "capture/text.h"

bool address_is_inet(const char *address)
{
    return text_begins(address, "udp:") || text_begins(address, "tcp:");
}

/* A relative path can be spelled like an address of another kind, which anybody could pass for. */
static const char *prefix_of(const char *path)
{
    return path[0] == '@' || address_is_inet(path) ? "./" : "";
}

static void print_unix(char *text, const struct sockaddr_un *address, size_t length)
{
    size_t path = offsetof(struct sockaddr_un, sun_path);

    if (length <= path)
        return;
    length -= path;
    if (address->sun_path[0] == '\0') {
        text[0] = '@';
        text_escape(text + 1, ADDRESS_TEXT_SIZE - 1, address->sun_path + 1, length - 1);
    } else {
        const char *prefix = prefix_of(address->sun_path);
        const size_t before = strlen(prefix);

        memcpy(text, prefix, before);
        text_escape(text + before, ADDRESS_TEXT_SIZE - before, address->sun_path,
                    strnlen(address->sun_path, length));
    }
}

static void print_inet(char *text, const char *protocol, const struct in_addr *host, in_port_t port)
{
    char name[INET_ADDRSTRLEN];

    inet_ntop(AF_INET, host, name, sizeof(name));
    snprintf(text, ADDRESS_TEXT_SIZE, "%s:%s:%u", protocol, name, ntohs(port));
}

static void print_inet6(char *text, const char *protocol, const struct sockaddr_in6 *address)
{
    char name[INET6_ADDRSTRLEN];
    struct in_addr mapped;

    /* An IPv6 socket that talks to an IPv4 one is at the address that the other one sees. */
    if (IN6_IS_ADDR_V4MAPPED(&address->sin6_addr)) {
        memcpy(&mapped, address->sin6_addr.s6_addr + 12, sizeof(mapped));
        print_inet(text, protocol, &mapped, address->sin6_port);
        return;
    }
    inet_ntop(AF_INET6, &address->sin6_addr, name, sizeof(name));
    snprintf(text, ADDRESS_TEXT_SIZE, "%s:[%s]:%u", protocol, name, ntohs(address->sin6_port));
}

void address_print(char *text, const void *address, size_t length, int type)
{
    const char *protocol = type == SOCK_DGRAM ? "udp" : "tcp";
    struct sockaddr_storage copy = {0};

    text[0] = '\0';
    if (length < sizeof(sa_family_t))
        return;
    memcpy(&copy, address, length < sizeof(copy) ? length : sizeof(copy));
    if (copy.ss_family == AF_UNIX)
        print_unix(text, (const struct sockaddr_un *)&copy, length);
    else if (copy.ss_family == AF_INET && length >= sizeof(struct sockaddr_in))
        print_inet(text, protocol, &((const struct sockaddr_in *)&copy)->sin_addr,
                   ((const struct sockaddr_in *)&copy)->sin_port);
    else if (copy.ss_family == AF_INET6 && length >= 24)
        print_inet6(text, protocol, (const struct sockaddr_in6 *)&copy);
}

bool address_is_wildcard(const char *address)
{
    return address_is_inet(address) &&
           (text_begins(address + 4, "0.0.0.0:") || text_begins(address + 4, "[::]:"));
}

/* True when a stands for all addresses, of which b is one: [::] is asked over IPv4, too. */
static bool covers(const char *a, const char *b)
{
    return address_is_wildcard(a) && (a[4] == '[' || b[4] != '[');
}

bool address_agrees(const char *a, const char *b)
{
    if (strcmp(a, b) == 0)
        return true;
    if (!address_is_inet(a) || !address_is_inet(b) || strncmp(a, b, 4) != 0)
        return false;
    return (covers(a, b) || covers(b, a)) && strcmp(strrchr(a, ':'), strrchr(b, ':')) == 0;
}

bool address_is_path(const char *address)
{
    return address[0] != '\0' && address[0] != '@' && !address_is_inet(address);
}

bool address_is_local(const char *address)
{
    return address[0] == '@' || (address_is_inet(address) && (text_begins(address + 4, "127.") ||
                                                              text_begins(address + 4, "[::1]:")));
}

static bool name_file(char text[ADDRESS_TEXT_SIZE], const char *path)
{
    struct stat file;

    if (stat(path, &file) != 0)
        return false;
    snprintf(text, ADDRESS_TEXT_SIZE, "file:%lx:%lx", (unsigned long)file.st_dev,
             (unsigned long)file.st_ino);
    return true;
}

bool address_file_seen(char text[ADDRESS_TEXT_SIZE], const char *address, unsigned pid)
{
    char path[2 * ADDRESS_TEXT_SIZE], plain[ADDRESS_TEXT_SIZE];

    if (!address_is_path(address) || !text_unescape(plain, sizeof(plain), address))
        return false;
    snprintf(path, sizeof(path), "/proc/%u/%s/%s", pid, plain[0] == '/' ? "root" : "cwd", plain);
    return name_file(text, path);
}

bool address_file(char text[ADDRESS_TEXT_SIZE], const char *address, unsigned pid)
{
    char plain[ADDRESS_TEXT_SIZE];

    /* The process may have ended; then it is most likely to have seen what we see. */
    return address_file_seen(text, address, pid) ||
           (address_is_path(address) && text_unescape(plain, sizeof(plain), address) &&
            name_file(text, plain));
}
