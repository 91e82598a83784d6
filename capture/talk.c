/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/talk.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/address.h"

int talk_kind_find(struct talk_kind *kind, struct reading *reading, int family)
{
    const struct reader_options *options = reading->options;
    const char *server = options->server;

    if (!server && !family)
        return reading_fail(reading, reading->dumps, 0,
                            "it does not tell what server this was (--server says it, as "
                            "tcp:127.0.0.1:80 or /run/x.sock)");
    kind->server = server ? server : "";
    kind->type = options->type;
    if (server && address_is_inet(server)) {
        if (family == AF_UNIX)
            return reading_fail(reading, reading->dumps, 0,
                                "it is of Unix sockets, and --server is none");
        kind->family = strchr(server, '[') ? AF_INET6 : AF_INET;
        kind->type = server[0] == 't' ? SOCK_STREAM : SOCK_DGRAM;
        return 0;
    }
    kind->family = AF_UNIX;
    if (kind->type)
        return 0;
    return reading_fail(reading, reading->dumps, 0,
                        "it does not tell of what type the sockets were (--type says it: stream, "
                        "dgram or seqpacket)");
}

static void fill(struct endpoint_facts *facts, const struct talk *talk, int which)
{
    const struct talk_end *own = &talk->ends[which], *other = &talk->ends[!which];

    *facts = (struct endpoint_facts){
        .inode = own->inode,
        .token = own->inode,
        .peer_token = other->inode,
        .peer_inode = other->inode,
        .pid = own->pid,
        .peer_pid = other->pid,
        .family = talk->kind.family,
        .type = talk->kind.type,
        .role = own->client     ? ROLE_CONNECTED
                : other->client ? ROLE_ACCEPTED
                                : ROLE_UNKNOWN,
    };
    memcpy(facts->comm, own->comm, COMM_SIZE);
    memcpy(facts->peer_comm, other->comm, COMM_SIZE);
    if (own->client)
        stpcpy(facts->peer_address, talk->kind.server);
    else if (other->client)
        stpcpy(facts->address, talk->kind.server);
}

int talk_begin(struct talk *talk, struct reading *reading, uint64_t *number)
{
    const struct sink *sink = reading->sink;
    struct endpoint_facts facts;
    int err = 0;

    for (int i = 0; i < 2; i++)
        talk->ends[i].inode = READER_INODE + ++*number;
    for (int i = 0; i < 2 && !err; i++) {
        fill(&facts, talk, i);
        err = sink->endpoint(sink->context, &facts);
    }
    return err;
}

int talk_said(struct talk *talk, struct reading *reading, int end, uint64_t time,
              const uint8_t *data, size_t there, size_t length)
{
    const struct talk_end *own = &talk->ends[end];
    struct message_facts facts = {
        .inode = own->inode,
        .time = time,
        .tid = own->pid,
        .pid = own->pid,
        .sent = true,
        .ends_call = true,
        .data = data,
        .length = there,
        .missing = length - there,
    };

    /* Nothing is no message of a stream. */
    if (!length && talk->kind.type == SOCK_STREAM)
        return 0;
    memcpy(facts.comm, own->comm, COMM_SIZE);
    return reading->sink->message(reading->sink->context, &facts);
}

bool talk_is_client(const struct reading *reading, const struct talk_end *end, const char *side)
{
    const char *client = reading->options->client;
    unsigned long pid;
    char *rest;

    if (!client)
        return false;
    pid = strtoul(client, &rest, 10);
    if (!*rest && isdigit((unsigned char)*client))
        return pid == end->pid;
    return strcmp(client, side) == 0 || (end->comm[0] && strcmp(client, end->comm) == 0);
}

int talk_client(const struct talk *talk, const struct reading *reading, int speaker)
{
    const char *side = speaker ? "right" : "left";
    bool is = talk_is_client(reading, &talk->ends[speaker], side);

    return !reading->options->client || is ? speaker : !speaker;
}

int talk_sides(struct reading *reading, bool *right)
{
    const char *client = reading->options->client;

    *right = client && strcmp(client, "right") == 0;
    if (!client || *right || strcmp(client, "left") == 0)
        return 0;
    return reading_fail(reading, reading->dumps, 0,
                        "--client: the ends have no names here but left and right, and not '%s'",
                        client);
}
