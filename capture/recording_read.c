/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Reads recordings, of which nothing is believed: each field is what sockfixture-recording(5) says,
 * or it is told which one is not.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "capture/ancillary_json.h"
#include "capture/base64.h"
#include "capture/clock.h"
#include "capture/losses.h"
#include "capture/range_json.h"
#include "capture/recording.h"
#include "capture/recording_format.h"
#include "capture/recording_line.h"
#include "capture/text.h"
#include "capture/words.h"

struct recording_reader {
    struct recording_line line; /* the last one that was read */
    char **command;
    char *backend;
    struct losses losses;
    bool complete;
    uint64_t messages;
    uint32_t conversations; /* the highest number of one so far */
    uint8_t *data;
    size_t data_room;
};

/* Field by field: the first that is wrong is told, and the others are read as if it were right. */
struct fields {
    const json_t *object;
    const char *wrong; /* the first key whose value is not what it must be */
};

static void fields_fail(struct fields *fields, const char *key)
{
    if (!fields->wrong)
        fields->wrong = key;
}

static uint64_t get_number(struct fields *fields, const char *key, uint64_t most, bool required)
{
    const json_t *value = json_object_get(fields->object, key);

    if (!value && !required)
        return 0;
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        (uint64_t)json_integer_value(value) > most) {
        fields_fail(fields, key);
        return 0;
    }
    return json_integer_value(value);
}

static const char *get_string(struct fields *fields, const char *key)
{
    const char *string = json_string_value(json_object_get(fields->object, key));

    if (string)
        return string;
    fields_fail(fields, key);
    return "";
}

static int get_name(struct fields *fields, const char *key, const struct recording_name *names)
{
    int value;

    if (!recording_value_of(names, get_string(fields, key), &value))
        fields_fail(fields, key);
    return value;
}

/* Seconds, a point and nine digits, and nothing that another program would read otherwise. */
static uint64_t get_time(struct fields *fields)
{
    static const char decimal[] = "0123456789";
    const char *string = get_string(fields, "time");
    size_t digits = strspn(string, decimal);
    uint64_t seconds, nanoseconds;

    if (digits == 0 || digits > 11 || string[digits] != '.' ||
        strspn(string + digits + 1, decimal) != 9 || string[digits + 10]) {
        fields_fail(fields, "time");
        return 0;
    }
    seconds = strtoull(string, NULL, 10);
    nanoseconds = strtoull(string + digits + 1, NULL, 10);
    if (seconds > (UINT64_MAX - nanoseconds) / SECOND) {
        fields_fail(fields, "time");
        return 0;
    }
    return seconds * SECOND + nanoseconds;
}

static void get_end(struct fields *fields, struct end *end)
{
    memset(end, 0, sizeof(*end));
    end->pid = get_number(fields, "pid", UINT32_MAX, true);
    end->inode = get_number(fields, "inode", INT64_MAX, true);
    end->address = (char *)get_string(fields, "address");
    if (!text_unescape(end->comm, sizeof(end->comm), get_string(fields, "comm")))
        fields_fail(fields, "comm");
}

static int get_data(struct recording_reader *reader, struct fields *fields, struct message *message)
{
    const json_t *value = json_object_get(fields->object, "data");
    const char *text = reader->line.data ? reader->line.data : json_string_value(value);
    size_t size = reader->line.data ? reader->line.data_size : json_string_length(value);
    ssize_t length;

    if (!json_is_string(value)) {
        fields_fail(fields, "data");
        return 0;
    }
    if (size > reader->data_room) {
        uint8_t *room = realloc(reader->data, size);

        if (!room)
            return -ENOMEM;
        reader->data = room;
        reader->data_room = size;
    }
    length = base64_decode(reader->data, text, size);
    if (length < 0)
        fields_fail(fields, "data");
    message->data = reader->data;
    message->length = length < 0 ? 0 : length;
    return 0;
}

