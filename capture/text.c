/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Escaping for people's eyes; what lands in generated source is escaped in emit/. */
#include "capture/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool continues(const uint8_t *data, size_t length, size_t count)
{
    if (length <= count)
        return false;
    for (size_t i = 1; i <= count; i++)
        if ((data[i] & 0xc0) != 0x80)
            return false;
    return true;
}

size_t utf8_length(const uint8_t *data, size_t length)
{
    if (length == 0)
        return 0;
    if (data[0] < 0x80)
        return 1;
    if (data[0] >= 0xc2 && data[0] < 0xe0 && continues(data, length, 1))
        return 2;
    if ((data[0] & 0xf0) == 0xe0 && continues(data, length, 2)) {
        /* Overlong forms, and the surrogates that only UTF-16 has. */
        if ((data[0] == 0xe0 && data[1] < 0xa0) || (data[0] == 0xed && data[1] >= 0xa0))
            return 0;
        return 3;
    }
    if (data[0] >= 0xf0 && data[0] < 0xf5 && continues(data, length, 3)) {
        if ((data[0] == 0xf0 && data[1] < 0x90) || (data[0] == 0xf4 && data[1] >= 0x90))
            return 0;
        return 4;
    }
    return 0;
}

size_t utf8_mark_length(const char *text, size_t length)
{
    static const char mark[] = {'\xef', '\xbb', '\xbf'};

    return length >= sizeof(mark) && !memcmp(text, mark, sizeof(mark)) ? sizeof(mark) : 0;
}

uint32_t utf8_character(const uint8_t *data, size_t length)
{
    uint32_t character = length < 2 ? data[0] : data[0] & (0x7fu >> length);

    for (size_t i = 1; i < length; i++)
        character = character << 6 | (data[i] & 0x3f);
    return character;
}

struct characters {
    uint32_t first, last;
};

static bool is_among(const struct characters *all, size_t count, uint32_t character)
{
    for (size_t i = 0; i < count && character >= all[i].first; i++)
        if (character <= all[i].last)
            return true;
    return false;
}

/*
 * Control characters, what Unicode lets programs ignore, and what it has as no character: the last
 * two of every plane are none.
 */
bool character_is_hidden(uint32_t character)
{
    static const struct characters hidden[] = {
        {0x0000, 0x001f}, {0x007f, 0x009f},   {0x00ad, 0x00ad},   {0x034f, 0x034f},
        {0x061c, 0x061c}, {0x115f, 0x1160},   {0x17b4, 0x17b5},   {0x180b, 0x180f},
        {0x200b, 0x200f}, {0x2028, 0x202e},   {0x2060, 0x206f},   {0x3164, 0x3164},
        {0xfdd0, 0xfdef}, {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},
        {0xfff0, 0xfffb}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
    };

    return is_among(hidden, sizeof(hidden) / sizeof(*hidden), character) ||
           (character & 0xfffe) == 0xfffe;
}

/* Prepend, in annex 29 of Unicode. */
bool character_is_prepended(uint32_t character)
{
    static const struct characters prepended[] = {
        {0x0600, 0x0605},   {0x06dd, 0x06dd},   {0x070f, 0x070f},   {0x0890, 0x0891},
        {0x08e2, 0x08e2},   {0x0d4e, 0x0d4e},   {0x110bd, 0x110bd}, {0x110cd, 0x110cd},
        {0x111c2, 0x111c3}, {0x113d1, 0x113d1}, {0x1193f, 0x1193f}, {0x11941, 0x11941},
        {0x11a3a, 0x11a3a}, {0x11a84, 0x11a89}, {0x11d46, 0x11d46}, {0x11f02, 0x11f02},
    };

    return is_among(prepended, sizeof(prepended) / sizeof(*prepended), character);
}

/* How many bytes from the start of data are printable ASCII that stands for itself. */
static size_t plain_length(const uint8_t *data, size_t length)
{
    size_t count = 0;

    while (count < length && data[count] >= 0x20 && data[count] < 0x7f && data[count] != '\\')
        count++;
    return count;
}

static size_t put_hex(char *to, uint8_t byte)
{
    static const char digits[] = "0123456789abcdef";

    to[0] = '\\';
    to[1] = 'x';
    to[2] = digits[byte >> 4];
    to[3] = digits[byte & 15];
    return 4;
}

/* What no character of UTF-8 begins with, and control characters of ASCII: most of what is no text.
 */
static bool is_bare(uint8_t byte)
{
    return byte < 0x20 || (byte >= 0x7f && byte < 0xc2);
}

static size_t escape_bytes(char *buffer, size_t size, const void *data, size_t length,
                           bool backslashes)
{
    const uint8_t *from = data;
    size_t done = 0, used = 0;

    if (size == 0)
        return 0;
    while (done < length) {
        size_t room = size - 1 - used, left = length - done;
        size_t plain = plain_length(from + done, left < room ? left : room);
        size_t take, count = 0;
        char escape[16];

        memcpy(buffer + used, from + done, plain);
        used += plain;
        done += plain;
        while (done < length && is_bare(from[done]) && used + 4 < size)
            used += put_hex(buffer + used, from[done++]);
        if (done == length)
            break;
        take = utf8_length(from + done, length - done);
        if (backslashes && take == 1 && from[done] == '\\') {
            escape[count++] = '\\';
            escape[count++] = '\\';
        } else if (take && !character_is_hidden(utf8_character(from + done, take))) {
            memcpy(escape, from + done, take);
            count = take;
        } else {
            take = take ? take : 1;
            for (size_t i = 0; i < take; i++)
                count += put_hex(escape + count, from[done + i]);
        }
        if (used + count >= size)
            break;
        memcpy(buffer + used, escape, count);
        used += count;
        done += take;
    }
    buffer[used] = '\0';
    return done;
}

size_t text_escape(char *buffer, size_t size, const void *data, size_t length)
{
    return escape_bytes(buffer, size, data, length, true);
}

size_t text_clean(char *buffer, size_t size, const char *text)
{
    return escape_bytes(buffer, size, text, strlen(text), false);
}

bool text_hex(const char *digits, uint8_t *byte)
{
    char text[] = "00";

    for (int i = 0; i < 2; i++) {
        if (!isxdigit((unsigned char)digits[i]))
            return false;
        text[i] = digits[i];
    }
    *byte = (uint8_t)strtoul(text, NULL, 16);
    return true;
}

bool text_unescape(char *to, size_t size, const char *from)
{
    size_t used = 0;
    uint8_t byte;

    while (*from && used + 1 < size) {
        if (from[0] == '\\' && from[1] == 'x' && text_hex(from + 2, &byte)) {
            to[used++] = (char)byte;
            from += 4;
            continue;
        }
        if (from[0] == '\\' && from[1] == '\\')
            from++;
        to[used++] = *from++;
    }
    to[used] = '\0';
    return !*from;
}
