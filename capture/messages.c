/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/messages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/ancillary.h"
#include "capture/array.h"
#include "capture/marks.h"

static void kept_free(struct kept_message *kept)
{
    if (!kept)
        return;
    free(kept->ends[0].address);
    free(kept->ends[1].address);
    free(kept->data);
    free(kept->ancillary);
    ranges_free(&kept->ranges);
    free(kept);
}

void messages_free(struct messages *messages)
{
    for (size_t i = 0; i < messages->count; i++)
        kept_free(messages->items[i]);
    free(messages->items);
    *messages = (struct messages){0};
}

static int keep_end(struct end *kept, const struct end *end)
{
    *kept = *end;
    kept->address = strdup(end->address);
    return kept->address ? 0 : -ENOMEM;
}

static int keep(struct kept_message **out, const struct message *message)
{
    struct kept_message *kept = calloc(1, sizeof(*kept));

    if (!kept)
        return -ENOMEM;
    kept->message = *message;
    kept->data = malloc(message->length + 1);
    if (!kept->data || keep_end(&kept->ends[0], message->self) ||
        keep_end(&kept->ends[1], message->peer) || ranges_copy(&kept->ranges, message->ranges) ||
        ancillary_copy(&kept->ancillary, message->ancillary)) {
        kept_free(kept);
        return -ENOMEM;
    }
    if (message->length)
        memcpy(kept->data, message->data, message->length);
    kept->message.self = &kept->ends[0];
    kept->message.peer = &kept->ends[1];
    kept->message.data = kept->data;
    kept->message.ranges = &kept->ranges;
    kept->message.ancillary = kept->ancillary;
    *out = kept;
    return 0;
}

int messages_add(struct messages *messages, const struct message *message)
{
    struct kept_message **items = array_grow(messages->items, messages->count, sizeof(*items));

    if (!items)
        return -ENOMEM;
    messages->items = items;
    if (keep(&items[messages->count], message))
        return -ENOMEM;
    messages->count++;
    return 0;
}

/* The one of a side that has what stands at that place, or NULL. */
static const struct said *find_said(const struct side *side, uint64_t at)
{
    const struct said *said;
    size_t from = 0, to = side->count;

    while (from < to) { /* to the first that begins there, or behind it */
        size_t middle = from + (to - from) / 2;

        if (side->messages[middle].at < at)
            from = middle + 1;
        else
            to = middle;
    }
    if (from < side->count && side->messages[from].at == at)
        return &side->messages[from];
    said = from ? &side->messages[from - 1] : NULL;
    return said && at < said->at + said->length + said->missing ? said : NULL;
}

/* Is all of the message in what that side says from `said` on, as several frames of it may be? */
static bool is_within(const struct kept_message *kept, const struct side *side,
                      const struct said *said)
{
    const struct said *end = side->messages + side->count;

    while (said + 1 < end && said->at + said->length < kept->at + kept->message.length &&
           said[1].at == said->at + said->length)
        said++;
    return kept->at + kept->message.length <= said->at + said->length;
}

/*
 * Finds the exchange of a message, most likely not far from that of the one before: it is looked
 * for there, behind it, before it, and so on.
 */
static void find_exchange(struct kept_message *kept, const struct conversation_table *conversation,
                          size_t *hint)
{
    const size_t begin = *hint;
    const struct side *side = NULL;
    const struct said *said = NULL;

    kept->exchange = SIZE_MAX;
    for (size_t step = 0; step < 2 * conversation->count && !said; step++) {
        const size_t away = (step + 1) / 2, index = step % 2 ? begin + away : begin - away;

        if (index >= conversation->count) /* past either end */
            continue;
        side = exchange_side(&conversation->exchanges[index], kept->message.direction);
        said = find_said(side, kept->at);
        if (said)
            *hint = kept->exchange = index;
    }
    kept->whole = said && is_within(kept, side, said);
}

static int find_exchanges(const struct messages *messages, const struct table *table)
{
    size_t *hints = calloc(2 * table->count + 1, sizeof(*hints));

    for (size_t i = 0; hints && i < messages->count; i++) {
        struct kept_message *kept = messages->items[i];
        const size_t number = kept->message.conversation - 1;

        find_exchange(kept, &table->conversations[number],
                      &hints[2 * number + kept->message.direction]);
    }
    free(hints);
    return hints ? 0 : -ENOMEM;
}

int messages_table(const struct messages *messages, const struct framing *framing,
                   struct table **out)
{
    struct table *table = NULL;
    int err = table_new(&table);

    if (!err)
        table->owns = true; /* the ranges that will be found */
    if (!err && framing)
        table_frame(table, framing);
    for (size_t i = 0; i < messages->count && !err; i++) {
        struct kept_message *kept = messages->items[i];
        const uint32_t number = kept->message.conversation;

        kept->at = number && number <= table->count
                       ? table->conversations[number - 1].position[kept->message.direction]
                       : 0;
        err = table_add(table, &kept->message);
    }
    if (!err)
        err = table_finish(table);
    if (!err)
        err = find_exchanges(messages, table);
    if (err)
        table_free(table);
    else
        *out = table;
    return err;
}

static int learn(struct kept_message *kept, const struct conversation_table *conversation,
                 const struct marks *marks)
{
    const bool placed = kept->exchange < conversation->count;

    kept->message.seen = placed ? conversation->exchanges[kept->exchange].seen : 0;
    kept->message.runs = placed ? conversation->exchanges[kept->exchange].runs : 0;
    ranges_free(&kept->ranges);
    return marks_cut(marks, kept->message.direction, kept->at, kept->message.length, &kept->ranges);
}

int messages_learn(struct messages *messages, const struct table *table)
{
    struct marks **marks = calloc(table->count + 1, sizeof(*marks));
    int err = marks ? 0 : -ENOMEM;

    for (size_t i = 0; i < table->count && !err; i++)
        err = marks_collect(&marks[i], &table->conversations[i]);
    for (size_t i = 0; i < messages->count && !err; i++) {
        struct kept_message *kept = messages->items[i];
        const size_t number = kept->message.conversation - 1;

        err = learn(kept, &table->conversations[number], marks[number]);
    }
    for (size_t i = 0; marks && i < table->count; i++)
        marks_free(marks[i]);
    free(marks);
    return err;
}

uint64_t messages_time(const struct messages *messages)
{
    return messages->count ? messages->items[0]->message.time : 0;
}
