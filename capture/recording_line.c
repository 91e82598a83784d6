/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/recording_line.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "capture/json_text.h"

int recording_fail(struct recording_error *error, size_t line, size_t column, const char *text)
{
    error->line = line;
    error->column = column;
    snprintf(error->text, sizeof(error->text), "%s", text);
    return -EINVAL;
}

static bool has_data(const char *from, const char *to)
{
    static const char word[] = "\"data\"";

    return memmem(from, (size_t)(to - from), word, strlen(word));
}

/*
 * Nearly all of a line is its data, which needs no JSON parser: takes the line apart into data and
 * rest. What is not as recording_add() writes it is left to the parser as a whole. In JSON, a quote
 * that belongs to a string has a backslash before it, so with a comma before it this is a key.
 */
static bool cut_data(struct recording_line *line, size_t length)
{
    static const char key[] = ",\"data\":\"";
    const char *end = line->text + length;
    const char *from = memmem(line->text, length, key, strlen(key));
    const char *to;
    size_t before, after;

    line->data = NULL;
    from = from ? from + strlen(key) : end;
    to = memchr(from, '"', (size_t)(end - from));
    if (!to || memchr(from, '\\', (size_t)(to - from)) || has_data(to, end) ||
        has_data(line->text, from - strlen(key)))
        return false;
    before = (size_t)(from - line->text);
    after = (size_t)(end - to);
    if (before + after > line->rest_room) {
        char *rest = realloc(line->rest, before + after);

        if (!rest)
            return false;
        line->rest = rest;
        line->rest_room = before + after;
    }
    memcpy(line->rest, line->text, before);
    memcpy(line->rest + before, to, after);
    line->data = from;
    line->data_size = (size_t)(to - from);
    return true;
}

/* Whether what was cut out was the object's own data, and not that of an object in it. */
static bool cut_right(const struct recording_line *line, const json_t *object)
{
    const json_t *value = json_object_get(object, "data");

    return line->data && json_is_string(value) && json_string_length(value) == 0;
}

/* Parses the line that was read, its data apart if it can be. */
static json_t *parse_line(struct recording_line *line, size_t length, json_error_t *wrong)
{
    json_t *object = NULL;

    if (cut_data(line, length))
        object = json_from_text(line->rest, length - line->data_size, wrong);
    if (cut_right(line, object))
        return object;
    json_decref(object);
    line->data = NULL;
    return json_from_text(line->text, length, wrong);
}

int recording_line_next(struct recording_line *line, json_t **out, struct recording_error *error)
{
    json_error_t wrong;
    ssize_t length;
    bool starved;

    *out = NULL;
    errno = 0;
    length = getline(&line->text, &line->room, line->file);
    if (length < 0 && errno) {
        int err = -errno;

        recording_fail(error, line->number + 1, 1, strerror(-err));
        return err;
    }
    if (length < 0)
        return 0;
    line->number++;
    *out = parse_line(line, (size_t)length, &wrong);
    starved = errno == ENOMEM;
    if (!*out && !starved && line->number > 1 && line->text[length - 1] != '\n')
        return 0; /* its writer was killed while it wrote this line */
    if (!*out) {
        recording_fail(error, line->number, wrong.column > 0 ? wrong.column : 1, wrong.text);
        return starved ? -ENOMEM : -EINVAL;
    }
    if (!json_is_object(*out)) {
        json_decref(*out);
        *out = NULL;
        return recording_fail(error, line->number, 1, "not an object");
    }
    return 0;
}

void recording_line_free(struct recording_line *line)
{
    free(line->text);
    free(line->rest);
}
