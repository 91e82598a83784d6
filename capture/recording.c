/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The first line says what it is a recording of; then a line a message; the last line says how many
 * there were and what was lost, so that a recording cut short shows. As what was lost is known last
 * but wanted first, the first line has room for it and is written again at the end.
 */
#include "capture/recording.h"

#include <errno.h>
#include <jansson.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/ancillary_json.h"
#include "capture/base64.h"
#include "capture/json_text.h"
#include "capture/range_json.h"
#include "capture/text.h"

#define FORMAT "sockfixture-recording"
enum {
    FORMAT_VERSION = 1,
    TEXT_MAX = 1024, /* bytes of a message that are shown as text, too */
};

struct name {
    const char *name;
    int value;
};

static const struct name families[] = {
    {"unix", AF_UNIX},
    {"inet", AF_INET},
    {"inet6", AF_INET6},
    {NULL, 0},
};

static const struct name types[] = {
    {"stream", SOCK_STREAM},
    {"dgram", SOCK_DGRAM},
    {"seqpacket", SOCK_SEQPACKET},
    {NULL, 0},
};

static const struct name directions[] = {
    {"request", REQUEST},
    {"response", RESPONSE},
    {NULL, 0},
};

static const struct name calls[] = {
    {"send", true},
    {"receive", false},
    {NULL, 0},
};

static const char *name_of(const struct name *names, int value)
{
    while (names->name && names->value != value)
        names++;
    return names->name;
}

/* Writing */

struct recording_writer {
    FILE *file;
    json_t *header;
    size_t header_size; /* of the first line, the newline not counted */
    off_t start;        /* of the recording in the file; -1 when it cannot be sought in */
    off_t whole;        /* up to here there are whole lines, if it can */
    uint64_t messages;
    char *base64;
    size_t base64_room;
};

static json_t *losses_object(const struct losses *losses)
{
    json_t *object =
        json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "messages", (json_int_t)losses->messages,
                  "bytes", (json_int_t)losses->bytes, "cut", (json_int_t)losses->cut, "unfollowed",
                  (json_int_t)losses->unfollowed, "foreign", (json_int_t)losses->foreign,
                  "bypassed", (json_int_t)losses->bypassed);

    if (!object || (!losses->shortened && !losses->left_out))
        return object;
    if (!json_object_set_new(object, "shortened", json_integer((json_int_t)losses->shortened)) &&
        !json_object_set_new(object, "left_out", json_integer((json_int_t)losses->left_out)))
        return object;
    json_decref(object);
    return NULL;
}

static int append_word(json_t *array, const char *word)
{
    size_t size = 4 * strlen(word) + 1;
    char *text = malloc(size);
    int err;

    if (!text)
        return -ENOMEM;
    text_escape(text, size, word, strlen(word));
    err = json_array_append_new(array, json_string(text)) ? -ENOMEM : 0;
    free(text);
    return err;
}

