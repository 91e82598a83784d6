/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What a template can name of a fixture: each thing is worked out when it is asked for. */
#include "emit/fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/recording_format.h"
#include "emit/files.h"
#include "emit/fixture_values.h"
#include "emit/steady.h"
#include "emit/style.h"

/*
 * Exchanges: `self` is the exchange, `detail` the conversation, and `index` the part of it that is
 * being printed, counted from 1, or 0 for all.
 */

/*
 * The most in a part: the Java machine has 64 KiB of room for the code that makes them. A message
 * is a piece, and so are six lines of a text, each of which may be a string.
 */
enum { PART_EXCHANGES = 100, PART_PIECES = 1000, PIECE_LINES = 6 };

/* Lines end after a newline, or anywhere when they are half of what is usual. */
static size_t count_lines(const struct said *message)
{
    enum { LINE_LEAST = 36 };
    const uint8_t *at = message->data;
    size_t count = message->length / LINE_LEAST;

    if (message->length == 0 || message->length > BLOCK_SIZE) /* no text of lines there */
        return 0;
    while ((at = memchr(at, '\n', message->length - (size_t)(at - message->data)))) {
        at++;
        count++;
    }
    return count;
}

static size_t side_pieces(const struct side *side)
{
    size_t pieces = side->count;

    for (size_t i = 0; i < side->count; i++)
        pieces += count_lines(&side->messages[i]) / PIECE_LINES;
    return pieces;
}

static size_t exchange_pieces(const struct conversation_table *table, size_t index)
{
    const struct exchange *exchange = &table->exchanges[index];

    exchange_looked_at(table->arena);
    return side_pieces(&exchange->request) + side_pieces(&exchange->response);
}

static size_t most_pieces(const struct conversation_table *table)
{
    size_t most = 1;

    for (size_t i = 0; i < table->count; i++) {
        size_t pieces = exchange_pieces(table, i);

        most = pieces > most ? pieces : most;
    }
    return most;
}

/* Of all conversations, counted once. */
static size_t all_pieces(const struct emission *emission)
{
    const struct table *table = emission->fixture->table;
    size_t pieces = emission->latest->pieces;

    if (pieces > 0)
        return pieces;
    for (size_t i = 0; i < table->count; i++) {
        for (size_t j = 0; j < table->conversations[i].count; j++)
            pieces += exchange_pieces(&table->conversations[i], j);
    }
    emission->latest->pieces = pieces;
    return pieces;
}

/* So many exchanges that no part has too many pieces, unless one alone has. */
static size_t part_size(const struct value *of, const struct conversation_table *table)
{
    struct part_size *part = &emission_of(of)->latest->part;
    size_t size;

    if (part->table == table)
        return part->exchanges;
    size = PART_PIECES / most_pieces(table);
    part->table = table;
    part->exchanges = size < 1 ? 1 : size < PART_EXCHANGES ? size : PART_EXCHANGES;
    return part->exchanges;
}

static size_t exchange_index(const struct value *value)
{
    const struct conversation_table *table = value->detail;

    return (size_t)((const struct exchange *)value->self - table->exchanges);
}

static struct value exchange_number(const struct value *of)
{
    return value_number(of, exchange_index(of) + 1);
}

static struct value exchange_text(const struct value *of)
{
    return value_exchange_name(of, of->detail, exchange_index(of));
}

static struct value exchange_sides(const struct value *of)
{
    return value_sides(of, of->self);
}

static struct value exchange_request(const struct value *of)
{
    return value_side(of, of->self, REQUEST);
}

static struct value exchange_response(const struct value *of)
{
    return value_side(of, of->self, RESPONSE);
}

static struct value exchange_incomplete(const struct value *of)
{
    const struct exchange *exchange = of->self;

    return value_flag(of,
                      side_incomplete(&exchange->request) || side_incomplete(&exchange->response));
}

static struct value exchange_seen(const struct value *of)
{
    return value_number(of, ((const struct exchange *)of->self)->seen);
}

static struct value exchange_runs(const struct value *of)
{
    return value_number(of, ((const struct exchange *)of->self)->runs);
}

static struct value exchange_first(const struct value *of)
{
    size_t begin = of->index ? (of->index - 1) * part_size(of, of->detail) : 0;

    return value_flag(of, exchange_index(of) == begin);
}

