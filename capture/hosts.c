/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The kernel's tables of a namespace can be read in /proc by any process's number in it. */
#include "capture/hosts.h"

#include <arpa/inet.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/tree.h"

enum { NAME_SIZE = INET6_ADDRSTRLEN };

struct host {
    char name[NAME_SIZE];
    bool reached;
};

static int compare_name(const void *a, const void *b)
{
    return strcmp(((const struct host *)a)->name, ((const struct host *)b)->name);
}

/* The host of udp:HOST:PORT or udp:[HOST]:PORT. */
static bool host_of(char name[NAME_SIZE], const char *address)
{
    const char *begin = strchr(address, ':'), *end = strrchr(address, ':');
    size_t length;

    if (!begin || end <= begin + 1)
        return false;
    begin++;
    length = (size_t)(end - begin);
    if (*begin == '[' && length > 2) {
        begin++;
        length -= 2;
    }
    if (length >= NAME_SIZE)
        return false;
    memcpy(name, begin, length);
    name[length] = '\0';
    return true;
}

static FILE *open_table(uint32_t pid, const char *name)
{
    char path[64];
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%u/net/%s", pid, name);
    file = pid ? fopen(path, "re") : NULL;
    snprintf(path, sizeof(path), "/proc/self/net/%s", name);
    return file ? file : fopen(path, "re");
}

/* `|-- 10.0.0.1` and then `/32 host LOCAL`; where many machines are reached, `/32 link BROADCAST`.
 */
static bool is_in_routes(FILE *file, const char *name)
{
    char line[128], host[NAME_SIZE] = "";

    while (fgets(line, sizeof(line), file)) {
        const char *at = strstr(line, "|-- ");

        if (at)
            sscanf(at + 4, "%45s", host);
        else if ((strstr(line, "/32 host LOCAL") || strstr(line, "/32 link BROADCAST")) &&
                 strcmp(host, name) == 0)
            return true;
    }
    return false;
}

/* 32 digits begin a line. */
static bool is_in_addresses(FILE *file, const struct in6_addr *address)
{
    char line[128], digits[33];

    for (size_t i = 0; i < sizeof(address->s6_addr); i++)
        snprintf(digits + 2 * i, 3, "%02x", address->s6_addr[i]);
    while (fgets(line, sizeof(line), file))
        if (strncmp(line, digits, 32) == 0)
            return true;
    return false;
}

static bool look(const char *name, uint32_t pid)
{
    struct in6_addr six;
    struct in_addr four;
    bool found = true;
    FILE *file = NULL;

    if (inet_pton(AF_INET, name, &four) == 1) {
        const uint32_t host = ntohl(four.s_addr);

        if (host >> 24 == IN_LOOPBACKNET || IN_MULTICAST(host) || host == INADDR_BROADCAST)
            return true;
        file = open_table(pid, "fib_trie");
        found = !file || is_in_routes(file, name);
    } else if (inet_pton(AF_INET6, name, &six) == 1 && !IN6_IS_ADDR_MULTICAST(&six) &&
               !IN6_IS_ADDR_V4MAPPED(&six)) {
        file = open_table(pid, "if_inet6");
        found = !file || is_in_addresses(file, &six);
    }
    if (file)
        fclose(file);
    return found;
}

bool hosts_are_reached(struct hosts *hosts, const char *address, uint32_t pid)
{
    struct host key = {0}, *host;
    bool made;

    if (!host_of(key.name, address))
        return true;
    host = tree_get(&hosts->by_name, &key, sizeof(key), compare_name, &made);
    if (!host)
        return look(key.name, pid);
    if (made)
        host->reached = look(key.name, pid);
    return host->reached;
}

void hosts_free(struct hosts *hosts)
{
    tdestroy(hosts->by_name, free);
    hosts->by_name = NULL;
}