/* NULL when there is no memory. */
static json_t *command_array(char *const *command)
{
    json_t *array = json_array();

    for (; array && command && *command; command++) {
        if (append_word(array, *command)) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

/* Writes the first line, as long as it was the first time, or with room for what will be known. */
static int write_header(struct recording_writer *writer)
{
    static const struct losses most = {UINT64_MAX / 2, UINT64_MAX / 2, UINT64_MAX / 2,
                                       UINT64_MAX / 2, UINT64_MAX / 2, UINT64_MAX / 2,
                                       UINT64_MAX / 2, UINT64_MAX / 2};
    char *text = json_to_text(writer->header);
    int err = 0;

    if (!text)
        return -ENOMEM;
    if (!writer->header_size) {
        json_t *longest = losses_object(&most);
        char *room = json_to_text(longest);

        if (room)
            writer->header_size = strlen(text) + strlen(room);
        else
            err = -ENOMEM;
        free(room);
        json_decref(longest);
    }
    if (!err && fprintf(writer->file, "%-*s\n", (int)writer->header_size, text) < 0)
        err = errno ? -errno : -EIO;
    free(text);
    return err;
}

static void writer_free(struct recording_writer *writer)
{
    json_decref(writer->header);
    free(writer->base64);
    free(writer);
}

int recording_begin(struct recording_writer **out, FILE *file, char *const *command,
                    const char *backend)
{
    struct recording_writer *writer = calloc(1, sizeof(*writer));
    int err;

    if (!writer)
        return -ENOMEM;
    writer->file = file;
    writer->start = lseek(fileno(file), 0, SEEK_CUR) >= 0 ? ftello(file) : -1;
    writer->header =
        json_pack("{s:s, s:i, s:o, s:s, s:n}", "format", FORMAT, "version", FORMAT_VERSION,
                  "command", command_array(command), "backend", backend, "lost");
    err = writer->header ? write_header(writer) : -ENOMEM;
    if (err) {
        writer_free(writer);
        return err;
    }
    writer->whole = writer->start < 0 ? -1 : ftello(file);
    *out = writer;
    return 0;
}

/* How many characters there are before the first that JSON must escape. */
static size_t plain_length(const char *string)
{
    size_t length = 0;

    while ((unsigned char)string[length] >= 0x20 && string[length] != '"' && string[length] != '\\')
        length++;
    return length;
}

/* A string that may hold anything but, here, does not hold much of what JSON must escape. */
static void put_string(FILE *file, const char *string)
{
    putc_unlocked('"', file);
    for (;;) {
        size_t plain = plain_length(string);

        fwrite_unlocked(string, 1, plain, file);
        string += plain;
        if (!*string)
            break;
        if ((unsigned char)*string < 0x20) {
            fprintf(file, "\\u%04x", *string);
        } else { /* one for each byte of a message that is no text */
            putc_unlocked('\\', file);
            putc_unlocked(*string, file);
        }
        string++;
    }
    putc_unlocked('"', file);
}

/* A message has many of them, and printf takes its time. */
static void put_number(FILE *file, uint64_t number)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = '0' + number % 10;
        number /= 10;
    } while (number);
    fwrite_unlocked(digits + at, 1, sizeof(digits) - at, file);
}

/* Nanoseconds as seconds, with all nine digits behind the point. */
static void put_time(FILE *file, uint64_t time)
{
    uint64_t part = time % 1000000000;
    char digits[] = ".000000000";

    for (size_t at = sizeof(digits) - 2; at > 0; at--) {
        digits[at] = '0' + part % 10;
        part /= 10;
    }
    put_number(file, time / 1000000000);
    fwrite_unlocked(digits, 1, sizeof(digits) - 1, file);
}

/* What cannot need escaping: key has all that stands before the value. */
static void put_word(FILE *file, const char *key, const char *word)
{
    fputs_unlocked(key, file);
    fputs_unlocked(word, file);
}

/* A process may call itself anything; as text it is at most four times as long. */
static void put_comm(FILE *file, const char *comm)
{
    char text[4 * COMM_SIZE];

    text_escape(text, sizeof(text), comm, strnlen(comm, COMM_SIZE));
    put_string(file, text);
}

static void put_end(FILE *file, const struct end *end)
{
    fputs_unlocked("\"pid\":", file);
    put_number(file, end->pid);
    fputs_unlocked(",\"comm\":", file);
    put_comm(file, end->comm);
    fputs_unlocked(",\"inode\":", file);
    put_number(file, end->inode);
    fputs_unlocked(",\"address\":", file);
    put_string(file, end->address);
}

static int put_data(struct recording_writer *writer, const struct message *message)
{
    size_t size = base64_size(message->length);
    char text[4 * TEXT_MAX + 1];
    size_t shown;

    if (size > writer->base64_room) {
        char *room = realloc(writer->base64, size);

        if (!room)
            return -ENOMEM;
        writer->base64 = room;
        writer->base64_room = size;
    }
    base64_encode(writer->base64, message->data, message->length);
    fputs(",\"data\":\"", writer->file);
    if (size)
        fwrite(writer->base64, 1, size, writer->file);
    fputs("\",\"text\":", writer->file);
    shown = message->length < TEXT_MAX ? message->length : TEXT_MAX;
    text_escape(text, sizeof(text), message->data, shown);
    put_string(writer->file, text);
    if (shown < message->length)
        fputs(",\"text_cut\":true", writer->file);
    return 0;
}

