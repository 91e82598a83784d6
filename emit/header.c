/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "emit/header.h"

#include <string.h>

#include "emit/word.h"

static bool space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void trim(const char **text, size_t *length)
{
    for (; *length > 0 && space(**text); ++*text)
        --*length;
    while (*length > 0 && space((*text)[*length - 1]))
        --*length;
}

bool header_next(struct header *header)
{
    const char *stop;

    for (;;) {
        while (header->at < header->end && space(*header->at))
            header->at++;
        if (header->end - header->at < 3 || memcmp(header->at, "{{!", 3))
            return false;
        header->key = header->at + 3;
        stop = memmem(header->key, (size_t)(header->end - header->key), "}}", 2);
        if (!stop)
            return false;
        header->at = stop + 2;
        while (header->key < stop && space(*header->key))
            header->key++;
        header->value = header->key;
        while (header->value < stop &&
               ((*header->value >= 'a' && *header->value <= 'z') || *header->value == '_'))
            header->value++;
        header->key_length = (size_t)(header->value - header->key);
        if (header->key_length > 0 && header->value < stop && *header->value == ':') {
            header->value++;
            header->value_length = (size_t)(stop - header->value);
            trim(&header->value, &header->value_length);
            return true;
        }
    }
}

bool header_find(struct header *header, const char *key)
{
    while (header_next(header)) {
        if (word_is(key, header->key, header->key_length))
            return true;
    }
    return false;
}

bool header_word(struct header *header, const char **word, size_t *length)
{
    size_t size = 0;

    trim(&header->value, &header->value_length);
    while (size < header->value_length && !space(header->value[size]))
        size++;
    *word = header->value;
    *length = size;
    header->value += size;
    header->value_length -= size;
    return size > 0;
}
