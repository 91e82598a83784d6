/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/strace_lines.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "capture/clock.h"
#include "capture/text.h"

#define DAY (86400 * SECOND)

enum { EPOCH_MIN = 1000000 }; /* seconds: no run takes so long that -r could say so */

/* Reads digits. Returns false when there are none, or too many. */
static bool read_digits(const char **at, uint64_t *value)
{
    const char *begin = *at;

    for (*value = 0; isdigit((unsigned char)**at) && *at - begin < 12; ++*at)
        *value = *value * 10 + (uint64_t)(**at - '0');
    return *at > begin && !isdigit((unsigned char)**at);
}

/* What may stand behind a point, in nanoseconds. */
static uint64_t read_fraction(const char **at)
{
    uint64_t value = 0, unit = SECOND;

    if (**at != '.')
        return 0;
    for (++*at; isdigit((unsigned char)**at); ++*at) {
        unit /= 10;
        value += unit * (uint64_t)(**at - '0');
    }
    return value;
}

/* [pid 5] or 5, each with the name of the process behind the number perhaps (-Y). */
static const char *read_tid(struct strace_line *line, const char *at)
{
    bool bracket = text_begins(at, "[pid ");
    const char *begin = at;
    uint64_t tid;

    at += bracket ? 5 : 0;
    at += strspn(at, " ");
    if (!read_digits(&at, &tid) || tid > UINT32_MAX)
        return begin;
    if (*at == '<' && strchr(at, '>'))
        at = strchr(at, '>') + 1;
    if (*at != (bracket ? ']' : ' '))
        return begin;
    line->tid = (uint32_t)tid;
    at++;
    return at + strspn(at, " ");
}

/* 12:34:56.789, of which the day is not told. */
static const char *read_time_of_day(struct strace_line *line, const char *at, uint64_t hours,
                                    struct strace_clock *clock)
{
    const char *begin = at;
    uint64_t minutes, seconds;

    at++;
    if (!read_digits(&at, &minutes) || *at++ != ':' || !read_digits(&at, &seconds))
        return begin;
    line->exact = *at == '.';
    line->time = (hours * 3600 + minutes * 60 + seconds) * SECOND + read_fraction(&at);
    line->time += clock->days * DAY;
    if (line->time + DAY / 2 < clock->last) {
        clock->days++;
        line->time += DAY;
    }
    line->timed = true;
    return at;
}

/* Seconds since the epoch, or since the last line. */
static const char *read_seconds(struct strace_line *line, const char *at, uint64_t seconds,
                                const struct strace_clock *clock)
{
    line->time = seconds * SECOND + read_fraction(&at);
    line->exact = seconds >= EPOCH_MIN;
    if (!line->exact)
        line->time += clock->last;
    line->timed = true;
    return at;
}

static const char *read_time(struct strace_line *line, const char *at, struct strace_clock *clock)
{
    const char *begin = at, *end;
    uint64_t number;

    at += strspn(at, " ");
    if (!read_digits(&at, &number) || number >= UINT64_MAX / SECOND)
        return begin;
    end = *at == ':'   ? read_time_of_day(line, at, number, clock)
          : *at == '.' ? read_seconds(line, at, number, clock)
                       : at;
    if (!line->timed || *end != ' ')
        return begin;
    end += strspn(end, " ");
    /* Both of -r and -ttt: the one in parentheses is said already. */
    if (text_begins(end, "(+") && strchr(end, ')'))
        end = strchr(end, ')') + 1;
    return end + strspn(end, " ");
}

/* The number of the call (-n), and where the program was (-i): [  59] [00007f53f759ead7] */
static const char *skip_places(const char *at)
{
    while (*at == '[') {
        const char *end = at + 1 + strspn(at + 1, " 0123456789abcdef?");

        if (end[0] != ']' || end[1] != ' ')
            break;
        at = end + 1 + strspn(end + 1, " ");
    }
    return at;
}

void strace_line_parse(struct strace_line *line, const char *text, struct strace_clock *clock)
{
    *line = (struct strace_line){0};
    text = read_tid(line, text);
    text = read_time(line, text, clock);
    if (line->timed)
        clock->last = line->time;
    line->text = skip_places(text);
    if (!line->timed)
        line->time = clock->last;
}

/* A call that receives counts from when it returned, if -T tells how long it took. */
static void add_duration(struct strace_line *line, const char *text, size_t length)
{
    const char *at = memrchr(text, '<', length);
    uint64_t seconds;

    if (!at++ || text[length - 1] != '>' || text_begins(line->text, "send") ||
        text_begins(line->text, "write") || !read_digits(&at, &seconds) || *at != '.')
        return;
    line->time += seconds < DAY / SECOND ? seconds * SECOND + read_fraction(&at) : 0;
}

/* The file's next line in source->text. */
static int read_line(struct strace_source *source, struct reading *reading)
{
    ssize_t length;

    errno = 0;
    length = getline(&source->text, &source->room, source->dump->file);
    source->there = length > 0;
    if (length < 0 && errno) {
        int err = -errno;

        reading_fail(reading, source->dump, source->number + 1, "%s", strerror(errno));
        return err;
    }
    if (length < 0)
        return 0;
    source->number++;
    if (memchr(source->text, '\0', (size_t)length))
        return reading_fail(reading, source->dump, source->number, "a byte 0 is in no text");
    source->has_end = source->text[length - 1] == '\n';
    source->length = (size_t)length - source->has_end;
    if (source->has_end && source->length && source->text[source->length - 1] == '\r')
        source->length--; /* a terminal's; in strings it is escaped */
    source->text[source->length] = '\0';
    return 0;
}

int strace_source_next(struct strace_source *source, struct reading *reading)
{
    int err = read_line(source, reading);

    if (err || !source->there)
        return err;
    strace_line_parse(&source->line, source->text, &source->clock);
    if (!source->line.tid)
        source->line.tid = source->tid;
    source->line.began = source->line.time;
    if (reading->count > 1)
        add_duration(&source->line, source->text, source->length);
    return 0;
}
