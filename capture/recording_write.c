/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The first line says what it is a recording of; then a line a message; the last line says how many
 * there were and what was lost, so that a recording cut short shows. As what was lost is known last
 * but wanted first, the first line has room for it and is written again at the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/ancillary_json.h"
#include "capture/base64.h"
#include "capture/clock.h"
#include "capture/json_text.h"
#include "capture/losses.h"
#include "capture/range_json.h"
#include "capture/recording.h"
#include "capture/recording_format.h"
#include "capture/text.h"

enum {
    TEXT_MAX = 1024,      /* bytes of a message that are shown as text, too */
    ESCAPED_MAX = 5,      /* characters that a byte of it becomes: \\xNN */
    CHUNK_MAX = 3 * 1024, /* bytes that are encoded at once */
};

/* A byte of text that is a character by itself, or a part of none, as it stands in JSON. */
struct spelled {
    uint8_t length;
    char text[7];
};

struct recording_writer {
    FILE *file;
    json_t *header;
    size_t header_size; /* of the first line, the newline not counted */
    off_t start;        /* of the recording in the file; -1 when it cannot be sought in */
    uint64_t messages;
    struct spelled spelled[256];
    struct base64_pairs pairs;
};

static json_t *losses_object(const struct losses *losses)
{
    json_t *object = json_object();

    for (const struct loss *counter = loss_counters; counter->name && object; counter++) {
        const uint64_t count = losses_get(losses, counter);

        if ((count || counter->place != LOSS_IF_ANY) &&
            json_object_set_new(object, counter->name, json_integer((json_int_t)count))) {
            json_decref(object);
            object = NULL;
        }
    }
    return object;
}

/* As many characters as they can take in a recording: all counters are as large as can be. */
static json_t *longest_losses(void)
{
    struct losses most = {0};

    for (const struct loss *counter = loss_counters; counter->name; counter++)
        *losses_at(&most, counter) = INT64_MAX;
    return losses_object(&most);
}

