/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/ancillary_json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

/* Writing */

static void write_descriptors(FILE *file, const struct control *control)
{
    fputs("{\"descriptors\":[", file);
    for (size_t i = 0; i < control->descriptors.count; i++)
        fprintf(file, "%s\"%s\"", i ? "," : "", descriptor_name(control->descriptors.kinds[i]));
    fputs("]}", file);
}

static void write_control(FILE *file, const struct control *control)
{
    switch (control->kind) {
    case CONTROL_DESCRIPTORS:
        write_descriptors(file, control);
        break;
    case CONTROL_CREDENTIALS:
        fprintf(file,
                "{\"credentials\":{\"pid\":%" PRIu32 ",\"uid\":%" PRIu32 ",\"gid\":%" PRIu32 "}}",
                control->credentials.pid, control->credentials.uid, control->credentials.gid);
        break;
    case CONTROL_OTHER:
        fprintf(file,
                "{\"other\":{\"level\":%" PRId32 ",\"type\":%" PRId32 ",\"length\":%" PRIu32 "}}",
                control->other.level, control->other.type, control->other.length);
        break;
    }
}

void ancillary_write(FILE *file, const struct ancillary *ancillary)
{
    if (ancillary->count > 0)
        fputs(",\"ancillary\":[", file);
    for (size_t i = 0; i < ancillary->count; i++) {
        if (i > 0)
            putc(',', file);
        write_control(file, &ancillary->controls[i]);
    }
    if (ancillary->count > 0)
        putc(']', file);
    if (ancillary->cut)
        fputs(",\"ancillary_cut\":true", file);
}

/* Reading: each returns false when what it reads is not what it must be. */

static bool read_number(const json_t *object, const char *key, int64_t least, int64_t most,
                        int64_t *number)
{
    const json_t *value = json_object_get(object, key);

    *number = json_integer_value(value);
    return json_is_integer(value) && *number >= least && *number <= most;
}

static bool read_unsigned(const json_t *object, const char *key, uint32_t *number)
{
    int64_t value;

    if (!read_number(object, key, 0, UINT32_MAX, &value))
        return false;
    *number = (uint32_t)value;
    return true;
}

static bool read_signed(const json_t *object, const char *key, int32_t *number)
{
    int64_t value;

    if (!read_number(object, key, INT32_MIN, INT32_MAX, &value))
        return false;
    *number = (int32_t)value;
    return true;
}

static bool read_descriptors(struct control *control, const json_t *kinds)
{
    size_t count = json_array_size(kinds);

    if (count == 0 || count > DESCRIPTORS_MAX)
        return false;
    control->kind = CONTROL_DESCRIPTORS;
    control->descriptors.count = count;
    for (size_t i = 0; i < count; i++) {
        const char *name = json_string_value(json_array_get(kinds, i));
        int kind = name ? descriptor_find(name) : -1;

        if (kind < 0)
            return false;
        control->descriptors.kinds[i] = (uint8_t)kind;
    }
    return true;
}

static bool read_credentials(struct control *control, const json_t *object)
{
    control->kind = CONTROL_CREDENTIALS;
    return read_unsigned(object, "pid", &control->credentials.pid) &&
           read_unsigned(object, "uid", &control->credentials.uid) &&
           read_unsigned(object, "gid", &control->credentials.gid);
}

static bool read_other(struct control *control, const json_t *object)
{
    control->kind = CONTROL_OTHER;
    return read_signed(object, "level", &control->other.level) &&
           read_signed(object, "type", &control->other.type) &&
           read_unsigned(object, "length", &control->other.length);
}

/* An object with one of these, which says which control message it is. */
static bool read_control(struct control *control, const json_t *object)
{
    static const struct {
        const char *key;
        bool (*read)(struct control *control, const json_t *value);
    } kinds[] = {
        {"descriptors", read_descriptors},
        {"credentials", read_credentials},
        {"other", read_other},
    };

    *control = (struct control){0};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        const json_t *value = json_object_get(object, kinds[i].key);

        if (value)
            return kinds[i].read(control, value);
    }
    return false;
}

static int read_controls(struct ancillary **ancillary, const json_t *array)
{
    struct control control;
    int err = json_is_array(array) ? 0 : -EINVAL;

    for (size_t i = 0; i < json_array_size(array) && !err; i++) {
        if (read_control(&control, json_array_get(array, i)))
            err = ancillary_add(ancillary, &control);
        else
            err = -EINVAL;
    }
    return err;
}

int ancillary_read(struct ancillary **out, const json_t *message, const char **wrong)
{
    const json_t *array = json_object_get(message, "ancillary");
    const json_t *cut = json_object_get(message, "ancillary_cut");
    struct ancillary *ancillary = NULL;
    int err = 0;

    *wrong = "ancillary";
    if (array)
        err = read_controls(&ancillary, array);
    if (!err && cut) {
        *wrong = "ancillary_cut";
        err = json_is_boolean(cut) ? 0 : -EINVAL;
    }
    if (!err && json_is_true(cut))
        err = ancillary_cut(&ancillary);
    if (err) {
        free(ancillary);
        return err;
    }
    *out = ancillary;
    return 0;
}