int recording_add(struct recording_writer *writer, const struct message *message)
{
    FILE *file = writer->file;
    int err;

    fputs_unlocked("{\"time\":\"", file);
    put_time(file, message->time);
    fputs_unlocked("\",\"conversation\":", file);
    put_number(file, message->conversation);
    put_word(file, ",\"direction\":\"", name_of(directions, message->direction));
    put_word(file, "\",\"family\":\"", name_of(families, message->family));
    put_word(file, "\",\"type\":\"", name_of(types, message->type));
    put_word(file, "\",\"call\":\"", name_of(calls, message->sent));
    fputs_unlocked("\",\"tid\":", file);
    put_number(file, message->tid);
    putc_unlocked(',', file);
    put_end(file, message->self);
    fputs_unlocked(",\"peer\":{", file);
    put_end(file, message->peer);
    fputs_unlocked("},\"length\":", file);
    put_number(file, message->length + message->missing);
    if (message->missing)
        fprintf(file, ",\"missing\":%zu", message->missing);
    if (message->lost)
        fprintf(file, ",\"lost\":%zu", message->lost);
    if (message->ancillary)
        ancillary_write(file, message->ancillary);
    range_write(file, message);
    err = put_data(writer, message);
    if (err)
        return err;
    fputs("}\n", file);
    if (ferror(file))
        return errno ? -errno : -EIO;
    writer->messages++;
    if (writer->start >= 0)
        writer->whole = ftello(file);
    return 0;
}

int recording_flush(struct recording_writer *writer)
{
    return fflush(writer->file) ? -errno : 0;
}

/* Takes back what was written of a line that cannot be written whole. */
static void take_back(struct recording_writer *writer)
{
    int fd = fileno(writer->file);
    struct stat file;

    if (fd < 0 || writer->start < 0)
        return;
    if (!ferror(writer->file))
        fflush(writer->file);
    __fpurge(writer->file);
    if (fstat(fd, &file) == 0 && file.st_size > writer->whole && ftruncate(fd, writer->whole)) {
        /* Then there is a part of a line at its end, which a reader leaves out. */
    }
}

static int write_end(struct recording_writer *writer, const struct losses *losses)
{
    json_t *end = json_pack("{s:{s:I, s:o}}", "end", "messages", (json_int_t)writer->messages,
                            "lost", losses_object(losses));
    char *text = json_to_text(end);
    int err = 0;

    if (!text)
        err = -ENOMEM;
    else if (fprintf(writer->file, "%s\n", text) < 0)
        err = errno ? -errno : -EIO;
    free(text);
    json_decref(end);
    return err;
}

int recording_end(struct recording_writer *writer, const struct losses *losses)
{
    int err = 0;

    if (!losses)
        goto out;
    err = write_end(writer, losses);
    if (!err)
        err = recording_flush(writer);
    if (err || writer->start < 0)
        goto out;
    if (json_object_set_new(writer->header, "lost", losses_object(losses))) {
        err = -ENOMEM;
        goto out;
    }
    if (fseeko(writer->file, writer->start, SEEK_SET)) {
        err = -errno;
        goto out;
    }
    err = write_header(writer);
    if (!err && fseeko(writer->file, 0, SEEK_END))
        err = -errno;
out:
    if (err || !losses)
        take_back(writer);
    writer_free(writer);
    return err;
}

/* Reading */

struct recording_reader {
    FILE *file;
    char *line;
    size_t room;
    size_t number; /* of the line */
    char **command;
    char *backend;
    struct losses losses;
    bool complete;
    uint64_t messages;
    uint8_t *data;
    size_t data_room;
    char *rest; /* the line without its data, if that could be taken out, ... */
    size_t rest_room;
    const char *cut; /* ... which is here in the line; NULL when it was not taken out */
    size_t cut_size;
};