static struct value exchange_last(const struct value *of)
{
    const struct conversation_table *table = of->detail;
    size_t end = exchange_index(of) + 1;
    size_t part_end = of->index ? of->index * part_size(of, table) : table->count;

    return value_flag(of, end == table->count || end == part_end);
}

const struct value_field exchange_fields[] = {
    {"exchange", value_itself},  {"sides", exchange_sides},     {"name", exchange_text},
    {"number", exchange_number}, {"request", exchange_request}, {"response", exchange_response},
    {"seen", exchange_seen},     {"runs", exchange_runs},       {"incomplete", exchange_incomplete},
    {"first", exchange_first},   {"last", exchange_last},       {0},
};

static bool exchange_item(const struct value *list, size_t index, struct value *item)
{
    static const struct value_type exchange_type = {.fields = exchange_fields};
    const struct conversation_table *table = list->self;

    if (index >= table->count)
        return false;
    exchange_looked_at(emission_of(list)->fixture->table->arena);
    *item = value_make(list, &exchange_type, &table->exchanges[index]);
    item->detail = table;
    return true;
}

static const struct value_type exchanges_type = {.item = exchange_item};

/* Parts: `self` is the conversation, `index` counts them from 0. */

static size_t part_count(const struct value *of)
{
    const struct conversation_table *table = of->self;
    size_t size = part_size(of, table);

    return table->count / size + (table->count % size != 0);
}

static bool part_exchange_item(const struct value *list, size_t index, struct value *item)
{
    size_t size = part_size(list, list->self);

    if (index >= size || !exchange_item(list, list->index * size + index, item))
        return false;
    item->index = list->index + 1;
    return true;
}

static struct value part_exchanges(const struct value *of)
{
    static const struct value_type part_exchanges_type = {.item = part_exchange_item};
    struct value list = value_make(of, &part_exchanges_type, of->self);

    list.index = of->index;
    return list;
}

static struct value part_number(const struct value *of)
{
    return value_number(of, of->index + 1);
}

static struct value part_first(const struct value *of)
{
    return value_flag(of, of->index == 0);
}

static struct value part_last(const struct value *of)
{
    return value_flag(of, of->index + 1 == part_count(of));
}

const struct value_field part_fields[] = {
    {"exchanges", part_exchanges},
    {"number", part_number},
    {"first", part_first},
    {"last", part_last},
    {0},
};

static bool part_item(const struct value *list, size_t index, struct value *item)
{
    static const struct value_type part_type = {.fields = part_fields};

    if (index >= part_count(list))
        return false;
    *item = value_make(list, &part_type, list->self);
    item->index = index;
    return true;
}

static const struct value_type parts_type = {.item = part_item};

/* The two ends of a conversation. */

static struct value end_address(const struct value *of)
{
    const struct end *end = of->self;

    return value_text(of, end->address ? end->address : "");
}

static struct value end_comm(const struct value *of)
{
    return value_text(of, ((const struct end *)of->self)->comm);
}

const struct value_field end_fields[] = {{"address", end_address}, {"comm", end_comm}, {0}};

static const struct value_type end_type = {.fields = end_fields};

/* Conversations: `self` is the conversation, `index` counts them from 0. */

static struct value conversation_number(const struct value *of)
{
    return value_number(of, of->index + 1);
}

static struct value conversation_identifier(const struct value *of)
{
    const struct emission *emission = of->owner;
    size_t number = emission->fixture->table->count > 1 ? of->index + 1 : 0;

    return value_identifier(of, emission->name, number);
}

static struct value conversation_server(const struct value *of)
{
    return value_make(of, &end_type, &((const struct conversation_table *)of->self)->server);
}

static struct value conversation_client(const struct value *of)
{
    return value_make(of, &end_type, &((const struct conversation_table *)of->self)->client);
}

static struct value conversation_type(const struct value *of)
{
    const struct conversation_table *conversation = of->self;

    return value_text(of, recording_name_of(recording_types, conversation->type));
}

static struct value conversation_exchanges(const struct value *of)
{
    return value_make(of, &exchanges_type, of->self);
}

static struct value conversation_parts(const struct value *of)
{
    return value_make(of, &parts_type, of->self);
}

/* Tables that stand in one class share its room, so that each is set apart if all are too many. */
static struct value conversation_several_parts(const struct value *of)
{
    const struct emission *emission = emission_of(of);

    return value_flag(of, part_count(of) > 1 || emission->exchanges > PART_EXCHANGES ||
                              all_pieces(emission) > PART_PIECES);
}

