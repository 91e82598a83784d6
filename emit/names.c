/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A name that another exchange has already gets a number in parentheses. To tell how many have it,
 * a hash of each is kept and no text; if ever two texts have one hash, a number is given in vain.
 */
#include "emit/names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/digest.h"

enum { SLOTS_MIN = 64 };

/* How often a name was given. */
struct slot {
    uint64_t hash;  /* 0: the slot is free */
    uint32_t first; /* the conversation, from 1, that had it first */
    uint32_t last;  /* the one that had it last */
    uint32_t count; /* how often that did */
};

/* The number of a name among its like; 0 where it is the only one so far. */
struct number {
    uint32_t conversation; /* 0: that which had the name first */
    uint32_t count;
};

struct names {
    const struct table *table;
    const char *command;
    struct arena *arena;    /* of all that follows */
    struct number *numbers; /* of all exchanges, conversation by conversation */
    size_t *starts;         /* where those of a conversation begin */
    struct slot *slots;
    size_t room; /* a power of two */
    size_t used;
};

static uint64_t hash_text(const char *text)
{
    const uint64_t hash = digest(text, strlen(text));

    return hash ? hash : 1; /* 0 is an empty slot's */
}

static struct slot *find_slot(struct slot *slots, size_t room, uint64_t hash)
{
    size_t i = hash & (room - 1);

    while (slots[i].hash && slots[i].hash != hash)
        i = (i + 1) & (room - 1);
    return &slots[i];
}

static int make_room(struct names *names)
{
    size_t room = names->room ? 2 * names->room : SLOTS_MIN;
    struct slot *slots;

    if (names->used < names->room / 2)
        return 0;
    slots = arena_alloc(names->arena, room * sizeof(*slots));
    if (!slots)
        return -errno;
    for (size_t i = 0; i < names->room; i++) {
        if (names->slots[i].hash)
            *find_slot(slots, room, names->slots[i].hash) = names->slots[i];
    }
    names->slots = slots;
    names->room = room;
    return 0;
}

/* Counts one more exchange of that name. */
static int count_name(struct names *names, const char *text, uint32_t conversation,
                      struct number *number)
{
    uint64_t hash = hash_text(text);
    struct slot *slot;
    int err = make_room(names);

    if (err)
        return err;
    slot = find_slot(names->slots, names->room, hash);
    if (!slot->hash) {
        *slot = (struct slot){.hash = hash, .first = conversation, .last = conversation};
        names->used++;
    }
    if (slot->last != conversation)
        slot->count = 0;
    slot->last = conversation;
    slot->count++;
    number->conversation = conversation == slot->first ? 0 : conversation;
    number->count = slot->count;
    return 0;
}

/* What the exchange's request says; false if nothing. */
static bool text_of(const struct names *names, size_t conversation, size_t exchange,
                    char text[NAMES_TEXT_SIZE])
{
    const struct side *request =
        &names->table->conversations[conversation].exchanges[exchange].request;

    return request->count > 0 &&
           names_from_request(request->messages[0].data, request->messages[0].length, text);
}

static const char *skip_number(const char *at)
{
    return at + strspn(at, "0123456789");
}

/* Is it as a number behind a name is written: "2" or "2.1", and then `end`? */
static bool is_number(const char *at, const char *end)
{
    const char *behind = skip_number(at);

    if (behind > at && *behind == '.')
        behind = skip_number(behind + 1);
    return behind > at && !strcmp(behind, end);
}

/* A text that looks like a name with a number always gets another, and so is not that name. */
static bool looks_numbered(const struct names *names, const char *text)
{
    const char *parenthesis = strrchr(text, '(');
    size_t length = strlen(names->command);

    if (parenthesis && is_number(parenthesis + 1, ")"))
        return true;
    return !strncmp(text, names->command, length) && text[length] == ' ' &&
           is_number(text + length + 1, "");
}

static int number_conversation(struct names *names, size_t conversation)
{
    char text[NAMES_TEXT_SIZE];
    int err = 0;

    for (size_t i = 0; i < names->table->conversations[conversation].count && !err; i++) {
        exchange_looked_at(names->table->arena);
        exchange_looked_at(names->arena);
        if (text_of(names, conversation, i, text))
            err = count_name(names, text, (uint32_t)conversation + 1,
                             &names->numbers[names->starts[conversation] + i]);
    }
    return err;
}

int names_new(struct names **out, const struct table *table, const char *command)
{
    struct names *names = calloc(1, sizeof(*names));
    int err = 0;
    size_t count = 0;

    if (!names)
        return -ENOMEM;
    names->table = table;
    names->command = command;
    names->arena = arena_new();
    if (names->arena)
        names->numbers =
            arena_alloc(names->arena, (table_exchanges(table) + 1) * sizeof(*names->numbers));
    if (names->numbers)
        names->starts = arena_alloc(names->arena, (table->count + 1) * sizeof(*names->starts));
    if (!names->starts)
        err = -errno;
    for (size_t i = 0; i < table->count && !err; i++) {
        names->starts[i] = count;
        count += table->conversations[i].count;
        err = number_conversation(names, i);
    }
    if (err)
        names_free(names);
    else
        *out = names;
    return err;
}

void names_free(struct names *names)
{
    if (!names)
        return;
    arena_free(names->arena);
    free(names);
}

void names_get(const struct names *names, size_t conversation, size_t exchange,
               char out[NAMES_SIZE])
{
    struct number number = names->numbers[names->starts[conversation] + exchange];
    char text[NAMES_TEXT_SIZE];

    if (!text_of(names, conversation, exchange, text)) {
        if (conversation > 0)
            snprintf(out, NAMES_SIZE, "%s %zu.%zu", names->command, conversation + 1, exchange + 1);
        else
            snprintf(out, NAMES_SIZE, "%s %zu", names->command, exchange + 1);
    } else if (number.conversation) {
        snprintf(out, NAMES_SIZE, "%s (%u.%u)", text, number.conversation, number.count);
    } else if (number.count > 1 || looks_numbered(names, text)) {
        snprintf(out, NAMES_SIZE, "%s (%u)", text, number.count);
    } else {
        snprintf(out, NAMES_SIZE, "%s", text);
    }
}
