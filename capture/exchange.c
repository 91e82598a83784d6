/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * An exchange opens with a request and takes every response up to the next request. What the server
 * says before any request is an exchange with an empty request.
 */
#include "capture/exchange.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/framed.h"
#include "capture/marks.h"

int table_new(struct table **out)
{
    struct table *table = calloc(1, sizeof(*table));

    if (!table)
        return -ENOMEM;
    table->arena = arena_new();
    if (!table->arena) {
        free(table);
        return -ENOMEM;
    }
    *out = table;
    return 0;
}

void table_frame(struct table *table, const struct framing *framing)
{
    table->framing = framing;
}

/* Frees what is not in the arena. */
static void conversation_free(struct conversation_table *conversation)
{
    for (size_t i = 0; i < conversation->count; i++) {
        side_free(conversation->arena, &conversation->exchanges[i].request);
        side_free(conversation->arena, &conversation->exchanges[i].response);
        exchange_looked_at(conversation->arena);
    }
    if (!conversation->arena)
        free(conversation->exchanges);
    free(conversation->wrong[REQUEST].why);
    free(conversation->wrong[RESPONSE].why);
    framed_free(conversation->framed);
    marks_free(conversation->marks);
}

void table_free(struct table *table)
{
    if (!table)
        return;
    for (size_t i = 0; table->owns && i < table->count; i++)
        conversation_free(&table->conversations[i]);
    arena_free(table->arena);
    free(table);
}

/* Learns of an end what the messages before did not tell. */
static int end_learn(struct arena *arena, struct end *end, const struct end *from)
{
    if (!end->address || (!end->address[0] && from->address[0])) {
        char *address = arena_alloc(arena, strlen(from->address) + 1);

        if (!address)
            return -errno;
        end->address = strcpy(address, from->address);
    }
    if (!end->inode)
        end->inode = from->inode;
    if (!end->pid)
        end->pid = from->pid;
    if (!end->comm[0])
        memcpy(end->comm, from->comm, COMM_SIZE);
    return 0;
}

static struct conversation_table *conversation_get(struct table *table,
                                                   const struct message *message)
{
    struct conversation_table *conversations;

    if (message->conversation <= table->count)
        return &table->conversations[message->conversation - 1];
    conversations =
        side_grow(table->arena, table->conversations, table->count, sizeof(*conversations));
    if (!conversations)
        return NULL;
    table->conversations = conversations;
    conversations += table->count;
    memset(conversations, 0, sizeof(*conversations));
    conversations->family = message->family;
    conversations->type = message->type;
    conversations->arena = table->arena;
    if (table->framing && message->type == SOCK_STREAM) {
        if (framed_new(&conversations->framed, table->framing))
            return NULL;
        conversations->arena = NULL;
        table->owns = true;
    }
    table->count++;
    return conversations;
}

struct exchange *exchange_at(struct conversation_table *conversation, size_t number)
{
    while (number >= conversation->count) {
        struct exchange *exchanges = side_grow(conversation->arena, conversation->exchanges,
                                               conversation->count, sizeof(*exchanges));

        if (!exchanges)
            return NULL;
        conversation->exchanges = exchanges;
        memset(&exchanges[conversation->count++], 0, sizeof(*exchanges));
    }
    return &conversation->exchanges[number];
}

static bool is_empty(const struct side *side)
{
    return side->count == 0 && side->lost == 0;
}

/* The number of the exchange that the message belongs to. */
static size_t exchange_number(const struct conversation_table *conversation,
                              const struct message *message)
{
    const size_t last = conversation->count - 1;

    if (!conversation->count)
        return 0;
    if (message->direction == RESPONSE ||
        (!message->anew && is_empty(&conversation->exchanges[last].response)))
        return last;
    return last + 1;
}

static int add_unframed(struct conversation_table *conversation, const struct message *message)
{
    size_t number = exchange_number(conversation, message);
    struct exchange *exchange = exchange_at(conversation, number);

    if (!exchange)
        return -errno;
    return side_add(conversation->arena,
                    message->direction == REQUEST ? &exchange->request : &exchange->response,
                    conversation->type == SOCK_STREAM, conversation->position[message->direction],
                    message);
}

static int add(struct conversation_table *conversation, const struct message *message)
{
    uint64_t *position = &conversation->position[message->direction];
    int err = marks_keep(&conversation->marks, message->direction, *position, message->ranges);

    if (!err)
        err = conversation->framed ? framed_add(conversation->framed, conversation, message)
                                   : add_unframed(conversation, message);
    *position = marks_behind(*position, conversation->type, message->length + message->missing);
    if (!err && message->runs && conversation->count) {
        conversation->exchanges[conversation->count - 1].seen = message->seen;
        conversation->exchanges[conversation->count - 1].runs = message->runs;
    }
    return err;
}

int table_add(struct table *table, const struct message *message)
{
    struct conversation_table *conversation;
    int err;

    if (message->conversation == 0 || message->conversation > table->count + 1)
        return -EINVAL;
    conversation = conversation_get(table, message);
    if (!conversation)
        return -errno;
    err = end_learn(table->arena, &conversation->client, message_client(message));
    if (!err)
        err = end_learn(table->arena, &conversation->server, message_server(message));
    if (err)
        return err;
    if (message->ancillary || (message->ranges && message->ranges->count))
        table->owns = true;
    return add(conversation, message);
}

int table_finish(struct table *table)
{
    int err = 0;

    for (size_t i = 0; i < table->count && !err; i++) {
        struct conversation_table *conversation = &table->conversations[i];

        if (conversation->framed)
            err = framed_finish(conversation->framed, conversation);
        if (!err && conversation->marks)
            err = marks_place(conversation->marks, conversation);
    }
    return err;
}

size_t table_exchanges(const struct table *table)
{
    size_t count = 0;

    for (size_t i = 0; i < table->count; i++)
        count += table->conversations[i].count;
    return count;
}