/* Writes the first line, as long as it was the first time, or with room for what will be known. */
static int write_header(struct recording_writer *writer)
{
    char *text = json_to_text(writer->header);
    int err = 0;

    if (!text)
        return -ENOMEM;
    if (!writer->header_size) {
        json_t *longest = longest_losses();
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
    free(writer);
}

/* Writes a character as it stands in a string of JSON, six at most. Returns how many. */
static size_t escape_character(char *to, char character)
{
    if ((unsigned char)character < 0x20)
        return (size_t)sprintf(to, "\\u%04x", character);
    if (character != '"' && character != '\\') {
        *to = character;
        return 1;
    }
    to[0] = '\\'; /* one for each byte of a message that is no text */
    to[1] = character;
    return 2;
}

/* Writes what text_escape() makes of the bytes. Returns how many characters that takes. */
static size_t spell(char *to, const uint8_t *data, size_t length)
{
    char text[4 * 4 + 1]; /* for as many bytes as a character has at most */
    size_t used = 0;

    text_escape(text, sizeof(text), data, length);
    for (const char *from = text; *from; from++)
        used += escape_character(to + used, *from);
    return used;
}

static void spell_bytes(struct spelled spelled[256])
{
    for (unsigned i = 0; i < 256; i++) {
        const uint8_t byte = (uint8_t)i;

        spelled[i].length = (uint8_t)spell(spelled[i].text, &byte, 1);
    }
}

/* Whether the head can be written again in its place: not in a pipe, nor where all is appended. */
static bool can_return(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return lseek(fd, 0, SEEK_CUR) >= 0 && flags >= 0 && !(flags & O_APPEND);
}

int recording_begin(struct recording_writer **out, FILE *file, char *const *command,
                    const char *backend)
{
    struct recording_writer *writer = calloc(1, sizeof(*writer));
    int err;

    if (!writer)
        return -ENOMEM;
    writer->file = file;
    spell_bytes(writer->spelled);
    base64_pairs_init(&writer->pairs);
    writer->start = can_return(fileno(file)) ? ftello(file) : -1;
    writer->header =
        json_pack("{s:s, s:i, s:o, s:s, s:n}", "format", RECORDING_FORMAT, "version",
                  RECORDING_VERSION, "command", json_of_words(command), "backend", backend, "lost");
    err = writer->header ? write_header(writer) : -ENOMEM;
    if (err) {
        writer_free(writer);
        return err;
    }
    *out = writer;
    return 0;
}

static void put_string(FILE *file, const char *string)
{
    char out[1024];
    size_t used = 0;

    putc_unlocked('"', file);
    for (; *string; string++) {
        if (used > sizeof(out) - 8) {
            fwrite_unlocked(out, 1, used, file);
            used = 0;
        }
        used += escape_character(out + used, *string);
    }
    fwrite_unlocked(out, 1, used, file);
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
    uint64_t part = time % SECOND;
    char digits[] = ".000000000";

    for (size_t at = sizeof(digits) - 2; at > 0; at--) {
        digits[at] = '0' + part % 10;
        part /= 10;
    }
    put_number(file, time / SECOND);
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

static void put_base64(struct recording_writer *writer, const uint8_t *data, size_t length)
{
    char text[CHUNK_MAX / 3 * 4];

    for (size_t size; length; data += size, length -= size) {
        size = length < CHUNK_MAX ? length : CHUNK_MAX;
        base64_encode(text, data, size, &writer->pairs);
        fwrite_unlocked(text, 1, base64_size(size), writer->file);
    }
}

/* As put_string() of what text_escape() makes of it, which is most of what there is to write. */
static void put_text(struct recording_writer *writer, const uint8_t *data, size_t length)
{
    char out[(size_t)ESCAPED_MAX * TEXT_MAX + sizeof(writer->spelled[0].text)];
    size_t used = 0;

    for (size_t take; length; data += take, length -= take) {
        const struct spelled *spelled = &writer->spelled[*data];

        take = *data < 0xc2 ? 1 : utf8_length(data, length);
        if (take > 1) {
            used += spell(out + used, data, take);
            continue;
        }
        take = 1;
        memcpy(out + used, spelled->text, sizeof(spelled->text));
        used += spelled->length;
    }
    putc_unlocked('"', writer->file);
    fwrite_unlocked(out, 1, used, writer->file);
    putc_unlocked('"', writer->file);
}

static void put_data(struct recording_writer *writer, const struct message *message)
{
    FILE *file = writer->file;
    size_t shown = message->length < TEXT_MAX ? message->length : TEXT_MAX;

    fputs_unlocked(",\"data\":\"", file);
    put_base64(writer, message->data, message->length);
    fputs_unlocked("\",\"text\":", file);
    put_text(writer, message->data, shown);
    if (shown < message->length)
        fputs_unlocked(",\"text_cut\":true", file);
}

int recording_add(struct recording_writer *writer, const struct message *message)
{
    FILE *file = writer->file;

    fputs_unlocked("{\"time\":\"", file);
    put_time(file, message->time);
    fputs_unlocked("\",\"conversation\":", file);
    put_number(file, message->conversation);
    put_word(file, ",\"direction\":\"",
             recording_name_of(recording_directions, message->direction));
    put_word(file, "\",\"family\":\"", recording_name_of(recording_families, message->family));
    put_word(file, "\",\"type\":\"", recording_name_of(recording_types, message->type));
    put_word(file, "\",\"call\":\"", recording_name_of(recording_calls, message->sent));
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
    put_data(writer, message);
    fputs_unlocked("}\n", file);
    if (ferror(file))
        return errno ? -errno : -EIO;
    writer->messages++;
    return 0;
}

int recording_flush(struct recording_writer *writer)
{
    return fflush(writer->file) ? -errno : 0;
}

/* Where the last whole line ends of those between start and end; end when that cannot be read. */
static off_t end_of_lines(int fd, off_t start, off_t end)
{
    char text[4096];

    for (off_t at = end; at > start;) {
        size_t size = at - start < (off_t)sizeof(text) ? (size_t)(at - start) : sizeof(text);
        const char *newline;

        at -= (off_t)size;
        if (pread(fd, text, size, at) != (ssize_t)size)
            return end;
        newline = memrchr(text, '\n', size);
        if (newline)
            return at + (newline - text) + 1;
    }
    return start;
}

/*
 * Takes back what was written of a line that cannot be written whole. What is open for writing
 * alone is opened again, to be read; where that cannot be, a reader has to leave the part of a line
 * out.
 */
static void take_back(struct recording_writer *writer)
{
    char name[sizeof("/proc/self/fd/") + 3 * sizeof(int)];
    int fd = fileno(writer->file), reading;
    struct stat file;

    if (fd < 0 || writer->start < 0)
        return;
    if (!ferror(writer->file))
        fflush(writer->file);
    __fpurge(writer->file);
    snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    reading = open(name, O_RDONLY | O_CLOEXEC);
    if (reading < 0)
        return;
    if (!fstat(fd, &file) && file.st_size > writer->start &&
        ftruncate(fd, end_of_lines(reading, writer->start, file.st_size))) {
        /* As above. */
    }
    close(reading);
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

/* The first line says what was lost, too: there is room for that. */
static int write_header_again(struct recording_writer *writer, const struct losses *losses)
{
    int err;

    if (json_object_set_new(writer->header, "lost", losses_object(losses)))
        return -ENOMEM;
    if (fseeko(writer->file, writer->start, SEEK_SET))
        return -errno;
    err = write_header(writer);
    if (!err && fseeko(writer->file, 0, SEEK_END))
        err = -errno;
    return err;
}

int recording_end(struct recording_writer *writer, const struct losses *losses)
{
    int err = losses && writer->start >= 0 ? write_header_again(writer, losses) : 0;

    if (losses && !err) /* comes last: with that it counts as whole */
        err = write_end(writer, losses);
    if (losses && !err)
        err = recording_flush(writer);
    if (err || !losses)
        take_back(writer);
    writer_free(writer);
    return err;
}
