/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "emit/files.h"

#include <errno.h>
#include <string.h>

#include "emit/fixture_values.h"

bool files_embed(const struct fixture *fixture, size_t length)
{
    return fixture->stem && fixture->embed_above > 0 && length > fixture->embed_above;
}

/* Where a side stands; all count from 0. */
struct place {
    size_t conversation;
    size_t exchange;
    const char *direction;
};

static bool has_side(const struct conversation_table *conversation, const struct side *side)
{
    const char *at = (const char *)side;

    return at >= (const char *)conversation->exchanges &&
           at < (const char *)(conversation->exchanges + conversation->count);
}

/* The table's arrays hold it, so its address tells; most are in the conversation as the last. */
static struct place place_of(const struct emission *emission, const struct side *side)
{
    const struct table *table = emission->fixture->table;
    size_t *at = &emission->latest->conversation;
    const struct exchange *exchanges;
    struct place place = {0};

    for (size_t i = 1; i < table->count && !has_side(&table->conversations[*at], side); i++)
        *at = (*at + 1) % table->count;
    exchanges = table->conversations[*at].exchanges;
    place.conversation = *at;
    place.exchange = (size_t)((const char *)side - (const char *)exchanges) / sizeof(*exchanges);
    place.direction = side == &exchanges[place.exchange].request ? "request" : "response";
    return place;
}

/*
 * Puts the name of the file of a message in `out`, relative to the fixture: 01-request.bin for the
 * first exchange's, and 01-request-2.bin if it is the second there. Where there are several
 * conversations, their numbers stand before.
 */
static void name_at(const struct fixture *fixture, struct place place, size_t index,
                    char out[FILES_NAME_SIZE])
{
    char conversation[24] = "";
    char message[24] = "";

    if (fixture->table->count > 1)
        snprintf(conversation, sizeof(conversation), "%zu%c", place.conversation + 1,
                 fixture->stem ? '.' : '/');
    if (index > 0)
        snprintf(message, sizeof(message), "-%zu", index + 1);
    snprintf(out, FILES_NAME_SIZE, "%s%s%s%02zu-%s%s.bin", fixture->stem ? fixture->stem : "",
             fixture->stem ? "." : "", conversation, place.exchange + 1, place.direction, message);
}

/* Digits, and what follows on them; NULL if there are none. */
static const char *skip_number(const char *text)
{
    size_t length = text ? strspn(text, "0123456789") : 0;

    return length > 0 ? text + length : NULL;
}

static const char *skip_word(const char *text, const char *word)
{
    size_t length = strlen(word);

    return text && !strncmp(text, word, length) ? text + length : NULL;
}

/* What name_at() ends in, of one message in one conversation. */
static const char *skip_message(const char *text)
{
    const char *at = skip_number(text);
    const char *request = skip_word(at, "-request");
    const char *response = skip_word(at, "-response");

    at = request ? request : response;
    if (at && *at == '-')
        at = skip_number(at + 1);
    return skip_word(at, ".bin");
}

bool files_is_name(const char *name)
{
    const char *at = strchr(name, '/') ? skip_word(skip_number(name), "/") : name;

    at = skip_message(at);
    return at && !*at;
}

size_t files_name_length(const char *text, const char *stem)
{
    const char *message = skip_word(skip_word(text, stem), ".");
    const char *conversation = skip_word(skip_number(message), ".");
    const char *end = skip_message(conversation ? conversation : message);

    return end ? (size_t)(end - text) : 0;
}

static int each_message(const struct fixture *fixture, struct place place, const struct side *side,
                        int (*write)(void *context, const char *name, const struct said *said),
                        void *context)
{
    struct arena *arena = fixture->table->arena;
    char name[FILES_NAME_SIZE];
    int err = 0;

    for (size_t i = 0; i < side->count && !err; i++) {
        if (fixture->stem && !files_embed(fixture, side->messages[i].length))
            continue;
        name_at(fixture, place, i, name);
        err = write(context, name, &side->messages[i]);
        if (arena) /* all its bytes are read here, not only what stands around them */
            arena_touch(arena, side->messages[i].length);
    }
    return err;
}

int files_each(const struct fixture *fixture,
               int (*write)(void *context, const char *name, const struct said *said),
               void *context)
{
    const struct conversation_table *conversation;
    int err = 0;

    for (size_t i = 0; i < fixture->table->count; i++) {
        conversation = &fixture->table->conversations[i];
        for (size_t j = 0; j < conversation->count && !err; j++) {
            const struct exchange *exchange = &conversation->exchanges[j];

            exchange_looked_at(fixture->table->arena);
            err = each_message(fixture, (struct place){i, j, "request"}, &exchange->request, write,
                               context);
            if (!err)
                err = each_message(fixture, (struct place){i, j, "response"}, &exchange->response,
                                   write, context);
        }
    }
    return err;
}

/* As values: `self` is the side, `index` the message in it. */

static void make_name(const struct value *value, char out[VALUE_TEXT_SIZE])
{
    const struct emission *emission = emission_of(value);

    name_at(emission->fixture, place_of(emission, value->self), value->index, out);
}

struct value value_file(const struct value *of, const struct side *side, size_t index)
{
    static const struct text_maker maker = {make_name};
    struct value value = value_made_text(of, &maker, side);

    value.index = index;
    return value;
}

/*
 * The table's identifier, with a word before each number behind it, as in talk2Request1Message2:
 * there are no two alike.
 */
static int print_identifier(const struct value *value, const struct template_escape *escape,
                            FILE *out)
{
    const struct emission *emission = emission_of(value);
    const struct identifier_rules *rules = &emission->language->identifiers;
    struct place place = place_of(emission, value->self);
    char identifier[IDENTIFIER_SIZE];
    char words[64];
    int length;

    (void)escape;
    length = snprintf(words, sizeof(words), "%s %zu", place.direction, place.exchange + 1);
    if (value->index > 0)
        snprintf(words + length, sizeof(words) - (size_t)length, " message %zu", value->index + 1);
    identifier_make(rules, emission->name,
                    emission->fixture->table->count > 1 ? place.conversation + 1 : 0, identifier);
    identifier_extend(rules, words, identifier);
    return fputs(identifier, out) < 0 ? -errno : 0;
}

static struct value embedded_file(const struct value *of)
{
    return value_file(of, of->self, of->index);
}

static struct value embedded_identifier(const struct value *of)
{
    static const struct value_type type = {.print = print_identifier};
    struct value value = value_make(of, &type, of->self);

    value.index = of->index;
    return value;
}

const struct value_field embedded_fields[] = {
    {"file", embedded_file}, {"identifier", embedded_identifier}, {0}};

struct value value_embedded(const struct value *of, const struct side *side, size_t index)
{
    static const struct value_type type = {.fields = embedded_fields};
    struct value value = value_make(of, &type, side);

    value.index = index;
    return files_embed(emission_of(of)->fixture, side->messages[index].length) ? value
                                                                               : (struct value){0};
}
