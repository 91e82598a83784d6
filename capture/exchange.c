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

/* Room for one more element of size bytes in an array that doubles; NULL with errno set. */
static void *grow(struct arena *arena, void *array, size_t count, size_t size)
{
    if (count & (count - 1)) /* it has room up to the next power of two */
        return array;
    return arena_grow(arena, array, count * size, (count ? count * 2 : 1) * size);
}

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

void table_free(struct table *table)
{
    if (!table)
        return;
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
    conversations = grow(table->arena, table->conversations, table->count, sizeof(*conversations));
    if (!conversations)
        return NULL;
    table->conversations = conversations;
    conversations += table->count++;
    memset(conversations, 0, sizeof(*conversations));
    conversations->family = message->family;
    conversations->type = message->type;
    return conversations;
}

static bool is_empty(const struct side *side)
{
    return side->count == 0 && side->lost == 0;
}

/* The exchange that the message belongs to, opened if need be. NULL with errno set. */
static struct exchange *exchange_get(struct arena *arena, struct conversation_table *conversation,
                                     enum direction direction)
{
    struct exchange *last;

    if (conversation->count) {
        last = &conversation->exchanges[conversation->count - 1];
        if (direction == RESPONSE || is_empty(&last->response))
            return last;
    }
    last = grow(arena, conversation->exchanges, conversation->count, sizeof(*last));
    if (!last)
        return NULL;
    conversation->exchanges = last;
    last += conversation->count++;
    memset(last, 0, sizeof(*last));
    return last;
}

static int said_append(struct arena *arena, struct said *said, const struct message *message)
{
    size_t length = said->length + message->length;

    if (length > said->capacity) {
        size_t capacity = said->capacity ? 2 * said->capacity : message->length;
        uint8_t *data;

        if (capacity < length)
            capacity = length;
        data = arena_grow(arena, said->data, said->capacity, capacity);
        if (!data)
            return -errno;
        said->data = data;
        said->capacity = capacity;
    }
    if (message->length)
        memcpy(said->data + said->length, message->data, message->length);
    arena_touch(arena, message->length);
    said->length = length;
    said->missing += message->missing;
    return 0;
}

static int side_add(struct arena *arena, struct side *side, int type, const struct message *message)
{
    struct said *messages;

    side->lost += message->lost;
    /* A stream's bytes are one run; but what comes after a gap is not what comes next. */
    if (type == SOCK_STREAM && side->count && !message->lost &&
        !side->messages[side->count - 1].missing)
        return said_append(arena, &side->messages[side->count - 1], message);
    messages = grow(arena, side->messages, side->count, sizeof(*messages));
    if (!messages)
        return -errno;
    side->messages = messages;
    memset(&messages[side->count], 0, sizeof(*messages));
    return said_append(arena, &messages[side->count++], message);
}

int table_add(struct table *table, const struct message *message)
{
    struct conversation_table *conversation;
    struct exchange *exchange;
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
    exchange = exchange_get(table->arena, conversation, message->direction);
    if (!exchange)
        return -errno;
    return side_add(table->arena,
                    message->direction == REQUEST ? &exchange->request : &exchange->response,
                    conversation->type, message);
}

size_t table_exchanges(const struct table *table)
{
    size_t count = 0;

    for (size_t i = 0; i < table->count; i++)
        count += table->conversations[i].count;
    return count;
}

bool side_incomplete(const struct side *side)
{
    if (side->lost)
        return true;
    for (size_t i = 0; i < side->count; i++)
        if (side->messages[i].missing)
            return true;
    return false;
}