static struct value conversation_count(const struct value *of)
{
    return value_number(of, ((const struct conversation_table *)of->self)->count);
}

static struct value conversation_first(const struct value *of)
{
    return value_flag(of, of->index == 0);
}

static struct value conversation_last(const struct value *of)
{
    return value_flag(of, of->index + 1 >= emission_of(of)->fixture->table->count);
}

const struct value_field conversation_fields[] = {
    {"conversation", value_itself},
    {"parts", conversation_parts},
    {"several_parts", conversation_several_parts},
    {"exchanges", conversation_exchanges},
    {"table", conversation_identifier},
    {"number", conversation_number},
    {"server", conversation_server},
    {"client", conversation_client},
    {"type", conversation_type},
    {"count", conversation_count},
    {"first", conversation_first},
    {"last", conversation_last},
    {0},
};

static bool conversation_item(const struct value *list, size_t index, struct value *item)
{
    static const struct value_type type = {.fields = conversation_fields};
    const struct table *table = emission_of(list)->fixture->table;

    if (index >= table->count)
        return false;
    *item = value_make(list, &type, &table->conversations[index]);
    item->index = index;
    return true;
}

static const struct value_type conversations_type = {.item = conversation_item};

/* The tables are the conversations, or a single empty one: a fixture always has a table. */

static struct value no_exchanges(const struct value *of)
{
    return value_number(of, 0);
}

static const struct value_field no_conversation[] = {{"conversation", value_itself},
                                                     {"table", conversation_identifier},
                                                     {"number", conversation_number},
                                                     {"count", no_exchanges},
                                                     {"first", conversation_first},
                                                     {"last", conversation_last},
                                                     {0}};

static bool table_item(const struct value *list, size_t index, struct value *item)
{
    static const struct value_type type = {.fields = no_conversation};

    if (emission_of(list)->fixture->table->count > 0 || index > 0)
        return conversation_item(list, index, item);
    *item = value_make(list, &type, NULL);
    return true;
}

static const struct value_type tables_type = {.item = table_item};

/* The fixture itself. */

static struct value fixture_name(const struct value *of)
{
    return value_text(of, emission_of(of)->name);
}

static struct value fixture_command(const struct value *of)
{
    return value_text(of, emission_of(of)->command);
}

static struct value fixture_package(const struct value *of)
{
    const char *package = emission_of(of)->fixture->package;

    return value_text(of, package && *package ? package : "fixture");
}

static struct value fixture_conversations(const struct value *of)
{
    return value_make(of, &conversations_type, NULL);
}

static struct value fixture_tables(const struct value *of)
{
    return value_make(of, &tables_type, NULL);
}

static struct value fixture_lost(const struct value *of)
{
    return value_number(of, emission_of(of)->fixture->lost);
}

static struct value fixture_incomplete(const struct value *of)
{
    return value_flag(of, emission_of(of)->incomplete);
}

/* Three ways to hold a side, for the whole fixture: a message, a message or none, or many. */

static struct value fixture_always_one(const struct value *of)
{
    return value_flag(of, emission_of(of)->most <= 1 && emission_of(of)->least >= 1);
}

static struct value fixture_one_or_none(const struct value *of)
{
    return value_flag(of, emission_of(of)->most <= 1 && emission_of(of)->least == 0);
}

static struct value fixture_many(const struct value *of)
{
    return value_flag(of, emission_of(of)->most > 1);
}

/* Is a message at least in a file of its own? */
static struct value fixture_embeds(const struct value *of)
{
    return value_flag(of, emission_of(of)->embeds);
}

/* The chosen styles, each a flag by its name. */
static bool find_in_style(const struct value *value, const char *name, size_t length,
                          struct value *child)
{
    const struct emission *emission = emission_of(value);

    if (!style_has(emission->language, name, length))
        return false;
    *child =
        value_flag(value, style_is(emission->language, emission->fixture->style, name, length));
    return true;
}

static struct value fixture_style(const struct value *of)
{
    static const struct value_type type = {.find = find_in_style};

    return value_make(of, &type, NULL);
}

/* The function that tests call, and the parts of its name. */

static struct value call_module(const struct value *of)
{
    return value_text(of, emission_of(of)->call.module);
}

static struct value call_package(const struct value *of)
{
    return value_text(of, emission_of(of)->call.package);
}

static struct value call_function(const struct value *of)
{
    return value_text(of, emission_of(of)->call.function);
}

