/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What is known of parts of a message, as values: its volatile ranges, its redacted ones, a mask.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "emit/fixture_values.h"

/*
 * Of a list and of a range in it, `self` is what was said and `extent` 1 if by the server; `detail`
 * is the kind of list, and of a range, `index` which one it is in that.
 */
struct ranges_kind {
    bool is_volatile;
};

/* The next range of the kind, from there on; the number of ranges when there is none. */
static size_t next_place(const struct range_place *range, size_t at)
{
    const struct ranges *ranges = &range->said->ranges;

    while (at < ranges->count && range_is_volatile(&ranges->items[at]) != range->kind->is_volatile)
        at++;
    return at;
}

/* The one before it, which there is. */
static size_t place_before(const struct range_place *range, size_t at)
{
    do
        at--;
    while (range_is_volatile(&range->said->ranges.items[at]) != range->kind->is_volatile);
    return at;
}

/*
 * The range of the kind that has this index, or NULL. It is looked for from where the last one was,
 * as they are asked for one after the other.
 */
static const struct range *range_at(const struct value *value, size_t index)
{
    struct range_place *range = &emission_of(value)->latest->range;
    const struct said *said = value->self;

    if (range->said != said || range->kind != value->detail) {
        *range = (struct range_place){.said = said, .kind = value->detail};
        range->at = next_place(range, 0);
    }
    if (range->at == said->ranges.count)
        return NULL; /* there is none at all */
    for (; range->index > index; range->index--)
        range->at = place_before(range, range->at);
    for (; range->index < index; range->index++) {
        size_t next = next_place(range, range->at + 1);

        if (next == said->ranges.count)
            return NULL;
        range->at = next;
    }
    return &said->ranges.items[range->at];
}

static const struct range *range_of(const struct value *value)
{
    return range_at(value, value->index);
}

static struct value range_offset(const struct value *of)
{
    return value_number(of, range_of(of)->offset);
}

static struct value range_length(const struct value *of)
{
    return value_number(of, range_of(of)->length);
}

static struct value range_past(const struct value *of)
{
    return value_number(of, range_end(range_of(of)));
}

static struct value range_kind(const struct value *of)
{
    return value_text(of, range_kind_name(range_of(of)->kind));
}

static struct value range_first(const struct value *of)
{
    return value_flag(of, of->index == 0);
}

static struct value range_last(const struct value *of)
{
    return value_flag(of, !range_at(of, of->index + 1));
}

const struct value_field range_fields[] = {
    {"offset", range_offset},
    {"length", range_length},
    {"end", range_past},
    {"kind", range_kind},
    {"first", range_first},
    {"last", range_last},
    {0},
};

/* Letters, digits, brackets and commas, which no language minds. */
static int print_range(const struct value *value, const struct template_escape *escape, FILE *out)
{
    char text[RANGE_TEXT_SIZE];

    (void)escape;
    range_text(range_of(value), value->extent ? "response" : "request", text);
    return fputs(text, out) < 0 ? -errno : 0;
}

static bool range_item(const struct value *list, size_t index, struct value *item)
{
    static const struct value_type type = {.fields = range_fields, .print = print_range};

    if (!range_at(list, index))
        return false;
    *item = *list;
    item->type = &type;
    item->index = index;
    return true;
}

static struct value ranges_of(const struct value *of, const struct ranges_kind *kind)
{
    static const struct value_type type = {.item = range_item};
    struct value list = value_make(of, &type, of->self);

    list.detail = kind;
    list.extent = of->extent;
    return list;
}

struct value value_volatile(const struct value *of)
{
    static const struct ranges_kind kind = {.is_volatile = true};

    return ranges_of(of, &kind);
}

struct value value_redacted(const struct value *of)
{
    static const struct ranges_kind kind = {.is_volatile = false};

    return ranges_of(of, &kind);
}

/* Masks: `self` is the message that it is of, and their form says so. */

static struct value mask_rows(const struct value *of)
{
    return value_rows(of);
}

static struct value mask_several_rows(const struct value *of)
{
    return value_flag(of, value_has_several_rows(of));
}

const struct value_field mask_fields[] = {
    {"rows", mask_rows}, {"several_rows", mask_several_rows}, {0}};

static bool find_in_mask(const struct value *value, const char *name, size_t length,
                         struct value *child)
{
    const struct said *said = value->self;

    return value_find_notation(value, 0, said->length, name, length, child);
}

/* The mask is made when it is asked for, and kept until that of another message is. */
const struct said *value_said_of_mask(const struct value *of)
{
    static const struct said nothing;
    struct mask *mask = &emission_of(of)->latest->mask;
    const struct said *said = of->self;
    uint8_t *data;

    if (mask->of == said)
        return &mask->said;
    data = realloc(mask->said.data, said->length + 1);
    if (!data) {
        emission_of(of)->latest->no_memory = true;
        return &nothing;
    }
    memset(data, 0xff, said->length);
    for (size_t i = 0; i < said->ranges.count; i++)
        if (range_is_volatile(&said->ranges.items[i]))
            memset(data + said->ranges.items[i].offset, 0, said->ranges.items[i].length);
    mask->of = said;
    mask->said = (struct said){.data = data, .length = said->length};
    return &mask->said;
}

struct value value_mask(const struct value *of)
{
    static const struct value_type type = {.fields = mask_fields, .find = find_in_mask};
    struct value mask = value_make(of, &type, of->self);

    mask.form = FORM_MASK;
    return mask;
}
