/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What a message carries beside its bytes, as values: passed descriptors, and credentials. */
#include <errno.h>

#include "emit/fixture_values.h"

/*
 * A list of them is of some kinds: `self` is the message, `detail` the kinds. Of an item `index` is
 * which in the list, counted from 0; of what is in an item, too.
 */

struct carried_kinds {
    bool descriptors;
    bool credentials;
};

static bool is_among(const struct carried_kinds *kinds, const struct control *control)
{
    return (kinds->descriptors && control->kind == CONTROL_DESCRIPTORS) ||
           (kinds->credentials && control->kind == CONTROL_CREDENTIALS);
}

/* Goes from a place on to the item of that index; false at the end. */
static bool go_on(struct carried_place *place, size_t index)
{
    const struct said *said = place->said;

    for (; place->carried < said->carried_count; place->carried++, place->control = 0) {
        const struct ancillary *ancillary = said->carried[place->carried].ancillary;

        for (; place->control < ancillary->count; place->control++)
            if (is_among(place->kinds, &ancillary->controls[place->control]) &&
                place->index++ == index)
                return true;
    }
    return false;
}

/*
 * Puts the place of item number `index` of the list in *out; false at the end. It is looked for
 * from where the last one was, as they are asked for one after the other.
 */
static bool find_place(const struct value *value, size_t index, struct carried_place *out)
{
    const struct carried_place *last = &emission_of(value)->latest->carried;

    *out = *last;
    if (last->said != value->self || last->kinds != value->detail || index < last->index)
        *out = (struct carried_place){.said = value->self, .kinds = value->detail};
    if (!go_on(out, index))
        return false;
    out->index = index;
    return true;
}

/* The item, and in *offset the byte that it came with; NULL at the end. */
static const struct control *find_control(const struct value *value, size_t index, size_t *offset)
{
    struct carried_place place;

    if (!find_place(value, index, &place))
        return NULL;
    emission_of(value)->latest->carried = place;
    *offset = place.said->carried[place.carried].offset;
    return &place.said->carried[place.carried].ancillary->controls[place.control];
}

static const struct control *control_of(const struct value *value)
{
    size_t offset;

    return find_control(value, value->index, &offset);
}

/* The kinds of the descriptors that are passed; which of them is in a value of its own. */

static struct value kind_first(const struct value *of)
{
    return value_flag(of, of->index == 0);
}

static struct value kind_last(const struct value *of)
{
    return value_flag(of, of->index + 1 == ((const struct control *)of->self)->descriptors.count);
}

static struct value kind_name(const struct value *of)
{
    const struct control *control = of->self;

    return value_text(of, descriptor_name(control->descriptors.kinds[of->index]));
}

const struct value_field kind_fields[] = {
    {"name", kind_name},
    {"first", kind_first},
    {"last", kind_last},
    {0},
};

static bool kind_item(const struct value *list, size_t index, struct value *item)
{
    static const struct value_type kind_type = {.fields = kind_fields};
    const struct control *control = list->self;

    if (index >= control->descriptors.count)
        return false;
    *item = value_make(list, &kind_type, control);
    item->index = index;
    return true;
}

static int print_kinds(const struct value *value, const struct template_escape *escape, FILE *out)
{
    (void)escape; /* letters, digits, commas and spaces */
    descriptors_print(out, value->self);
    return ferror(out) ? -EIO : 0;
}

static const struct value_type kinds_type = {.item = kind_item, .print = print_kinds};

/* Items. */

static struct value item_offset(const struct value *of)
{
    size_t offset = 0;

    find_control(of, of->index, &offset);
    return value_number(of, offset);
}

static struct value item_first(const struct value *of)
{
    return value_flag(of, of->index == 0);
}

static struct value item_last(const struct value *of)
{
    struct carried_place next; /* what is asked for then is still this one */

    return value_flag(of, !find_place(of, of->index + 1, &next));
}

static struct value item_count(const struct value *of)
{
    return value_number(of, control_of(of)->descriptors.count);
}

static struct value item_kinds(const struct value *of)
{
    return value_make(of, &kinds_type, control_of(of));
}

static struct value item_uid(const struct value *of)
{
    return value_number(of, control_of(of)->credentials.uid);
}

static struct value item_gid(const struct value *of)
{
    return value_number(of, control_of(of)->credentials.gid);
}

const struct value_field carried_fields[] = {
    {"offset", item_offset},
    {"first", item_first},
    {"last", item_last},
    {0},
};

const struct value_field descriptors_fields[] = {
    {"count", item_count},
    {"kinds", item_kinds},
    {0},
};

const struct value_field credentials_fields[] = {
    {"uid", item_uid},
    {"gid", item_gid},
    {0},
};

static bool find_in_item(const struct value *value, const char *name, size_t length,
                         struct value *child)
{
    bool descriptors = control_of(value)->kind == CONTROL_DESCRIPTORS;

    return value_find(descriptors ? descriptors_fields : credentials_fields, value, name, length,
                      child);
}

/* In a few words, without a process number, as that differs each time. */
static int print_item(const struct value *value, const struct template_escape *escape, FILE *out)
{
    size_t offset;
    const struct control *control = find_control(value, value->index, &offset);

    (void)escape; /* letters, digits, parentheses, commas and spaces */
    if (offset > 0)
        fprintf(out, "at byte %zu ", offset);
    fputs("with ", out);
    control_print(out, control, false);
    return ferror(out) ? -EIO : 0;
}

static bool carried_item(const struct value *list, size_t index, struct value *item)
{
    static const struct value_type item_type = {
        .fields = carried_fields, .find = find_in_item, .print = print_item};
    size_t offset;

    if (!find_control(list, index, &offset))
        return false;
    *item = value_make(list, &item_type, list->self);
    item->detail = list->detail;
    item->index = index;
    return true;
}

static struct value list_of(const struct value *of, const struct carried_kinds *kinds)
{
    static const struct value_type list_type = {.item = carried_item};
    struct value list = value_make(of, &list_type, of->self);

    list.detail = kinds;
    return list;
}

struct value value_carried(const struct value *of)
{
    static const struct carried_kinds kinds = {.descriptors = true, .credentials = true};

    return list_of(of, &kinds);
}

struct value value_descriptors(const struct value *of)
{
    static const struct carried_kinds kinds = {.descriptors = true};

    return list_of(of, &kinds);
}

struct value value_credentials(const struct value *of)
{
    static const struct carried_kinds kinds = {.credentials = true};

    return list_of(of, &kinds);
}
