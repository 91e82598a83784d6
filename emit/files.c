/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "emit/files.h"

#include <errno.h>
#include <string.h>

#include "emit/fixture_values.h"

bool files_embed(const struct fixture *fixture, size_t length)
{
    return fixture->stem && fixture->embed_above > 0 && length > fixture->embed_above;
}

/* The conversation that has the side; as the table's arrays hold it, its address tells which. */
static size_t conversation_of(const struct table *table, const struct side *side)
{
    const char *at = (const char *)side;
    size_t i = 0;

    for (; i + 1 < table->count; i++) {
        const struct conversation_table *conversation = &table->conversations[i];

        if (at >= (const char *)conversation->exchanges &&
            at < (const char *)(conversation->exchanges + conversation->count))
            break;
    }
    return i;
}

void files_name(const struct fixture *fixture, const struct side *side, size_t index,
                char out[FILES_NAME_SIZE])
{
    size_t number = conversation_of(fixture->table, side);
    const struct exchange *exchanges = fixture->table->conversations[number].exchanges;
    size_t exchange =
        (size_t)((const char *)side - (const char *)exchanges) / sizeof(struct exchange);
    const char *direction = side == &exchanges[exchange].request ? "request" : "response";
    char conversation[24] = "";
    char message[24] = "";

    if (fixture->table->count > 1)
        snprintf(conversation, sizeof(conversation), "%zu%c", number + 1,
                 fixture->stem ? '.' : '/');
    if (index > 0)
        snprintf(message, sizeof(message), "-%zu", index + 1);
    snprintf(out, FILES_NAME_SIZE, "%s%s%s%02zu-%s%s.bin", fixture->stem ? fixture->stem : "",
             fixture->stem ? "." : "", conversation, exchange + 1, direction, message);
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

bool files_is_name(const char *name)
{
    const char *at = strchr(name, '/') ? skip_word(skip_number(name), "/") : name;
    const char *request, *response;

    at = skip_number(at);
    request = skip_word(at, "-request");
    response = skip_word(at, "-response");
    at = request ? request : response;
    if (at && *at == '-')
        at = skip_number(at + 1);
    return at && !strcmp(at, ".bin");
}

static int each_message(const struct fixture *fixture, const struct side *side,
                        int (*write)(void *context, const char *name, const struct said *said),
                        void *context)
{
    char name[FILES_NAME_SIZE];
    int status = 0;

    for (size_t i = 0; i < side->count && !status; i++) {
        if (fixture->stem && !files_embed(fixture, side->messages[i].length))
            continue;
        files_name(fixture, side, i, name);
        status = write(context, name, &side->messages[i]);
    }
    return status;
}

/* All the bytes of an exchange are read here, not only what stands around them. */
enum { FILES_REST = 16 };

int files_each(const struct fixture *fixture,
               int (*write)(void *context, const char *name, const struct said *said),
               void *context)
{
    const struct conversation_table *conversation;
    int status = 0;

    for (size_t i = 0; i < fixture->table->count; i++) {
        conversation = &fixture->table->conversations[i];
        for (size_t j = 0; j < conversation->count && !status; j++) {
            if (j % FILES_REST == 0)
                arena_rest(fixture->table->arena);
            status = each_message(fixture, &conversation->exchanges[j].request, write, context);
            if (!status)
                status =
                    each_message(fixture, &conversation->exchanges[j].response, write, context);
        }
    }
    return status;
}

/* As values: `self` is the side, `index` the message in it. */

static void make_name(const struct value *value, char out[VALUE_TEXT_SIZE])
{
    files_name(emission_of(value)->fixture, value->self, value->index, out);
}

struct value value_file(const struct value *of, const struct side *side, size_t index)
{
    static const struct text_maker maker = {make_name};
    struct value value = value_made_text(of, &maker, side);

    value.index = index;
    return value;
}

/* The table's identifier, with the name of the file behind it. */
static int print_identifier(const struct value *value, const struct template_escape *escape,
                            FILE *out)
{
    const struct emission *emission = emission_of(value);
    const struct identifier_rules *rules = &emission->language->identifiers;
    struct fixture in_folder = *emission->fixture;
    char identifier[IDENTIFIER_SIZE];
    char name[FILES_NAME_SIZE];

    (void)escape;
    in_folder.stem = NULL;
    files_name(&in_folder, value->self, value->index, name);
    *strrchr(name, '.') = '\0';
    identifier_make(rules, emission->name, 0, identifier);
    identifier_extend(rules, name, identifier);
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

static bool find_in_embedded(const struct value *value, const char *name, size_t length,
                             struct value *child)
{
    return value_find(embedded_fields, value, name, length, child);
}

struct value value_embedded(const struct value *of, const struct side *side, size_t index)
{
    static const struct value_type type = {.find = find_in_embedded};
    struct value value = value_make(of, &type, side);

    value.index = index;
    return files_embed(emission_of(of)->fixture, side->messages[index].length) ? value
                                                                               : (struct value){0};
}