static int get_ancillary(struct fields *fields, struct ancillary **ancillary)
{
    const char *wrong;
    int err = ancillary_read(ancillary, fields->object, &wrong);

    if (err != -EINVAL)
        return err;
    fields_fail(fields, wrong);
    return 0;
}

static int get_ranges(struct fields *fields, struct message *message, struct ranges *ranges)
{
    const char *wrong;
    int err = range_read(message, ranges, fields->object, &wrong);

    message->ranges = ranges;
    if (err != -EINVAL)
        return err;
    fields_fail(fields, wrong);
    return 0;
}

/* Tells which key of the object is not what it must be; within is what leads to the object. */
static int fail_key(struct recording_error *error, size_t line, const char *within,
                    const json_t *object, const char *key)
{
    char text[128];

    snprintf(text, sizeof(text), "\"%s%s\" is %s", within, key,
             json_object_get(object, key) ? "wrong" : "missing");
    return recording_fail(error, line, 1, text);
}

/* Tells the first field that was wrong, if there was one. */
static int check_fields(const struct recording_reader *reader, const struct fields *fields,
                        const struct fields *of_peer, struct recording_error *error)
{
    size_t line = reader->line.number;

    if (fields->wrong)
        return fail_key(error, line, "", fields->object, fields->wrong);
    if (of_peer->wrong)
        return fail_key(error, line, "peer.", of_peer->object, of_peer->wrong);
    return 0;
}

static int hand_on(struct recording_reader *reader, const struct message *message,
                   int (*add)(void *context, const struct message *message), void *context,
                   struct recording_error *error)
{
    if (message->conversation == 0 || message->conversation - 1 > reader->conversations)
        return recording_fail(error, reader->line.number, 1, "\"conversation\" skips a number");
    if (message->conversation > reader->conversations)
        reader->conversations = message->conversation;
    reader->messages++;
    error->text[0] = '\0';
    return add(context, message);
}

static int read_message(struct recording_reader *reader, const json_t *object,
                        int (*add)(void *context, const struct message *message), void *context,
                        struct recording_error *error)
{
    struct fields fields = {.object = object};
    struct fields of_peer = {.object = json_object_get(object, "peer")};
    struct ancillary *ancillary = NULL;
    struct ranges ranges = {0};
    struct end self, peer;
    struct message message = {.self = &self, .peer = &peer};
    int err;

    message.time = get_time(&fields);
    message.conversation = get_number(&fields, "conversation", UINT32_MAX, true);
    message.direction = get_name(&fields, "direction", recording_directions);
    message.family = get_name(&fields, "family", recording_families);
    message.type = get_name(&fields, "type", recording_types);
    message.sent = get_name(&fields, "call", recording_calls);
    message.tid = get_number(&fields, "tid", UINT32_MAX, true);
    message.missing = get_number(&fields, "missing", INT64_MAX, false);
    message.lost = get_number(&fields, "lost", INT64_MAX, false);
    get_end(&fields, &self);
    if (!json_is_object(of_peer.object))
        fields_fail(&fields, "peer");
    get_end(&of_peer, &peer);
    err = get_data(reader, &fields, &message);
    if (!err)
        err = get_ancillary(&fields, &ancillary);
    if (!err)
        err = get_ranges(&fields, &message, &ranges);
    if (err) {
        recording_fail(error, reader->line.number, 1, strerror(-err));
        goto out;
    }
    message.ancillary = ancillary;
    if (get_number(&fields, "length", INT64_MAX, true) != message.length + message.missing)
        fields_fail(&fields, "length");
    err = check_fields(reader, &fields, &of_peer, error);
    if (!err)
        err = hand_on(reader, &message, add, context, error);
out:
    ranges_free(&ranges);
    free(ancillary);
    return err;
}

static void read_losses(struct fields *fields, struct losses *losses)
{
    for (const struct loss *counter = loss_counters; counter->name; counter++)
        *losses_at(losses, counter) =
            get_number(fields, counter->name, INT64_MAX, counter->place == LOSS_ALWAYS);
}

