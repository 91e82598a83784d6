/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/strace_text.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/text.h"

static const char *skip_string(const char *at)
{
    for (at++; *at && *at != '"'; at++)
        if (*at == '\\' && at[1])
            at++;
    return *at ? at + 1 : at;
}

/* What is in <> may hold <> again, and arrows in []. */
static const char *skip_annotation(const char *at)
{
    size_t depth = 0, brackets = 0;

    for (; *at; at++) {
        if (*at == '"') {
            at = skip_string(at) - 1;
            continue;
        }
        brackets += *at == '[';
        brackets -= *at == ']' && brackets;
        depth += *at == '<';
        if (*at == '>' && !brackets && --depth == 0)
            return at + 1;
    }
    return at;
}

/* Behind the character, the string or the annotation at `at`. */
static const char *skip(const char *begin, const char *at)
{
    if (*at == '"')
        return skip_string(at);
    if (*at == '<' && at > begin && isdigit((unsigned char)at[-1]))
        return skip_annotation(at);
    return at + 1;
}

bool slice_next(const char **at, struct slice *piece)
{
    const char *begin = *at + strspn(*at, " "), *end = begin;
    size_t depth = 0;

    while (*end && (depth || !strchr(",)]}", *end))) {
        depth += strchr("([{", *end) != NULL;
        depth -= strchr(")]}", *end) != NULL;
        end = skip(begin, end);
    }
    *at = *end == ',' ? end + 1 : end;
    *piece = (struct slice){begin, (size_t)(end - begin)};
    while (piece->length && piece->at[piece->length - 1] == ' ')
        piece->length--;
    return piece->length || *end == ',';
}

const char *slice_inside(struct slice slice)
{
    return slice.length > 1 && strchr("[{", *slice.at) ? slice.at + 1 : NULL;
}

bool slice_is(struct slice slice, const char *text)
{
    return slice.length == strlen(text) && memcmp(slice.at, text, slice.length) == 0;
}

bool slice_begins(struct slice slice, const char *text)
{
    size_t length = strlen(text);

    return slice.length >= length && memcmp(slice.at, text, length) == 0;
}

bool slice_is_constant(struct slice slice, const char *name, int64_t number)
{
    int64_t value;

    return slice_is(slice, name) || (slice_number(slice, &value) && value == number);
}

bool slice_has_flag(struct slice slice, const char *name, int64_t bit)
{
    while (slice.length) {
        const char *bar = memchr(slice.at, '|', slice.length);
        size_t length = bar ? (size_t)(bar - slice.at) : slice.length;
        struct slice flag = {slice.at, length};
        int64_t value;

        if (slice_is(flag, name) || (slice_number(flag, &value) && value & bit))
            return true;
        length += bar != NULL;
        slice = (struct slice){slice.at + length, slice.length - length};
    }
    return false;
}

bool slice_field(struct slice slice, const char *name, struct slice *value)
{
    size_t length = strlen(name);
    const char *at = slice_inside(slice);
    struct slice piece;

    while (at && slice_next(&at, &piece)) {
        if (slice_begins(piece, name) && piece.at[length] == '=') {
            *value = (struct slice){piece.at + length + 1, piece.length - length - 1};
            return true;
        }
    }
    return false;
}

bool slice_number(struct slice slice, int64_t *value)
{
    char *end;

    if (!slice.length || !(isdigit((unsigned char)*slice.at) || *slice.at == '-'))
        return false;
    errno = 0;
    *value = strtoll(slice.at, &end, 0);
    return !errno && end > slice.at && (size_t)(end - slice.at) <= slice.length;
}

struct slice slice_new(struct slice slice)
{
    const char *arrow = memmem(slice.at, slice.length, "=> ", 3);
    size_t before = arrow ? (size_t)(arrow - slice.at) + 3 : 0;

    return (struct slice){slice.at + before, slice.length - before};
}

/* Reads the escape behind a backslash; *at is behind it then. */
static uint8_t read_escape(const char **at, const char *end)
{
    static const char letters[] = "abtnvfr";
    const char *letter = strchr(letters, **at);
    unsigned value = 0;
    uint8_t byte;

    if (letter && *letter) {
        ++*at;
        return (uint8_t)('\a' + (letter - letters));
    }
    if (**at == 'x' && end - *at > 2 && text_hex(*at + 1, &byte)) {
        *at += 3;
        return byte;
    }
    if (**at < '0' || **at > '7')
        return (uint8_t) * (*at)++;
    for (int i = 0; i < 3 && *at < end && **at >= '0' && **at <= '7'; i++)
        value = value * 8 + (unsigned)(*(*at)++ - '0');
    return (uint8_t)value;
}

static int reserve(struct bytes *bytes, size_t more)
{
    size_t need = bytes->length + more;
    uint8_t *room;

    if (need <= bytes->room)
        return 0;
    need = need < 2 * bytes->room ? 2 * bytes->room : need;
    room = realloc(bytes->at, need);
    if (!room)
        return -ENOMEM;
    bytes->at = room;
    bytes->room = need;
    return 0;
}

int slice_string(struct slice slice, struct bytes *bytes, bool *cut)
{
    const char *at = slice.at, *end = slice.at + slice.length;

    *cut = true;
    if (at < end && *at == '@')
        at++;
    if (at >= end || *at != '"')
        return 0;
    if (reserve(bytes, slice.length))
        return -ENOMEM;
    for (at++; at < end && *at != '"';) {
        uint8_t byte = (uint8_t)*at++;

        if (byte == '\\' && at < end)
            byte = read_escape(&at, end);
        bytes->at[bytes->length++] = byte;
    }
    *cut = at + 1 != end;
    return 0;
}

void slice_annotation(struct slice slice, char *text, size_t size)
{
    static const char gone[] = "(deleted)"; /* behind what no path leads to any more */
    const char *at = memchr(slice.at, '<', slice.length), *end = slice.at + slice.length;
    size_t length = 0;

    if (slice.length > strlen(gone) && !memcmp(end - strlen(gone), gone, strlen(gone)))
        end -= strlen(gone);
    if (at && isdigit((unsigned char)*slice.at) && end[-1] == '>') {
        for (at++, end--; at < end && length + 1 < size;) {
            char c = *at++;

            if (c == '\\' && at < end)
                c = (char)read_escape(&at, end);
            text[length++] = c;
        }
    }
    text[length] = '\0';
}
