/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What was said, as values: the sides of an exchange, their messages, rows, and bytes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "emit/fixture_values.h"

enum { ROW = 16, OVERLAP = 64, CHUNK = 4096 };

/*
 * Bytes. `self` is what was said, and `index` which row of it, counted from 1, or 0 for all; of a
 * notation, `detail` is which.
 */

static const uint8_t *bytes_of(const struct value *value, size_t *length)
{
    const struct said *said = value->self;
    size_t from = value->index ? (value->index - 1) * ROW : 0;

    *length = said->length - from;
    if (value->index && *length > ROW)
        *length = ROW;
    return said->data ? said->data + from : NULL;
}

static int print_bytes(const struct value *value, const struct template_escape *escape, FILE *out)
{
    size_t length;
    const uint8_t *data = bytes_of(value, &length);

    (void)escape;
    return notation_print(value->detail, emission_of(value)->language->escape.also, data, length,
                          out);
}

/* Plain text, which is escaped like any other; the end of a piece stays to be seen by the next. */
static int print_printable(const struct value *value, const struct template_escape *escape,
                           FILE *out)
{
    const struct escape_rules *rules = &emission_of(value)->language->escape;
    char piece[OVERLAP + CHUNK];
    size_t before = 0;
    size_t length;
    size_t size;
    int status = 0;
    const uint8_t *data = bytes_of(value, &length);

    if (!escape)
        return print_bytes(value, escape, out);
    for (; length > 0 && !status; data += size, length -= size) {
        size = length < CHUNK ? length : CHUNK;
        for (size_t i = 0; i < size; i++)
            piece[before + i] = data[i] >= ' ' && data[i] <= '~' ? (char)data[i] : '.';
        status =
            escape_print(rules, ESCAPE_STRING | ESCAPE_COMMENT, piece, before, before + size, out);
        if (size == CHUNK) {
            memmove(piece, piece + before + size - OVERLAP, OVERLAP);
            before = OVERLAP;
        }
    }
    return status;
}

static const struct value_type bytes_type = {.print = print_bytes};
static const struct value_type printable_type = {.print = print_printable};

static bool find_notation(const struct value *of, const struct said *said, const char *name,
                          size_t length, struct value *child)
{
    static const char by_language[] = "text";
    static const char printable[] = "printable";
    const struct notation *notation = notation_find(name, length);

    if (length == strlen(by_language) && !memcmp(name, by_language, length))
        notation = emission_of(of)->language->text;
    if (!notation)
        return false;
    *child = value_make(
        of, notation == notation_find(printable, strlen(printable)) ? &printable_type : &bytes_type,
        said);
    child->detail = notation;
    child->index = of->index;
    return true;
}

/* Rows: `self` is what was said, `index` the row from 1. */

static size_t row_count(const struct said *said)
{
    return said->length / ROW + (said->length % ROW != 0);
}

static struct value row_number(const struct value *of)
{
    return value_number(of, of->index);
}

static struct value row_offset(const struct value *of)
{
    return value_number(of, (of->index - 1) * ROW);
}

static struct value row_length(const struct value *of)
{
    size_t length;

    bytes_of(of, &length);
    return value_number(of, length);
}

static struct value row_first(const struct value *of)
{
    return value_flag(of, of->index == 1);
}

static struct value row_last(const struct value *of)
{
    return value_flag(of, of->index == row_count(of->self));
}

static bool find_in_row(const struct value *value, const char *name, size_t length,
                        struct value *child)
{
    static const struct value_field fields[] = {
        {"number", row_number}, {"offset", row_offset}, {"length", row_length},
        {"first", row_first},   {"last", row_last},     {0},
    };

    return value_find(fields, value, name, length, child) ||
           find_notation(value, value->self, name, length, child);
}

static bool row_item(const struct value *list, size_t index, struct value *item)
{
    static const struct value_type row_type = {.find = find_in_row};

    if (index >= row_count(list->self))
        return false;
    *item = value_make(list, &row_type, list->self);
    item->index = index + 1;
    return true;
}

static const struct value_type rows_type = {.item = row_item};

/* Messages: `self` is what was said, `detail` the side. */

static size_t message_index(const struct value *value)
{
    const struct side *side = value->detail;

    return (size_t)((const struct said *)value->self - side->messages);
}

static struct value message_number(const struct value *of)
{
    return value_number(of, message_index(of) + 1);
}

static struct value message_first(const struct value *of)
{
    return value_flag(of, message_index(of) == 0);
}

static struct value message_last(const struct value *of)
{
    return value_flag(of, message_index(of) + 1 == ((const struct side *)of->detail)->count);
}

static struct value message_length(const struct value *of)
{
    return value_number(of, ((const struct said *)of->self)->length);
}

static struct value message_missing(const struct value *of)
{
    return value_number(of, ((const struct said *)of->self)->missing);
}

static struct value message_unframed(const struct value *of)
{
    return value_flag(of, ((const struct said *)of->self)->unframed);
}

static struct value message_incomplete(const struct value *of)
{
    const struct said *said = of->self;

    return value_flag(of, said->missing > 0 || said->unframed);
}

static struct value message_empty(const struct value *of)
{
    return value_flag(of, ((const struct said *)of->self)->length == 0);
}

static struct value message_rows(const struct value *of)
{
    return value_make(of, &rows_type, of->self);
}

static struct value message_several_rows(const struct value *of)
{
    return value_flag(of, row_count(of->self) > 1);
}