static int read_end(struct recording_reader *reader, const json_t *end,
                    struct recording_error *error)
{
    struct fields fields = {.object = end};
    struct fields lost = {.object = json_object_get(end, "lost")};

    if (get_number(&fields, "messages", INT64_MAX, true) != reader->messages)
        fields_fail(&fields, "messages");
    read_losses(&lost, &reader->losses);
    if (fields.wrong || lost.wrong)
        return recording_fail(error, reader->line.number, 1,
                              "the last line is wrong: messages are missing");
    reader->complete = true;
    return 0;
}

static int read_command(struct recording_reader *reader, const json_t *header,
                        struct recording_error *error)
{
    int err = words_from_json(&reader->command, json_object_get(header, "command"));

    if (err == -EINVAL)
        return fail_key(error, 1, "", header, "command");
    if (err)
        recording_fail(error, 1, 1, strerror(ENOMEM));
    return err;
}

static int read_backend(struct recording_reader *reader, const json_t *header,
                        struct recording_error *error)
{
    const char *backend = json_string_value(json_object_get(header, "backend"));

    if (!backend)
        return fail_key(error, 1, "", header, "backend");
    reader->backend = strdup(backend);
    if (reader->backend)
        return 0;
    recording_fail(error, 1, 1, strerror(ENOMEM));
    return -ENOMEM;
}

static int read_header(struct recording_reader *reader, struct recording_error *error)
{
    json_t *header;
    const char *format;
    int err = recording_line_next(&reader->line, &header, error);

    if (err)
        return err;
    format = json_string_value(json_object_get(header, "format"));
    if (!format || strcmp(format, RECORDING_FORMAT) != 0)
        err = recording_fail(error, 1, 1, "not a recording of sockfixture");
    else if (json_integer_value(json_object_get(header, "version")) != RECORDING_VERSION)
        err = recording_fail(error, 1, 1, "a recording of another version than this program knows");
    else
        err = read_command(reader, header, error);
    if (!err)
        err = read_backend(reader, header, error);
    json_decref(header);
    return err;
}

int recording_open(struct recording_reader **out, FILE *file, struct recording_error *error)
{
    struct recording_reader *reader = calloc(1, sizeof(*reader));
    int err;

    if (!reader) {
        recording_fail(error, 1, 1, strerror(ENOMEM));
        return -ENOMEM;
    }
    reader->line.file = file;
    err = read_header(reader, error);
    if (err) {
        recording_close(reader);
        return err;
    }
    *out = reader;
    return 0;
}

void recording_close(struct recording_reader *reader)
{
    if (!reader)
        return;
    words_free(reader->command);
    free(reader->backend);
    recording_line_free(&reader->line);
    free(reader->data);
    free(reader);
}

const char *recording_backend(const struct recording_reader *reader)
{
    return reader->backend;
}

char *const *recording_command(const struct recording_reader *reader)
{
    return reader->command;
}

int recording_read(struct recording_reader *reader,
                   int (*add)(void *context, const struct message *message), void *context,
                   struct recording_error *error)
{
    json_t *object, *end;
    int err;

    while (!(err = recording_line_next(&reader->line, &object, error)) && object) {
        end = json_object_get(object, "end");
        if (reader->complete)
            err = recording_fail(error, reader->line.number, 1, "more lines after the last one");
        else if (json_object_get(object, "format"))
            err = recording_fail(error, reader->line.number, 1,
                                 "another recording begins here, and the one before has no end");
        else if (end)
            err = read_end(reader, end, error);
        else
            err = read_message(reader, object, add, context, error);
        json_decref(object);
        if (err)
            break;
    }
    return err;
}

void recording_losses(const struct recording_reader *reader, struct losses *losses, bool *complete)
{
    *losses = reader->losses;
    *complete = reader->complete;
}
