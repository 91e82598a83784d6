/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "emit/pdu.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "capture/inet.h"
#include "capture/pcapng.h"

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

static void add_dissector(struct tags *tags, const char *dissector)
{
    const char *colon = strrchr(dissector, ':');

    if (colon) {
        add(tags, PDU_DISSECTOR_TABLE, dissector,
            strnlen(dissector, (size_t)(colon - dissector) % PDU_DISSECTOR_MAX));
        add_number(tags, PDU_TABLE_NUMBER, (uint32_t)strtoul(colon + 1, NULL, 10));
    } else {
        add(tags, PDU_DISSECTOR, dissector, strnlen(dissector, PDU_DISSECTOR_MAX));
    }
}

/* By its port, as Wireshark knows what is spoken there. */
static void add_port_dissector(struct tags *tags, const struct inet_end *server)
{
    const char *table = server->type == SOCK_DGRAM ? "udp.port" : "tcp.port";

    add(tags, PDU_DISSECTOR_TABLE, table, strlen(table));
    add_number(tags, PDU_TABLE_NUMBER, server->port);
}

static void add_host(struct tags *tags, const struct inet_end *end, bool source)
{
    if (end->family == AF_INET6)
        add(tags, source ? PDU_IPV6_SOURCE : PDU_IPV6_DESTINATION, end->host, 16);
    else
        add(tags, source ? PDU_IPV4_SOURCE : PDU_IPV4_DESTINATION, end->host, 4);
}

/*
 * Dissectors know a conversation by its addresses and ports. Where it has none, its number stands
 * for the client's port.
 */
static void add_ends(struct tags *tags, const struct message *message,
                     const struct inet_end *client, const struct inet_end *server)
{
    const struct inet_end *from = message->direction == REQUEST ? client : server;
    const struct inet_end *to = message->direction == REQUEST ? server : client;
    uint32_t type = PDU_PORT_NONE;

    if (client && server) {
        add_host(tags, from, true);
        add_host(tags, to, false);
        type = server->type == SOCK_DGRAM ? PDU_PORT_UDP : PDU_PORT_TCP;
    }
    add_number(tags, PDU_PORT_TYPE, type);
    add_number(tags, PDU_SOURCE_PORT,
               from ? from->port : (message->direction == REQUEST ? message->conversation : 0));
    add_number(tags, PDU_DESTINATION_PORT,
               to ? to->port : (message->direction == REQUEST ? 0 : message->conversation));
}

size_t pdu_headers(uint8_t out[PDU_HEADERS_MAX], const struct message *message,
                   const char *dissector)
{
    struct tags tags = {.data = out};
    struct inet_end client, server;
    bool inet = inet_end_read(&client, message_client(message)->address) &&
                inet_end_read(&server, message_server(message)->address);

    if (!dissector && inet)
        add_port_dissector(&tags, &server);
    else
        add_dissector(&tags, dissector ? dissector : "data");
    add_ends(&tags, message, inet ? &client : NULL, inet ? &server : NULL);
    add_number(&tags, PDU_P2P_DIRECTION, message->direction == REQUEST ? PDU_SENT : PDU_RECEIVED);
    add(&tags, PDU_END, NULL, 0);
    return tags.length;
}

const char *pdu_dissector(const char *framer)
{
    static const char *const names[][2] = {
        {"http", "http"},
        {"dbus", "dbus"},
        {"resp", "tcp.port:6379"}, /* it has no name, but its port */
        {"postgres", "pgsql"},
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (!strcmp(names[i][0], framer))
            return names[i][1];
    return NULL;
}
