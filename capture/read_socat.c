/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Reads what socat -v and -x print: a line that says which way how many bytes went, and these as
 * text, in hexadecimal, or both. > is from left to right: where socat listens to where it connects.
 *
 * As text, a byte that cannot be printed is a dot, and so is a dot. Which one it is nobody can tell
 * but the user, who says so by --text.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "capture/clock.h"
#include "capture/talk.h"
#include "capture/text.h"

struct header {
    int end; /* 0: left, 1: right */
    uint64_t time;
    uint64_t length;
    uint64_t from; /* how many bytes went that way before */
};

struct socat {
    struct reading *reading;
    char *text; /* of the file */
    size_t size;
    size_t place; /* in it */
    size_t line;
    uint64_t number; /* of endpoints */
    struct talk talk;
    bool begun;
    enum { UNKNOWN, HEX, TEXT } way; /* in which the bytes are printed */
    uint64_t at[2];                  /* how many bytes went either way */
    uint8_t *data;                   /* of a message */
    size_t there;
    size_t dotted; /* messages that a dot cuts short */
};

/* The header */

/* Socat prints microseconds there, with as many zeros as nanoseconds would have. */
static uint64_t read_fraction(const char *text)
{
    uint64_t value = strtoull(text, NULL, 10);

    return value < 1000000 ? value * 1000 : value < 1000000000 ? value : 0;
}

static bool read_header(const char *text, struct header *header)
{
    struct tm tm = {0};
    int after = 0, fraction = 0;
    uint64_t to;

    if ((text[0] != '<' && text[0] != '>') ||
        sscanf(text,
               "%*c %4d/%2d/%2d %2d:%2d:%2d.%n%*[0-9] length=%" SCNu64 " from=%" SCNu64
               " to=%" SCNu64 "%n",
               &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &fraction,
               &header->length, &header->from, &to, &after) != 9 ||
        (text[after] && strcmp(text + after, "\r") != 0))
        return false;
    if (header->length == 0 || to - header->from != header->length - 1)
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    header->time = (uint64_t)timegm(&tm) * SECOND + read_fraction(text + fraction);
    header->end = text[0] == '<';
    return true;
}

/* 2026/11/28 12:00:00 socat[4711] N accepting connection ..., as socat -d says; -lu adds digits. */
static bool is_notice(const char *text)
{
    int after = 0;

    sscanf(text, "%*4d/%*2d/%*2d %*2d:%*2d:%*2d%*[.0-9 ]socat[%*d] %*[DINWEF] %n", &after);
    return after > 0;
}

/* What socat -d says may come before, and is all when nobody said anything. */
static int looks(const uint8_t *bytes, size_t size)
{
    struct header header;
    char line[128];
    int sure = 0;

    for (size_t at = 0, length; at < size; at += length + 1) {
        const uint8_t *end = memchr(bytes + at, '\n', size - at);

        if (!end)
            break;
        length = (size_t)(end - bytes) - at;
        snprintf(line, sizeof(line), "%.*s", (int)length, (const char *)bytes + at);
        if (read_header(line, &header))
            return 90;
        if (is_notice(line))
            sure = 60;
    }
    return sure;
}

/* The bytes */

static int cut_off(struct socat *socat)
{
    return reading_fail(socat->reading, socat->reading->dumps, socat->line,
                        "there are not as many bytes as it says");
}

/* A letter behind a backslash. */
static const char *find_escape(char c)
{
    static const char escapes[] = "a\ab\bf\fn\nr\rt\tv\v\\\\";

    for (const char *at = escapes; *at; at += 2)
        if (*at == c)
            return at + 1;
    return NULL;
}

/* As -v prints them: as many as the header says, and then what it is at once. */
static int take_text(struct socat *socat, const struct header *header)
{
    const char *end = socat->text + socat->size, *from = socat->text + socat->place;
    bool dots = socat->reading->options->text, dotted = false;

    for (uint64_t i = 0; i < header->length; i++, from++) {
        const char *escape = from + 1 < end && *from == '\\' ? find_escape(from[1]) : from;

        if (from >= end || !escape)
            return cut_off(socat);
        dotted = dotted || (*from == '.' && !dots);
        if (!dotted)
            socat->data[socat->there++] = (uint8_t)*escape;
        from += escape != from;
    }
    socat->dotted += dotted;
    socat->place = (size_t)(from - socat->text);
    return 0;
}

/* The bytes of one line, each a blank and two digits, up to two blanks or the end of the line. */
static const char *take_hex_line(struct socat *socat, const char *from, const char *end,
                                 uint64_t length)
{
    while (socat->there < length && end - from >= 3 && from[0] == ' ' &&
           text_hex(from + 1, &socat->data[socat->there])) {
        socat->there++;
        from += 3;
    }
    return from;
}

/*
 * As -x prints them: a line of all; or, with -v, lines of 16, and a line of -- behind. Text can
 * look like that as well, but goes on where this ends. Returns false when it is not that, or not
 * all of it: *ends says whether it was so up to the end of the file.
 */