static int fail(struct recording_error *error, size_t line, size_t column, const char *text)
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
static bool cut_data(struct recording_reader *reader, size_t length)
{
    static const char key[] = ",\"data\":\"";
    const char *end = reader->line + length;
    const char *from = memmem(reader->line, length, key, strlen(key));
    const char *to;
    size_t before, after;

    reader->cut = NULL;
    from = from ? from + strlen(key) : end;
    to = memchr(from, '"', (size_t)(end - from));
    if (!to || memchr(from, '\\', (size_t)(to - from)) || has_data(to, end) ||
        has_data(reader->line, from - strlen(key)))
        return false;
    before = (size_t)(from - reader->line);
    after = (size_t)(end - to);
    if (before + after > reader->rest_room) {
        char *rest = realloc(reader->rest, before + after);

        if (!rest)
            return false;
        reader->rest = rest;
        reader->rest_room = before + after;
    }
    memcpy(reader->rest, reader->line, before);
    memcpy(reader->rest + before, to, after);
    reader->cut = from;
    reader->cut_size = (size_t)(to - from);
    return true;
}

/* Whether what was cut out was the object's own data, and not that of an object in it. */
static bool cut_right(const struct recording_reader *reader, const json_t *object)
{
    const json_t *value = json_object_get(object, "data");

    return reader->cut && json_is_string(value) && json_string_length(value) == 0;
}

/* Parses the line that was read, its data apart if it can be. */
static json_t *parse_line(struct recording_reader *reader, size_t length, json_error_t *wrong)
{
    json_t *object = NULL;

    if (cut_data(reader, length))
        object = json_from_text(reader->rest, length - reader->cut_size, wrong);
    if (cut_right(reader, object))
        return object;
    json_decref(object);
    reader->cut = NULL;
    return json_from_text(reader->line, length, wrong);
}

/* The next line as an object in *out; NULL there at the end of the file. */
static int next_object(struct recording_reader *reader, json_t **out, struct recording_error *error)
{
    json_error_t wrong;
    ssize_t length;

    *out = NULL;
    errno = 0;
    length = getline(&reader->line, &reader->room, reader->file);
    if (length < 0 && errno) {
        int err = -errno;

        fail(error, reader->number + 1, 1, strerror(-err));
        return err;
    }
    if (length < 0)
        return 0;
    reader->number++;
    *out = parse_line(reader, (size_t)length, &wrong);
    if (!*out && errno != ENOMEM && reader->number > 1 && reader->line[length - 1] != '\n')
        return 0; /* its writer was killed while it wrote this line */
    if (!*out)
        return fail(error, reader->number, wrong.column > 0 ? wrong.column : 1, wrong.text);
    if (!json_is_object(*out)) {
        json_decref(*out);
        *out = NULL;
        return fail(error, reader->number, 1, "not an object");
    }
    return 0;
}

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

