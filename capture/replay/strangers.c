/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Each becomes an exchange with the response that its neighbour has, so that nothing but the
 * request differs.
 */
#include "capture/replay/strangers.h"

#include <errno.h>
#include <stdlib.h>

#include "capture/array.h"
#include "capture/tree.h"

/* The request as it was made, with what the nearest one has besides. */
static int copy_request(struct side *out, const struct unknown *unknown)
{
    const struct side *known = unknown->nearest ? &unknown->nearest->exchange->request : NULL;
    const size_t count = known ? known->count : 1;
    int err = 0;

    for (size_t i = 0; i < count && !err; i++) {
        const bool is_it = i == unknown->message;
        struct said *said = side_start(NULL, out);

        err = !said   ? -ENOMEM
              : is_it ? said_append(NULL, said, unknown->data, unknown->length)
                      : said_append(NULL, said, known->messages[i].data, known->messages[i].length);
    }
    return err;
}

/* The exchange of it is in memory of its own, as the response that is lent to it is not. */
static int add_exchange(struct conversation_table *conversation, const struct script *script,
                        const struct unknown *unknown)
{
    static char nobody[] = "";
    const struct conversation_table *known =
        script->conversations[unknown->place.conversation].conversation;
    struct exchange *exchange = calloc(1, sizeof(*exchange));
    int err;

    if (!exchange)
        return -ENOMEM;
    *conversation = (struct conversation_table){
        .family = known->family,
        .type = known->type,
        .client = {.address = nobody},
        .server = known->server,
        .exchanges = exchange,
        .count = 1,
    };
    err = copy_request(&exchange->request, unknown);
    if (unknown->nearest)
        exchange->response = unknown->nearest->exchange->response;
    return err;
}

int strangers_add(struct strangers *strangers, const struct script *script,
                  const struct unknown *unknown)
{
    const size_t count = strangers->table.count;
    struct conversation_table *conversations;
    struct conversation_pair *pairs;

    strangers->count++;
    if (count == STRANGERS_MAX)
        return 0;
    conversations = array_grow(strangers->table.conversations, count, sizeof(*conversations));
    if (!conversations)
        return -ENOMEM;
    strangers->table.conversations = conversations;
    pairs = array_grow(strangers->pairs, count, sizeof(*pairs));
    if (!pairs)
        return -ENOMEM;
    strangers->pairs = pairs;
    conversations[count] = (struct conversation_table){0};
    pairs[count] = (struct conversation_pair){.count = 1};
    strangers->table.count++;
    if (unknown->nearest)
        pairs[count].a =
            (struct conversation_table *)script->conversations[unknown->place.conversation]
                .conversation;
    pairs[count].exchanges = calloc(1, sizeof(*pairs[count].exchanges));
    if (!pairs[count].exchanges)
        return -ENOMEM;
    if (unknown->nearest)
        pairs[count].exchanges->a = (struct exchange *)unknown->nearest->exchange;
    return add_exchange(&conversations[count], script, unknown);
}

/* As reports have differences: in the order of the exchanges that are there. */
static int compare_pairs(const void *a, const void *b)
{
    const struct conversation_pair *first = a, *second = b;
    int order = tree_compare_numbers((uintptr_t)first->a, (uintptr_t)second->a);

    if (!order)
        order =
            tree_compare_numbers((uintptr_t)first->exchanges->a, (uintptr_t)second->exchanges->a);
    return order ? order : tree_compare_numbers((uintptr_t)first->b, (uintptr_t)second->b);
}

int strangers_differences(struct differences *out, struct strangers *strangers,
                          const struct script *script)
{
    const struct alignment alignment = {.conversations = strangers->pairs,
                                        .count = strangers->table.count};

    for (size_t i = 0; i < strangers->table.count; i++) {
        strangers->pairs[i].b = &strangers->table.conversations[i];
        strangers->pairs[i].exchanges->b = strangers->table.conversations[i].exchanges;
    }
    if (alignment.count)
        qsort(alignment.conversations, alignment.count, sizeof(*strangers->pairs), compare_pairs);
    return differences_find(out, script->table, &strangers->table, &alignment, true);
}

void strangers_free(struct strangers *strangers)
{
    for (size_t i = 0; i < strangers->table.count; i++) {
        struct exchange *exchange = strangers->table.conversations[i].exchanges;

        if (exchange)
            side_free(NULL, &exchange->request);
        free(exchange);
        free(strangers->pairs[i].exchanges);
    }
    free(strangers->table.conversations);
    free(strangers->pairs);
    *strangers = (struct strangers){0};
}
