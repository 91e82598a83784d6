/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Decided at a conversation's first message; the numbers left are counted anew. */
#include "capture/selection.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>

#include "capture/pattern.h"
#include "capture/tree.h"

struct choice {
    uint32_t conversation;
    uint32_t number; /* 0 when it is not wanted */
};

struct selection {
    const struct patterns *patterns;
    bool takes_all;
    void *choices; /* a tree by conversation */
    uint32_t count;
};

static int compare_choice(const void *a, const void *b)
{
    return tree_compare_numbers(((const struct choice *)a)->conversation,
                                ((const struct choice *)b)->conversation);
}

int selection_new(struct selection **out, const struct patterns *patterns)
{
    struct selection *selection = calloc(1, sizeof(*selection));

    if (!selection)
        return -ENOMEM;
    selection->patterns = patterns;
    selection->takes_all = !patterns_count(patterns, false) && !patterns_count(patterns, true);
    *out = selection;
    return 0;
}

void selection_free(struct selection *selection)
{
    if (!selection)
        return;
    tdestroy(selection->choices, free);
    free(selection);
}

static bool matches(const struct selection *selection, bool excludes, const struct message *message,
                    const struct end *end)
{
    return patterns_match(selection->patterns, excludes, message->family, end->address, end->pid);
}

static bool is_wanted(const struct selection *selection, const struct message *message)
{
    const struct end *server = message_server(message);

    if (matches(selection, true, message, message->self) ||
        matches(selection, true, message, message->peer))
        return false;
    return !patterns_count(selection->patterns, false) || server->wanted ||
           matches(selection, false, message, server);
}

int selection_take(struct selection *selection, struct message *message)
{
    struct choice key = {.conversation = message->conversation}, *choice;
    bool made;

    if (selection->takes_all) {
        if (message->conversation > selection->count)
            selection->count = message->conversation;
        return 1;
    }
    choice = tree_get(&selection->choices, &key, sizeof(key), compare_choice, &made);
    if (!choice)
        return -ENOMEM;
    if (made && is_wanted(selection, message))
        choice->number = ++selection->count;
    message->conversation = choice->number;
    return choice->number != 0;
}

uint32_t selection_count(const struct selection *selection)
{
    return selection->count;
}