static bool find_in_message(const struct value *value, const char *name, size_t length,
                            struct value *child)
{
    static const struct value_field fields[] = {
        {"rows", message_rows},
        {"length", message_length},
        {"empty", message_empty},
        {"several_rows", message_several_rows},
        {"incomplete", message_incomplete},
        {"missing", message_missing},
        {"unframed", message_unframed},
        {"number", message_number},
        {"first", message_first},
        {"last", message_last},
        {0},
    };

    return value_find(fields, value, name, length, child) ||
           find_notation(value, value->self, name, length, child);
}

static const struct value_type message_type = {.find = find_in_message};

static bool message_item(const struct value *list, size_t index, struct value *item)
{
    const struct side *side = list->self;

    if (index >= side->count)
        return false;
    *item = value_make(list, &message_type, &side->messages[index]);
    item->detail = side;
    return true;
}

static const struct value_type messages_type = {.item = message_item};

/* Sides: `self` is the side, `detail` the exchange. What stands for all the messages of a side is
 * as if it had been one. */

static size_t side_sum(const struct side *side, bool missing)
{
    size_t sum = 0;

    for (size_t i = 0; i < side->count; i++)
        sum += missing ? side->messages[i].missing : side->messages[i].length;
    return sum;
}

/* NULL if there is no memory. */
static const struct said *side_said(const struct value *of)
{
    static const struct said nothing;
    const struct side *side = of->self;
    struct joined *joined = emission_of(of)->joined;
    uint8_t *data;

    if (side->count < 2)
        return side->count ? side->messages : &nothing;
    if (joined->side == side)
        return &joined->said;
    data = realloc(joined->said.data, side_sum(side, false) + 1);
    if (!data)
        return NULL;
    joined->side = side;
    joined->said = (struct said){.data = data, .missing = side_sum(side, true)};
    for (size_t i = 0; i < side->count; i++) {
        if (side->messages[i].length > 0)
            memcpy(data + joined->said.length, side->messages[i].data, side->messages[i].length);
        joined->said.length += side->messages[i].length;
    }
    return &joined->said;
}

static int print_no_memory(const struct value *value, const struct template_escape *escape,
                           FILE *out)
{
    (void)value;
    (void)escape;
    (void)out;
    return -ENOMEM;
}

static const struct value_type no_memory_type = {.print = print_no_memory};

static struct value side_messages(const struct value *of)
{
    return value_make(of, &messages_type, of->self);
}

static struct value side_rows(const struct value *of)
{
    const struct said *said = side_said(of);

    return value_make(of, said ? &rows_type : &no_memory_type, said);
}

static struct value side_count(const struct value *of)
{
    return value_number(of, ((const struct side *)of->self)->count);
}

static struct value side_length(const struct value *of)
{
    return value_number(of, side_sum(of->self, false));
}

static struct value side_missing(const struct value *of)
{
    return value_number(of, side_sum(of->self, true));
}

static struct value side_lost(const struct value *of)
{
    return value_number(of, ((const struct side *)of->self)->lost);
}

static struct value side_is_incomplete(const struct value *of)
{
    return value_flag(of, side_incomplete(of->self));
}

static struct value side_direction(const struct value *of)
{
    const struct exchange *exchange = of->detail;

    return value_text(of, of->self == &exchange->request ? "request" : "response");
}

static struct value side_first(const struct value *of)
{
    const struct exchange *exchange = of->detail;

    return value_flag(of, of->self == &exchange->request);
}

static struct value side_none(const struct value *of)
{
    return value_flag(of, ((const struct side *)of->self)->count == 0);
}

static struct value side_empty(const struct value *of)
{
    return value_flag(of, side_sum(of->self, false) == 0);
}

static struct value side_several(const struct value *of)
{
    return value_flag(of, ((const struct side *)of->self)->count > 1);
}

static bool find_in_side(const struct value *value, const char *name, size_t length,
                         struct value *child)
{
    static const struct value_field fields[] = {
        {"messages", side_messages},
        {"direction", side_direction},
        {"first", side_first},
        {"rows", side_rows},
        {"count", side_count},
        {"length", side_length},
        {"none", side_none},
        {"empty", side_empty},
        {"several", side_several},
        {"incomplete", side_is_incomplete},
        {"missing", side_missing},
        {"lost", side_lost},
        {0},
    };
    const struct said *said;

    if (value_find(fields, value, name, length, child))
        return true;
    if (!find_notation(value, NULL, name, length, child))
        return false;
    said = side_said(value);
    child->self = said;
    if (!said)
        child->type = &no_memory_type;
    return true;
}

static const struct value_type side_type = {.find = find_in_side};

static bool side_item(const struct value *list, size_t index, struct value *item)
{
    const struct exchange *exchange = list->self;

    if (index > 1)
        return false;
    *item =
        value_make(list, &side_type, index == REQUEST ? &exchange->request : &exchange->response);
    item->detail = exchange;
    return true;
}

struct value value_sides(const struct value *of, const struct exchange *exchange)
{
    static const struct value_type sides_type = {.item = side_item};

    return value_make(of, &sides_type, exchange);
}

struct value value_side(const struct value *of, const struct exchange *exchange,
                        enum direction direction)
{
    struct value sides = value_sides(of, exchange);
    struct value side = {0};

    side_item(&sides, (size_t)direction, &side);
    return side;
}
