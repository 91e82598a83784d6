/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Where an exchange begins is decided as capture/exchange.c does it. */
#include "capture/quota.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "capture/ancillary.h"
#include "capture/tree.h"

/* A message and all that it points to, kept until it is known whether it passes. */
struct kept {
    struct kept *next;
    struct message message;
    struct end self;
    struct end peer;
    struct ancillary *ancillary;
    struct ranges ranges;
    char room[]; /* the two addresses and the data */
};

struct conversation {
    struct conversation *next;
    uint32_t key;    /* its number among all */
    uint32_t number; /* and among those that passed; 0 when nothing has */
    bool open;       /* it has an exchange, the last one of which */
    bool passes;     /* is among the wanted */
    bool answered;   /* has a response */
    bool over;       /* is one more than wanted, and so will be all that follow */
    struct kept *first, **end;
};

struct quota {
    struct quota_options options;
    void *by_key; /* struct conversation */
    struct conversation *all, **all_end;
    uint32_t conversations; /* that passed */
    size_t passed;          /* exchanges, of which */
    size_t running;         /* may get more of their response */
    size_t left_out;        /* messages */
    uint64_t last;          /* when the last message passed */
};

static int compare_key(const void *a, const void *b)
{
    return tree_compare_numbers(((const struct conversation *)a)->key,
                                ((const struct conversation *)b)->key);
}

int quota_new(struct quota **out, const struct quota_options *options)
{
    struct quota *quota = calloc(1, sizeof(*quota));

    if (!quota)
        return -ENOMEM;
    quota->options = *options;
    quota->all_end = &quota->all;
    *out = quota;
    return 0;
}

static void kept_free(struct kept *kept)
{
    free(kept->ancillary);
    ranges_free(&kept->ranges);
    free(kept);
}

/* Lets go of what is kept of a conversation. Returns how many messages that were. */
static size_t drop(struct conversation *conversation)
{
    size_t count = 0;

    while (conversation->first) {
        struct kept *kept = conversation->first;

        conversation->first = kept->next;
        kept_free(kept);
        count++;
    }
    conversation->end = &conversation->first;
    return count;
}

void quota_free(struct quota *quota)
{
    if (!quota)
        return;
    for (struct conversation *each = quota->all; each; each = each->next)
        drop(each);
    tdestroy(quota->by_key, free);
    free(quota);
}

static struct conversation *conversation_get(struct quota *quota, uint32_t number)
{
    struct conversation key = {.key = number}, *conversation;
    bool made;

    conversation = tree_get(&quota->by_key, &key, sizeof(key), compare_key, &made);
    if (!conversation || !made)
        return conversation;
    conversation->end = &conversation->first;
    *quota->all_end = conversation;
    quota->all_end = &conversation->next;
    return conversation;
}

static char *copy_end(struct end *to, const struct end *from, char *room)
{
    *to = *from;
    to->address = room;
    return stpcpy(room, from->address) + 1;
}

static int keep(struct conversation *conversation, const struct message *message)
{
    size_t addresses = strlen(message->self->address) + strlen(message->peer->address) + 2;
    struct kept *kept = malloc(sizeof(*kept) + addresses + message->length);
    char *data;

    if (!kept)
        return -ENOMEM;
    kept->ancillary = NULL;
    kept->ranges = (struct ranges){0};
    if ((message->ancillary && ancillary_copy(&kept->ancillary, message->ancillary)) ||
        ranges_copy(&kept->ranges, message->ranges)) {
        kept_free(kept);
        return -ENOMEM;
    }
    kept->next = NULL;
    kept->message = *message;
    data = copy_end(&kept->self, message->self, kept->room);
    data = copy_end(&kept->peer, message->peer, data);
    if (message->length)
        memcpy(data, message->data, message->length);
    kept->message.ancillary = kept->ancillary;
    kept->message.ranges = message->ranges ? &kept->ranges : NULL;
    kept->message.self = &kept->self;
    kept->message.peer = &kept->peer;
    kept->message.data = (uint8_t *)data;
    *conversation->end = kept;
    conversation->end = &kept->next;
    return 0;
}

static int pass(struct quota *quota, struct conversation *conversation,
                const struct message *message)
{
    struct message numbered = *message;

    if (!conversation->number)
        conversation->number = ++quota->conversations;
    numbered.conversation = conversation->number;
    return quota->options.message(quota->options.context, &numbered);
}

/* The conversation's exchange is one of the wanted: passes on what there is of it. */
static int begin_passing(struct quota *quota, struct conversation *conversation)
{
    int err = 0;

    conversation->passes = true;
    quota->passed++;
    quota->running++;
    for (struct kept *each = conversation->first; each && !err; each = each->next)
        err = pass(quota, conversation, &each->message);
    drop(conversation);
    return err;
}

static bool is_full(const struct quota *quota)
{
    return quota->passed == quota->options.exchanges;
}

/* Opens the conversation's next exchange; the one before it is complete now. */
static void open_exchange(struct quota *quota, struct conversation *conversation)
{
    if (conversation->passes)
        quota->running--;
    conversation->open = true;
    conversation->passes = conversation->answered = false;
}

int quota_add(struct quota *quota, const struct message *message, uint64_t now)
{
    struct conversation *conversation = conversation_get(quota, message->conversation);
    bool asks = message->direction == REQUEST;
    int err = 0;

    if (!conversation)
        return -ENOMEM;
    if (conversation->over)
        return 0;
    if (!conversation->open || (conversation->answered && asks))
        open_exchange(quota, conversation);
    if (!conversation->passes && is_full(quota)) {
        conversation->over = true;
        quota->left_out += drop(conversation);
        return 0;
    }
    if (!conversation->passes && asks) {
        err = keep(conversation, message);
        return err ? err : 1;
    }
    if (!conversation->passes)
        err = begin_passing(quota, conversation);
    if (!err)
        err = pass(quota, conversation, message);
    if (!asks)
        conversation->answered = true;
    quota->last = now;
    return err ? err : 1;
}

bool quota_left(const struct quota *quota, uint64_t now, uint64_t *left)
{
    uint64_t end = quota->last + quota->options.quiet;

    if (!is_full(quota))
        return false;
    *left = quota->running && end > now ? end - now : 0;
    return true;
}

int quota_finish(struct quota *quota)
{
    int err = 0;

    for (struct conversation *each = quota->all; each && !err; each = each->next) {
        if (each->first && !is_full(quota))
            err = begin_passing(quota, each);
        quota->left_out += drop(each);
    }
    return err;
}

size_t quota_passed(const struct quota *quota)
{
    return quota->passed;
}

size_t quota_left_out(const struct quota *quota)
{
    return quota->left_out;
}