const struct value_field call_fields[] = {
    {"module", call_module}, {"package", call_package}, {"function", call_function}, {0}};

static bool call_truth(const struct value *value)
{
    return *emission_of(value)->call.whole != '\0';
}

static int print_call(const struct value *value, const struct template_escape *escape, FILE *out)
{
    (void)escape;
    return fputs(emission_of(value)->call.whole, out) < 0 ? -errno : 0;
}

static struct value fixture_call(const struct value *of)
{
    static const struct value_type type = {
        .fields = call_fields, .truth = call_truth, .print = print_call};

    return value_make(of, &type, NULL);
}

const struct value_field fixture_fields[] = {
    {"fixture", value_itself},
    {"name", fixture_name},
    {"command", fixture_command},
    {"package", fixture_package},
    {"conversations", fixture_conversations},
    {"tables", fixture_tables},
    {"lost", fixture_lost},
    {"incomplete", fixture_incomplete},
    {"always_one", fixture_always_one},
    {"one_or_none", fixture_one_or_none},
    {"many", fixture_many},
    {"embeds", fixture_embeds},
    {"style", fixture_style},
    {"call", fixture_call},
    {0},
};

static void survey_side(struct emission *emission, const struct side *side)
{
    if (side->count > emission->most)
        emission->most = side->count;
    if (side->count < emission->least)
        emission->least = side->count;
    if (side_incomplete(side))
        emission->incomplete = true;
    for (size_t i = 0; i < side->count; i++) {
        if (files_embed(emission->fixture, side->messages[i].length))
            emission->embeds = true;
    }
}

/* Finds out what a template wants to know before the first exchange. */
static void survey(struct emission *emission)
{
    const struct table *table = emission->fixture->table;
    const struct conversation_table *conversation;

    emission->incomplete = emission->fixture->incomplete || emission->fixture->lost > 0;
    emission->least = 1;
    for (size_t i = 0; i < table->count; i++) {
        conversation = &table->conversations[i];
        emission->exchanges += conversation->count;
        for (size_t j = 0; j < conversation->count; j++) {
            exchange_looked_at(table->arena);
            survey_side(emission, &conversation->exchanges[j].request);
            survey_side(emission, &conversation->exchanges[j].response);
        }
    }
}

static int print_escaped(const void *context, const char *string, size_t length, FILE *out)
{
    const struct language *language = context;

    return escape_print(&language->escape, ESCAPE_STRING | ESCAPE_COMMENT, string, 0, length, out);
}

static int render(struct emission *emission, struct language *language, FILE *out,
                  struct template_error *error)
{
    static const struct value_type fixture_type = {.fields = fixture_fields};
    struct value data = {.type = &fixture_type, .self = emission, .owner = emission};
    struct template_host host = {
        .escape = {print_escaped, language}, .partial = language_partial, .context = language};
    struct steady steady;
    FILE *stream = steady_open(&steady, out, emission->fixture->table->arena);
    int err;

    if (!stream)
        return template_fail(error, -errno, language->name, "%s", strerror(errno));
    err = template_render(language->template, &data, &host, stream, error);
    if (!err && emission->latest->no_memory)
        err = template_fail(error, -ENOMEM, language->name, "%s", strerror(ENOMEM));
    if (fclose(stream) && !err)
        err = template_fail(error, -errno, language->name, "%s", strerror(errno));
    return err;
}

int fixture_print(const struct fixture *fixture, struct language *language, FILE *out,
                  struct template_error *error)
{
    struct latest latest = {0};
    struct emission emission = {.fixture = fixture, .language = language, .latest = &latest};
    int err = style_check(language, fixture->style, error);

    if (err)
        return err;
    err = call_parse(&emission.call, fixture->call);
    emission.command = command_text(fixture->command);
    if (!emission.command)
        err = -ENOMEM;
    command_name(fixture->command, fixture->name, emission.name);
    if (!err)
        err = names_new(&emission.names, fixture->table, emission.name);
    if (err) {
        template_fail(error, err, language->name, "%s",
                      err == -EINVAL ? "no name of a function" : strerror(-err));
        goto out;
    }
    survey(&emission);
    err = render(&emission, language, out, error);
out:
    free(latest.joined.said.data);
    ranges_free(&latest.joined.said.ranges);
    free(latest.mask.said.data);
    free(emission.command);
    names_free(emission.names);
    call_free(&emission.call);
    return err;
}
