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

/* Room for one more element of size bytes in an array that doubles; NULL when there is no memory.
 */
static void *grow(void *array, size_t count, size_t size)
{
    if (count & (count - 1)) /* it has room up to the next power of two */
        return array;
    return reallocarray(array, count ? count * 2 : 1, size);
}

int table_new(struct table **out)
{
    struct table *table = calloc(1, sizeof(*table));

    if (!table)
        return -ENOMEM;
    *out = table;
    return 0;
}

static void said_free(struct said *said)
{
    for (size_t i = 0; i < said->carried_count; i++)
        free(said->carried[i].ancillary);
    free(said->carried);
    free(said->data);
}

static void side_free(struct side *side)
{
    for (size_t i = 0; i < side->count; i++)
        said_free(&side->messages[i]);
    free(side->messages);
}

static void conversation_free(struct conversation_table *conversation)
{
    for (size_t i = 0; i < conversation->count; i++) {
        side_free(&conversation->exchanges[i].request);
        side_free(&conversation->exchanges[i].response);
    }
    free(conversation->exchanges);
    free(conversation->client.address);
    free(conversation->server.address);
}

void table_free(struct table *table)
{
    if (!table)
        return;
    for (size_t i = 0; i < table->count; i++)
        conversation_free(&table->conversations[i]);
    free(table->conversations);
    free(table);
}

/* Learns of an end what the messages before did not tell. */
static int end_learn(struct end *end, const struct end *from)
{
    if (!end->address || (!end->address[0] && from->address[0])) {
        char *address = strdup(from->address);

        if (!address)
            return -ENOMEM;
        free(end->address);
        end->address = address;
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
    conversations = grow(table->conversations, table->count, sizeof(*conversations));
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

/* The exchange that the message belongs to, opened if need be. NULL when there is no memory. */
static struct exchange *exchange_get(struct conversation_table *conversation,
                                     enum direction direction)
{
    struct exchange *last;

    if (conversation->count) {
        last = &conversation->exchanges[conversation->count - 1];
        if (direction == RESPONSE || is_empty(&last->response))
            return last;
    }
    last = grow(conversation->exchanges, conversation->count, sizeof(*last));
    if (!last)
        return NULL;
    conversation->exchanges = last;
    last += conversation->count++;
    memset(last, 0, sizeof(*last));
    return last;
}

/* Keeps the ancillary data, which came with the byte that is said next. */
static int said_carry(struct said *said, const struct ancillary *ancillary)
{
    struct carried *carried = grow(said->carried, said->carried_count, sizeof(*carried));
    int err;

    if (!carried)
        return -ENOMEM;
    said->carried = carried;
    carried += said->carried_count;
    carried->offset = said->length;
    err = ancillary_copy(&carried->ancillary, ancillary);
    if (!err)
        said->carried_count++;
    return err;
}

static int said_append(struct said *said, const struct message *message)
{
    size_t length = said->length + message->length;

    if (message->ancillary && said_carry(said, message->ancillary))
        return -ENOMEM;
    if (length > said->capacity) {
        size_t capacity = said->capacity ? 2 * said->capacity : message->length;
        uint8_t *data;

        if (capacity < length)
            capacity = length;
        data = realloc(said->data, capacity);
        if (!data)
            return -ENOMEM;
        said->data = data;
        said->capacity = capacity;
    }
    if (message->length)
        memcpy(said->data + said->length, message->data, message->length);
    said->length = length;
    said->missing += message->missing;
    return 0;
}

static int side_add(struct side *side, int type, const struct message *message)
{
    struct said *messages;

    side->lost += message->lost;
    /* A stream's bytes are one run; but what comes after a gap is not what comes next. */
    if (type == SOCK_STREAM && side->count && !message->lost &&
        !side->messages[side->count - 1].missing)
        return said_append(&side->messages[side->count - 1], message);
    messages = grow(side->messages, side->count, sizeof(*messages));
    if (!messages)
        return -ENOMEM;
    side->messages = messages;
    memset(&messages[side->count], 0, sizeof(*messages));
    return said_append(&messages[side->count++], message);
}

int table_add(struct table *table, const struct message *message)
{
    struct conversation_table *conversation;
    struct exchange *exchange;

    if (message->conversation == 0 || message->conversation > table->count + 1)
        return -EINVAL;
    conversation = conversation_get(table, message);
    if (!conversation || end_learn(&conversation->client, message_client(message)) ||
        end_learn(&conversation->server, message_server(message)))
        return -ENOMEM;
    exchange = exchange_get(conversation, message->direction);
    if (!exchange)
        return -ENOMEM;
    return side_add(message->direction == REQUEST ? &exchange->request : &exchange->response,
                    conversation->type, message);
}

size_t table_exchanges(const struct table *table)
{
    size_t count = 0;

    for (size_t i = 0; i < table->count; i++)
        count += table->conversations[i].count;
    return count;
}

bool said_carried_more(const struct said *said)
{
    for (size_t i = 0; i < said->carried_count; i++)
        if (said->carried[i].ancillary->cut)
            return true;
    return false;
}

bool side_incomplete(const struct side *side)
{
    if (side->lost)
        return true;
    for (size_t i = 0; i < side->count; i++)
        if (side->messages[i].missing || said_carried_more(&side->messages[i]))
            return true;
    return false;
}
