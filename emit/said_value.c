/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What was said, as values: the sides of an exchange and their messages. */
#include <stdlib.h>
#include <string.h>

#include "emit/fixture_values.h"

/* Messages: `self` is what was said, `detail` the side, and `extent` 1 if that is a response. */

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

static struct value message_ancillary_cut(const struct value *of)
{
    return value_flag(of, said_carried_more(of->self));
}

static struct value message_incomplete(const struct value *of)
{
    const struct said *said = of->self;

    return value_flag(of, said->missing > 0 || said->unframed || said_carried_more(said));
}

static struct value message_empty(const struct value *of)
{
    return value_flag(of, ((const struct said *)of->self)->length == 0);
}

static struct value message_rows(const struct value *of)
{
    return value_rows(of);
}

static struct value message_several_rows(const struct value *of)
{
    return value_flag(of, value_has_several_rows(of));
}

static struct value message_readable(const struct value *of)
{
    return value_flag(of, value_is_readable(of));
}

static struct value message_lines(const struct value *of)
{
    return value_lines(of);
}

static struct value message_several_lines(const struct value *of)
{
    return value_flag(of, value_has_several_lines(of));
}

static struct value message_embedded(const struct value *of)
{
    return value_embedded(of, of->detail, message_index(of));
}

static struct value message_file(const struct value *of)
{
    if (!emission_of(of)->language->folder)
        return (struct value){0};
    return value_file(of, of->detail, message_index(of));
}

static struct value message_several_blocks(const struct value *of)
{
    return value_flag(of, value_has_several_blocks(of));
}

const struct value_field message_fields[] = {
    {"message", value_itself},
    {"rows", message_rows},
    {"length", message_length},
    {"empty", message_empty},
    {"several_rows", message_several_rows},
    {"several_blocks", message_several_blocks},
    {"readable", message_readable},
    {"lines", message_lines},
    {"several_lines", message_several_lines},
    {"embedded", message_embedded},
    {"file", message_file},
    {"volatile", value_volatile},
    {"redacted", value_redacted},
    {"mask", value_mask},
    {"incomplete", message_incomplete},
    {"missing", message_missing},
    {"unframed", message_unframed},
    {"ancillary", value_carried},
    {"ancillary_cut", message_ancillary_cut},
    {"descriptors", value_descriptors},
    {"credentials", value_credentials},
    {"number", message_number},
    {"first", message_first},
    {"last", message_last},
    {0},
};

static bool find_in_message(const struct value *value, const char *name, size_t length,
                            struct value *child)
{
    const struct said *said = value->self;

    return value_find_notation(value, 0, said->length, name, length, child);
}

static const struct value_type message_type = {.fields = message_fields, .find = find_in_message};

static bool message_item(const struct value *list, size_t index, struct value *item)
{
    const struct side *side = list->self;

    if (index >= side->count)
        return false;
    *item = value_make(list, &message_type, &side->messages[index]);
    item->detail = side;
    item->extent = list->extent;
    return true;
}

static const struct value_type messages_type = {.item = message_item};

/* Sides: `self` is the side, `detail` the exchange, and their form says so. */

static size_t side_sum(const struct side *side, bool missing)
{
    size_t sum = 0;

    for (size_t i = 0; i < side->count; i++)
        sum += missing ? side->messages[i].missing : side->messages[i].length;
    return sum;
}

/* Appends a message, of which the ranges then stand where its bytes do. Returns 0 or -ENOMEM. */
static int join(struct said *joined, const struct said *said)
{
    int err = 0;

    for (size_t i = 0; i < said->ranges.count && !err; i++) {
        struct range range = said->ranges.items[i];

        range.offset += joined->length;
        err = ranges_add(&joined->ranges, range);
    }
    if (said->length > 0)
        memcpy(joined->data + joined->length, said->data, said->length);
    joined->length += said->length;
    return err;
}

/* All that was said, as if it had been one message. */
static const struct said *side_said(const struct value *of)
{
    static const struct said nothing;
    const struct side *side = of->self;
    struct joined *joined = &emission_of(of)->latest->joined;
    uint8_t *data;
    int err = 0;

    if (side->count < 2)
        return side->count ? side->messages : &nothing;
    if (joined->side == side)
        return &joined->said;
    data = realloc(joined->said.data, side_sum(side, false) + 1);
    if (data) {
        ranges_free(&joined->said.ranges);
        joined->said = (struct said){.data = data, .missing = side_sum(side, true)};
    }
    for (size_t i = 0; i < side->count && data && !err; i++)
        err = join(&joined->said, &side->messages[i]);
    joined->side = data && !err ? side : NULL;
    if (joined->side)
        return &joined->said;
    emission_of(of)->latest->no_memory = true;
    return &nothing;
}

const struct said *value_said(const struct value *of)
{
    switch ((enum form)of->form) {
    case FORM_SIDE:
        return side_said(of);
    case FORM_MASK:
        return value_said_of_mask(of);
    case FORM_MESSAGE:
        break;
    }
    return of->self;
}

static struct value side_messages(const struct value *of)
{
    const struct exchange *exchange = of->detail;
    struct value messages = value_make(of, &messages_type, of->self);

    messages.extent = of->self == &exchange->response;
    return messages;
}

static struct value side_rows(const struct value *of)
{
    return value_rows(of);
}

static struct value side_readable(const struct value *of)
{
    return value_flag(of, value_is_readable(of));
}

static struct value side_lines(const struct value *of)
{
    return value_lines(of);
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

const struct value_field side_fields[] = {
    {"side", value_itself},
    {"messages", side_messages},
    {"direction", side_direction},
    {"first", side_first},
    {"rows", side_rows},
    {"readable", side_readable},
    {"lines", side_lines},
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

static bool find_in_side(const struct value *value, const char *name, size_t length,
                         struct value *child)
{
    return value_is_notation(name, length) &&
           value_find_notation(value, 0, side_sum(value->self, false), name, length, child);
}

static const struct value_type side_type = {.fields = side_fields, .find = find_in_side};

static bool side_item(const struct value *list, size_t index, struct value *item)
{
    const struct exchange *exchange = list->self;

    if (index > 1)
        return false;
    *item = value_make(list, &side_type, exchange_side(exchange, (enum direction)index));
    item->detail = exchange;
    item->form = FORM_SIDE;
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