static int get_name(struct fields *fields, const char *key, const struct name *names)
{
    const char *string = get_string(fields, key);

    while (names->name && strcmp(names->name, string) != 0)
        names++;
    if (!names->name)
        fields_fail(fields, key);
    return names->value;
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
    if (seconds > (UINT64_MAX - nanoseconds) / 1000000000) {
        fields_fail(fields, "time");
        return 0;
    }
    return seconds * 1000000000 + nanoseconds;
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
    const char *text = reader->cut ? reader->cut : json_string_value(value);
    size_t size = reader->cut ? reader->cut_size : json_string_length(value);
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

/* Tells the first field that was wrong, if there was one. */
static int check_fields(const struct recording_reader *reader, const struct fields *fields,
                        const struct fields *of_peer, struct recording_error *error)
{
    const char *wrong = fields->wrong ? fields->wrong : of_peer->wrong;
    char text[128];

    if (!wrong)
        return 0;
    snprintf(text, sizeof(text), "\"%s%s\" is missing or wrong", fields->wrong ? "" : "peer.",
             wrong);
    return fail(error, reader->number, 1, text);
}

static int hand_on(struct recording_reader *reader, const struct message *message,
                   int (*add)(void *context, const struct message *message), void *context,
                   struct recording_error *error)
{
    int err;

    reader->messages++;
    err = add(context, message);
    if (err == -EINVAL)
        return fail(error, reader->number, 1, "\"conversation\" skips a number");
    error->text[0] = '\0';
    return err;
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
    message.direction = get_name(&fields, "direction", directions);
    message.family = get_name(&fields, "family", families);
    message.type = get_name(&fields, "type", types);
    message.sent = get_name(&fields, "call", calls);
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
        fail(error, reader->number, 1, strerror(-err));
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
    losses->messages = get_number(fields, "messages", INT64_MAX, true);
    losses->bytes = get_number(fields, "bytes", INT64_MAX, true);
    losses->cut = get_number(fields, "cut", INT64_MAX, true);
    losses->unfollowed = get_number(fields, "unfollowed", INT64_MAX, false);
    losses->foreign = get_number(fields, "foreign", INT64_MAX, false);
    losses->bypassed = get_number(fields, "bypassed", INT64_MAX, false);
    losses->shortened = get_number(fields, "shortened", INT64_MAX, false);
    losses->left_out = get_number(fields, "left_out", INT64_MAX, false);
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
        return fail(error, reader->number, 1, "the last line is wrong: messages are missing");
    reader->complete = true;
    return 0;
}

static int read_command(struct recording_reader *reader, const json_t *command,
                        struct recording_error *error)
{
    size_t count = json_array_size(command);

    if (!json_is_array(command))
        return fail(error, 1, 1, "\"command\" is missing or wrong");
    reader->command = calloc(count + 1, sizeof(*reader->command));
    if (!reader->command)
        return fail(error, 1, 1, strerror(ENOMEM));
    for (size_t i = 0; i < count; i++) {
        const char *word = json_string_value(json_array_get(command, i));

        if (!word)
            return fail(error, 1, 1, "\"command\" is missing or wrong");
        reader->command[i] = malloc(strlen(word) + 1);
        if (!reader->command[i])
            return fail(error, 1, 1, strerror(ENOMEM));
        text_unescape(reader->command[i], strlen(word) + 1, word);
    }
    return 0;
}

static int read_header(struct recording_reader *reader, struct recording_error *error)
{
    json_t *header;
    const char *format;
    int err = next_object(reader, &header, error);

    if (err)
        return err;
    format = json_string_value(json_object_get(header, "format"));
    if (!format || strcmp(format, FORMAT) != 0)
        err = fail(error, 1, 1, "not a recording of sockfixture");
    else if (json_integer_value(json_object_get(header, "version")) != FORMAT_VERSION)
        err = fail(error, 1, 1, "a recording of another version than this program knows");
    else
        err = read_command(reader, json_object_get(header, "command"), error);
    if (!err) {
        const char *backend = json_string_value(json_object_get(header, "backend"));

        reader->backend = strdup(backend ? backend : "");
        if (!backend || !reader->backend)
            err = fail(error, 1, 1, "\"backend\" is missing or wrong");
    }
    json_decref(header);
    return err;
}

int recording_open(struct recording_reader **out, FILE *file, struct recording_error *error)
{
    struct recording_reader *reader = calloc(1, sizeof(*reader));
    int err;

    if (!reader) {
        fail(error, 1, 1, strerror(ENOMEM));
        return -ENOMEM;
    }
    reader->file = file;
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
    for (char **word = reader->command; word && *word; word++)
        free(*word);
    free(reader->command);
    free(reader->backend);
    free(reader->line);
    free(reader->rest);
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

    while (!(err = next_object(reader, &object, error)) && object) {
        end = json_object_get(object, "end");
        if (reader->complete)
            err = fail(error, reader->number, 1, "more lines after the last one");
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
