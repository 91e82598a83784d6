/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "emit/pdu.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "capture/inet.h"
#include "capture/pcapng.h"
#include "capture/text.h"

struct tags {
    uint8_t *data;
    size_t length;
};

/* There is room for all that is added: addresses, numbers, and names of PDU_DISSECTOR_MAX. */
static void add(struct tags *tags, uint16_t tag, const void *value, size_t length)
{
    size_t padded = (length + 3) & ~(size_t)3;
    uint16_t head[2] = {htons(tag), htons((uint16_t)padded)};

    memcpy(tags->data + tags->length, head, sizeof(head));
    memset(tags->data + tags->length + sizeof(head), 0, padded);
    if (length)
        memcpy(tags->data + tags->length + sizeof(head), value, length);
    tags->length += sizeof(head) + padded;
}

static void add_number(struct tags *tags, uint16_t tag, uint32_t number)
{
    number = htonl(number);
    add(tags, tag, &number, sizeof(number));
}

/* Which dissector it is: a name, or a table of them and a number. */
struct choice {
    const char *name;
    size_t length;
    bool table;
    uint32_t number;
};

/* Puts the number in *out; nothing else is to stand there. */
static bool parse_number(const char *text, uint32_t *out)
{
    char *end;
    unsigned long number;

    errno = 0;
    number = strtoul(text, &end, 10);
    if (errno || *end || *text < '0' || *text > '9' || number > UINT32_MAX)
        return false;
    *out = (uint32_t)number;
    return true;
}

bool pdu_dissector_is_one(const char *dissector)
{
    const char *colon = strrchr(dissector, ':');
    const size_t length = colon ? (size_t)(colon - dissector) : strlen(dissector);
    uint32_t number;

    return length > 0 && length < PDU_DISSECTOR_MAX && (!colon || parse_number(colon + 1, &number));
}

static struct choice choose(const char *dissector, const struct inet_end *server)
{
    const char *colon = dissector ? strrchr(dissector, ':') : NULL;
    struct choice choice = {.name = dissector ? dissector : "data"};

    if (!dissector && server) { /* Wireshark knows what is spoken at its port */
        choice.name = server->type == SOCK_DGRAM ? "udp.port" : "tcp.port";
        choice.table = true;
        choice.number = server->port;
    }
    choice.length = strlen(choice.name);
    if (colon) {
        choice.length = (size_t)(colon - dissector);
        choice.table = parse_number(colon + 1, &choice.number);
    }
    if (choice.length > PDU_DISSECTOR_MAX)
        choice.length = PDU_DISSECTOR_MAX;
    return choice;
}

static void add_dissector(struct tags *tags, const struct choice *choice)
{
    add(tags, choice->table ? PDU_DISSECTOR_TABLE : PDU_DISSECTOR, choice->name, choice->length);
    if (choice->table)
        add_number(tags, PDU_TABLE_NUMBER, choice->number);
}

static void add_host(struct tags *tags, const struct inet_end *end, bool source)
{
    if (end->family == AF_INET6)
        add(tags, source ? PDU_IPV6_SOURCE : PDU_IPV6_DESTINATION, end->host, 16);
    else
        add(tags, source ? PDU_IPV4_SOURCE : PDU_IPV4_DESTINATION, end->host, 4);
}

static void add_ports(struct tags *tags, enum direction direction, uint32_t type, uint32_t client,
                      uint32_t server)
{
    add_number(tags, PDU_PORT_TYPE, type);
    add_number(tags, PDU_SOURCE_PORT, direction == REQUEST ? client : server);
    add_number(tags, PDU_DESTINATION_PORT, direction == REQUEST ? server : client);
}

static void add_inet(struct tags *tags, enum direction direction, const struct inet_end *client,
                     const struct inet_end *server)
{
    add_host(tags, direction == REQUEST ? client : server, true);
    add_host(tags, direction == REQUEST ? server : client, false);
    add_ports(tags, direction, server->type == SOCK_DGRAM ? PDU_PORT_UDP : PDU_PORT_TCP,
              client->port, server->port);
}

/*
 * Dissectors tell conversations apart by ports, and client from server by the port they are
 * registered for. Where there are none, a conversation's number stands for the client's.
 */
static void add_made_up(struct tags *tags, const struct message *message,
                        const struct choice *choice)
{
    uint32_t type = PDU_PORT_NONE;

    if (choice->table && text_begins(choice->name, "tcp."))
        type = PDU_PORT_TCP;
    else if (choice->table && text_begins(choice->name, "udp."))
        type = PDU_PORT_UDP;
    add_ports(tags, message->direction, type, message->conversation, choice->number);
}

size_t pdu_headers(uint8_t out[PDU_HEADERS_MAX], const struct message *message,
                   const char *dissector)
{
    struct tags tags = {.data = out};
    struct inet_end client, server;
    bool inet = inet_end_read(&client, message_client(message)->address) &&
                inet_end_read(&server, message_server(message)->address);
    const struct choice choice = choose(dissector, inet ? &server : NULL);

    add_dissector(&tags, &choice);
    if (inet)
        add_inet(&tags, message->direction, &client, &server);
    else
        add_made_up(&tags, message, &choice);
    add_number(&tags, PDU_P2P_DIRECTION, message->direction == REQUEST ? PDU_SENT : PDU_RECEIVED);
    add(&tags, PDU_END, NULL, 0);
    return tags.length;
}

/* By their places in tables: not all have names, and a port tells who is the server. */
const char *pdu_dissector(const char *framer)
{
    static const char *const names[][2] = {
        {"http", "tcp.port:80"},
        {"dbus", "wtap_encap:146"},
        {"resp", "tcp.port:6379"},
        {"postgres", "tcp.port:5432"},
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (!strcmp(names[i][0], framer))
            return names[i][1];
    return NULL;
}
