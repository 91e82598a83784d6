/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Escaping for people's eyes; what lands in generated source is escaped in emit/. */
#include "capture/text.h"

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

/* Control characters of ASCII and Latin-1, and the ones that reorder or hide text. */
static bool is_control(const uint8_t *data, size_t length)
{
    if (length == 1)
        return data[0] < 0x20 || data[0] == 0x7f;
    if (length == 2)
        return (data[0] == 0xc2 && data[1] < 0xa0) || (data[0] == 0xd8 && data[1] == 0x9c);
    if (length == 3 && data[0] == 0xe2)
        return (data[1] == 0x80 &&
                ((data[2] >= 0x8b && data[2] <= 0x8f) || (data[2] >= 0xa8 && data[2] <= 0xae))) ||
               (data[1] == 0x81 && data[2] >= 0xa0 && data[2] <= 0xaf);
    return length == 3 && data[0] == 0xef && data[1] == 0xbb && data[2] == 0xbf;
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
        } else if (take && !is_control(from + done, take)) {
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

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

bool text_unescape(char *to, size_t size, const char *from)
{
    size_t used = 0;

    while (*from && used + 1 < size) {
        if (from[0] == '\\' && from[1] == '\\') {
            from++;
        } else if (from[0] == '\\' && from[1] == 'x' && hex_value(from[2]) >= 0 &&
                   hex_value(from[3]) >= 0) {
            to[used++] = hex_value(from[2]) << 4 | hex_value(from[3]);
            from += 4;
            continue;
        }
        to[used++] = *from++;
    }
    to[used] = '\0';
    return !*from;
}
