/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What a request says, in protocols of text and in some that have text behind a few bytes. */
#include <string.h>

#include "emit/escape.h"
#include "emit/lines.h"
#include "emit/names.h"

/*
 * Text may begin behind a header this long in a binary message (a type and a length, mostly), and
 * must then be no shorter than this, so that bytes which look like letters by chance don't count.
 */
enum { HEADER_MAX = 5, RUN_MIN = 4, WORD_MIN = 3 };

struct name {
    char *text;
    size_t length;
    bool full;
};

/* Adds text in one line: blanks become a space, and what a string would escape a look-alike. */
static void add(struct name *name, const uint8_t *text, size_t length)
{
    static const char unlike[] = "\"`\\", like[] = "''/";
    size_t size;

    for (size_t i = 0; i < length && !name->full; i += size) {
        const char *found;
        size_t visible = escape_visible((const char *)text + i, length - i);
        char c = (char)text[i];

        size = visible ? visible : 1;
        if (name->length + size >= NAMES_TEXT_SIZE) {
            name->full = true;
        } else if (visible > 1) {
            memcpy(name->text + name->length, text + i, size);
            name->length += size;
        } else if (!visible || c == ' ') {
            if (name->length > 0 && name->text[name->length - 1] != ' ')
                name->text[name->length++] = ' ';
        } else {
            found = strchr(unlike, c);
            name->text[name->length++] = found ? like[found - unlike] : c;
        }
    }
}

/* The version that ends the first line of HTTP and its like: what the line is about is before. */
static size_t without_version(const char *text, size_t length)
{
    size_t at = length;

    while (at > 0 && strchr("0123456789.", text[at - 1]))
        at--;
    if (at == length || at < 2 || text[at - 1] != '/')
        return length;
    for (at--; at > 0 && text[at - 1] >= 'A' && text[at - 1] <= 'Z';)
        at--;
    return at > 1 && text[at - 1] == ' ' && text[at] != '/' ? at - 1 : length;
}

/* A name that was cut ends with a whole word, if that leaves enough of it. */
static bool finish(struct name *name)
{
    size_t length = name->length;

    while (name->full && length > NAMES_TEXT_SIZE / 2 && name->text[length - 1] != ' ')
        length--;
    if (length > NAMES_TEXT_SIZE / 2)
        name->length = length;
    while (name->length > 0 && name->text[name->length - 1] == ' ')
        name->length--;
    name->length = without_version(name->text, name->length);
    name->text[name->length] = '\0';
    return name->length > 0;
}

/* A number and the end of its line, behind `sigil`; NULL if that is not what stands there. */
static const uint8_t *read_count(const uint8_t *at, const uint8_t *end, uint8_t sigil,
                                 size_t *count)
{
    const uint8_t *digits;

    if (at == end || *at++ != sigil)
        return NULL;
    for (digits = at, *count = 0; at < end && *at >= '0' && *at <= '9' && at - digits < 9; at++)
        *count = *count * 10 + (size_t)(*at - '0');
    return at > digits && end - at >= 2 && at[0] == '\r' && at[1] == '\n' ? at + 2 : NULL;
}

/* Redis: an array of strings, each behind its length. */
static bool from_words(const uint8_t *data, size_t length, struct name *name)
{
    const uint8_t *end = data + length;
    size_t count = 0, size;
    const uint8_t *at = read_count(data, end, '*', &count);

    for (size_t i = 0; at && i < count; i++) {
        at = read_count(at, end, '$', &size);
        if (!at || (size_t)(end - at) < size || lines_readable(at, size) < size)
            break;
        if (i > 0)
            add(name, (const uint8_t *)" ", 1);
        add(name, at, size);
        at += size;
        at = end - at >= 2 ? at + 2 : NULL;
    }
    return name->length > 0;
}

/* The string that a JSON object has for the key, as far as it can be told without parsing it. */
static bool from_key(const uint8_t *data, size_t length, const char *key, struct name *name)
{
    const uint8_t *end = data + length;
    const uint8_t *at = memmem(data, length, key, strlen(key));
    const uint8_t *quote;

    for (at = at ? at + strlen(key) : end; at < end && strchr(" \t\r\n:", *at) && *at;)
        at++;
    if (at == end || *at++ != '"')
        return false;
    quote = memchr(at, '"', (size_t)(end - at));
    if (quote && !memchr(at, '\\', (size_t)(quote - at)))
        add(name, at, (size_t)(quote - at));
    return name->length > 0;
}

/* JSON: what it wants done stands for a key that has one of the usual names. */
static bool from_object(const uint8_t *data, size_t length, struct name *name)
{
    static const char *const keys[] = {"\"method\"", "\"execute\"", "\"command\"", "\"cmd\"",
                                       "\"op\""};

    if (length == 0 || *data != '{')
        return false;
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
        if (from_key(data, length, keys[i], name))
            return true;
    }
    return false;
}

static size_t line_length(const uint8_t *data, size_t length)
{
    size_t at = 0;

    while (at < length && data[at] != '\n' && data[at] != '\r' && data[at] != '\0')
        at++;
    return at;
}

/* Text: its first line that is not blank. The null byte that may end it is no part of it. */
static bool from_line(const uint8_t *data, size_t length, struct name *name)
{
    size_t size;

    while (length > 0 && data[length - 1] == '\0')
        length--;
    if (lines_readable(data, length) < length)
        return false;
    for (; length > 0 && name->length == 0; data += size, length -= size) {
        size = line_length(data, length);
        add(name, data, size);
        size += size < length;
    }
    return name->length > 0;
}

static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/*
 * Whether the byte is the lowest one of a length, of no more than four bytes, which can look like a
 * letter: with itself, or of what follows.
 */
static bool ends_length(const uint8_t *data, size_t at, size_t length)
{
    const size_t first = at < 4 ? 0 : at - 3;
    size_t number = 0;

    for (size_t i = first; i <= at; i++)
        number = number << 8 | data[i];
    return at > 0 && (number == length - first || number == length - at - 1);
}

/* Text behind a few bytes, up to the end, a null byte or a newline, beginning with a word. */
static bool from_behind_header(const uint8_t *data, size_t length, struct name *name)
{
    size_t size, letters;

    for (size_t at = 0; at <= HEADER_MAX && at < length; at++) {
        size = line_length(data + at, length - at);
        for (letters = 0; letters < size && is_letter(data[at + letters]);)
            letters++;
        if (letters < WORD_MIN || size < RUN_MIN || ends_length(data, at, length) ||
            (at > 0 && is_letter(data[at - 1]) && !ends_length(data, at - 1, length)) ||
            lines_readable(data + at, size) < size)
            continue;
        add(name, data + at, size);
        return true;
    }
    return false;
}

bool names_from_request(const uint8_t *data, size_t length, char out[NAMES_TEXT_SIZE])
{
    static bool (*const readers[])(const uint8_t *data, size_t length, struct name *name) = {
        from_words, from_object, from_line, from_behind_header};
    struct name name;

    for (size_t i = 0; i < sizeof(readers) / sizeof(*readers); i++) {
        name = (struct name){.text = out};
        if (readers[i](data, length, &name) && finish(&name))
            return true;
    }
    return false;
}
