/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A range is [offset, length], and of a volatile one, an object says what else is known of it. */
#include "capture/range_json.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* What is known of a volatile range, by kind. */

static void write_kind(FILE *file, const struct range *range)
{
    fprintf(file, ",{\"kind\":\"%s\"", range_kind_name(range->kind));
    if (range->kind == RANGE_ECHO)
        fprintf(file, ",\"message\":%zu,\"offset\":%zu", range->echo_message + 1,
                range->echo_offset);
    if (range->kind == RANGE_COUNTER)
        fprintf(file, ",\"step\":%" PRId64, range->step);
    if (range->kind == RANGE_TIME)
        fprintf(file, ",\"unit\":\"%s\"", range->unit);
    if (range->kind == RANGE_COUNTER || range->kind == RANGE_TIME || range->kind == RANGE_PID)
        fprintf(file, ",\"form\":\"%s\"", range_form_name(range->form));
    putc('}', file);
}

static void write_list(FILE *file, const char *key, const struct ranges *ranges, bool redacted)
{
    const char *before = "";

    for (size_t i = 0; i < ranges->count; i++) {
        const struct range *range = &ranges->items[i];

        if (range_is_volatile(range) == redacted)
            continue;
        if (!*before)
            fprintf(file, ",\"%s\":[", key);
        fprintf(file, "%s[%zu,%zu", before, range->offset, range->length);
        if (range->kind != RANGE_BYTES && range->kind != RANGE_REDACTED)
            write_kind(file, range);
        putc(']', file);
        before = ",";
    }
    if (*before)
        putc(']', file);
}

void range_write(FILE *file, const struct message *message)
{
    if (message->runs)
        fprintf(file, ",\"seen\":[%u,%u]", message->seen, message->runs);
    if (!message->ranges)
        return;
    write_list(file, "volatile", message->ranges, false);
    write_list(file, "redacted", message->ranges, true);
}

/* Reading. Each returns false where the field is not what it must be. */

static bool read_size(const json_t *value, size_t most, size_t *out)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        (uint64_t)json_integer_value(value) > most)
        return false;
    *out = (size_t)json_integer_value(value);
    return true;
}

static bool read_form(const json_t *object, struct range *range)
{
    const char *name = json_string_value(json_object_get(object, "form"));

    for (range->form = FORM_BIG; range_form_name(range->form); range->form++)
        if (name && strcmp(name, range_form_name(range->form)) == 0)
            return true;
    return false;
}

static bool read_unit(const json_t *object, struct range *range)
{
    const char *name = json_string_value(json_object_get(object, "unit"));

    for (size_t i = 0; name && range_units[i]; i++) {
        if (strcmp(name, range_units[i]) == 0) {
            range->unit = range_units[i];
            return true;
        }
    }
    return false;
}

static bool read_echo(const json_t *object, struct range *range)
{
    if (!read_size(json_object_get(object, "message"), INT32_MAX, &range->echo_message) ||
        !read_size(json_object_get(object, "offset"), INT64_MAX, &range->echo_offset))
        return false;
    return range->echo_message-- > 0;
}

static bool read_kind(const json_t *object, struct range *range)
{
    const char *name = json_string_value(json_object_get(object, "kind"));

    for (range->kind = RANGE_BYTES; range_kind_name(range->kind); range->kind++)
        if (name && strcmp(name, range_kind_name(range->kind)) == 0)
            break;
    range->step = json_integer_value(json_object_get(object, "step"));
    switch (range->kind) {
    case RANGE_LENGTH:
        return true;
    case RANGE_ECHO:
        return read_echo(object, range);
    case RANGE_TIME:
        return read_unit(object, range) && read_form(object, range);
    case RANGE_COUNTER:
    case RANGE_PID:
        return read_form(object, range);
    default: /* a kind that this program does not know: of what it says, the bytes remain */
        range->kind = RANGE_BYTES;
        return name != NULL;
    }
}

static bool read_range(const json_t *value, size_t length, struct range *range)
{
    const json_t *known = json_array_get(value, 2);

    return read_size(json_array_get(value, 0), length, &range->offset) &&
           read_size(json_array_get(value, 1), length - range->offset, &range->length) &&
           (!known || range->kind == RANGE_REDACTED || read_kind(known, range));
}

static int read_list(struct ranges *ranges, const json_t *list, enum range_kind kind, size_t length)
{
    size_t last = 0;
    int err = 0;

    if (list && !json_is_array(list))
        return -EINVAL;
    for (size_t i = 0; i < json_array_size(list) && !err; i++) {
        struct range range = {.kind = kind};

        if (!read_range(json_array_get(list, i), length, &range) || range.offset < last)
            return -EINVAL;
        last = range_end(&range);
        err = ranges_add(ranges, range);
    }
    return err;
}

int range_read(struct message *message, struct ranges *ranges, const json_t *object,
               const char **wrong)
{
    const json_t *seen = json_object_get(object, "seen");
    size_t times = 0, runs = 0;
    struct ranges redacted = {0};
    int err;

    *wrong = "seen";
    if (seen && (!read_size(json_array_get(seen, 1), UINT32_MAX, &runs) ||
                 !read_size(json_array_get(seen, 0), runs, &times) || !runs))
        return -EINVAL;
    message->seen = (unsigned)times;
    message->runs = (unsigned)runs;
    *wrong = "volatile";
    err = read_list(ranges, json_object_get(object, *wrong), RANGE_BYTES, message->length);
    if (err)
        return err;
    *wrong = "redacted";
    err = read_list(&redacted, json_object_get(object, *wrong), RANGE_REDACTED, message->length);
    if (!err) /* all at once: one by one, each would be put among those that are volatile */
        err = ranges_merge(ranges, &redacted);
    ranges_free(&redacted);
    return err;
}