static bool take_hex(struct socat *socat, const struct header *header, bool *ends)
{
    const char *end = socat->text + socat->size, *from = socat->text + socat->place;

    while (socat->there < header->length) {
        size_t before = socat->there;

        from = take_hex_line(socat, from, end, header->length);
        from = memchr(from, '\n', (size_t)(end - from));
        if (!from || socat->there == before) {
            *ends = !from && socat->there > 0;
            socat->there = 0;
            return false;
        }
        from++;
    }
    socat->place = (size_t)(from - socat->text);
    return true;
}

static int take_bytes(struct socat *socat, const struct header *header)
{
    uint8_t *data;
    bool ends = false;
    int err;

    socat->there = 0;
    if (header->length > socat->size) /* each takes up a place at least */
        return cut_off(socat);
    data = realloc(socat->data, header->length);
    if (!data)
        return -ENOMEM;
    socat->data = data;
    if (socat->way != TEXT && take_hex(socat, header, &ends)) {
        socat->way = HEX;
        return 0;
    }
    if (socat->way == HEX)
        return cut_off(socat);
    socat->way = TEXT;
    err = take_text(socat, header);
    /* Text would go up to the end of the file, too, or of its last line. */
    return !err && ends && socat->size - socat->place > 1 ? cut_off(socat) : err;
}

/* The conversations */

/* Each connection counts its bytes from 0. */
static int begin(struct socat *socat, const struct header *header)
{
    struct reading *reading = socat->reading;
    bool again = !socat->begun || (header->from == 0 && socat->at[header->end] > 0);

    if (again) {
        socat->at[0] = socat->at[1] = 0;
        socat->begun = true;
    }
    if (header->from != socat->at[header->end])
        return reading_fail(reading, reading->dumps, socat->line,
                            "it is byte %" PRIu64 " that comes, and not %" PRIu64
                            ": several connections are mixed here, or some is missing",
                            socat->at[header->end], header->from);
    socat->at[header->end] += header->length;
    return again ? talk_begin(&socat->talk, reading, &socat->number) : 0;
}

static int take(struct socat *socat, const struct header *header)
{
    int err = begin(socat, header);

    if (!err)
        err = take_bytes(socat, header);
    return err ? err
               : talk_said(&socat->talk, socat->reading, header->end, header->time, socat->data,
                           socat->there, header->length);
}

/* The next line, without its end; NULL at the end of the text. It is kept as long as it may be a
 * header's. */
static const char *next_line(struct socat *socat, char line[128])
{
    const char *at = socat->text + socat->place;
    size_t left = socat->size - socat->place;
    const char *end = left ? memchr(at, '\n', left) : NULL;
    size_t length = end ? (size_t)(end - at) : left;

    if (!left)
        return NULL;
    snprintf(line, 128, "%.*s", length < 128 ? (int)length : 127, at);
    socat->place += length + (end != NULL);
    socat->line++;
    return line;
}

/* Whether the file ends within a header. Nothing else that socat prints begins so. */
static bool is_torn(const struct socat *socat, const char *line)
{
    return (*line == '<' || *line == '>') && socat->place == socat->size &&
           socat->text[socat->size - 1] != '\n';
}

/* Other lines are what socat -d says, and the end of a block in hexadecimal. */
static int read_blocks(struct socat *socat)
{
    struct header header;
    char line[128];
    size_t before;
    int err = 0;

    while (!err && next_line(socat, line)) {
        if (is_torn(socat, line))
            reading_lacks(socat->reading, socat->reading->dumps, "it ends within a line");
        if (!read_header(line, &header))
            continue;
        before = socat->place;
        err = take(socat, &header);
        for (; before < socat->place; before++)
            socat->line += socat->text[before] == '\n';
    }
    return err;
}

static int read(struct reading *reading)
{
    struct socat socat = {.reading = reading};
    int err = talk_kind_find(&socat.talk.kind, reading, 0);
    bool right = false;

    if (!err)
        err = talk_sides(reading, &right);
    socat.talk.ends[right].client = true;
    if (!err)
        err = reading_slurp(reading, reading->dumps, &socat.text, &socat.size);
    if (!err) /* of what was said there is none: socat escapes it */
        socat.size = reading_drop_returns(socat.text, socat.size);
    if (!err)
        err = reading->begin(reading->context, NULL, "socat");
    if (!err)
        err = read_blocks(&socat);
    if (!err && socat.dotted)
        reading_lacks(reading, reading->dumps,
                      "%zu %s here at the first dot, as socat -v prints one for what it cannot "
                      "print (-x shows all; --text says that dots are dots)",
                      socat.dotted, text_counted(socat.dotted, "message ends", "messages end"));
    free(socat.text);
    free(socat.data);
    return err;
}

const struct reader reader_socat = {
    .name = "socat",
    .summary = "what socat -v or -x printed",
    .needs = READER_SERVER | READER_TYPE | READER_CLIENT | READER_TEXT,
    .looks = looks,
    .read = read,
};
