/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/glob.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "capture/text.h"

static const struct {
    const char *name;
    int (*holds)(int character);
} classes[] = {
    {"[:alnum:]", isalnum}, {"[:alpha:]", isalpha}, {"[:blank:]", isblank},
    {"[:cntrl:]", iscntrl}, {"[:digit:]", isdigit}, {"[:graph:]", isgraph},
    {"[:lower:]", islower}, {"[:print:]", isprint}, {"[:punct:]", ispunct},
    {"[:space:]", isspace}, {"[:upper:]", isupper}, {"[:xdigit:]", isxdigit},
};

bool glob_is(const char *text)
{
    return strpbrk(text, "*?[") != NULL;
}

static int add_element(struct glob *glob, unsigned element)
{
    if (glob->count == PATTERN_ELEMENTS)
        return -E2BIG;
    glob->elements[glob->count++] = (uint16_t)element;
    return 0;
}

int glob_add_bytes(struct glob *glob, const void *bytes, size_t length)
{
    const uint8_t *from = bytes;
    int err = 0;

    for (size_t i = 0; i < length && !err; i++)
        err = add_element(glob, from[i]);
    return err;
}

/* Takes one character, which may be escaped, off the text. */
static uint8_t take_byte(const char **text)
{
    const char *at = *text;
    uint8_t byte;

    if (at[0] != '\\' || !at[1]) {
        *text = at + 1;
        return (uint8_t)at[0];
    }
    if (at[1] == 'x' && text_hex(at + 2, &byte)) {
        *text = at + 4;
        return byte;
    }
    *text = at + 2;
    return at[1] == '0' ? 0 : (uint8_t)at[1];
}

static void set_add(uint64_t set[4], unsigned byte)
{
    set[byte / 64] |= UINT64_C(1) << byte % 64;
}

/* Adds a class by name; returns its length, or 0 when the text does not begin with one. */
static size_t set_add_class(uint64_t set[4], const char *text)
{
    for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++) {
        size_t length = strlen(classes[i].name);

        if (strncmp(text, classes[i].name, length) != 0)
            continue;
        for (int byte = 0; byte < 128; byte++)
            if (classes[i].holds(byte))
                set_add(set, (unsigned)byte);
        return length;
    }
    return 0;
}

static void set_add_range(uint64_t set[4], const char **text)
{
    unsigned first = take_byte(text), last = first;

    if ((*text)[0] == '-' && (*text)[1] && (*text)[1] != ']') {
        (*text)++;
        last = take_byte(text);
    }
    for (unsigned byte = first; byte <= last; byte++)
        set_add(set, byte);
}

/* Reads what follows [ into set. Returns where it goes on behind the ], or NULL when there is none.
 */
static const char *read_set(uint64_t set[4], const char *text)
{
    bool negated = *text == '!' || *text == '^';
    const char *first = negated ? text + 1 : text;
    size_t length;

    for (text = first; *text && (*text != ']' || text == first);) {
        length = set_add_class(set, text);
        if (length)
            text += length;
        else
            set_add_range(set, &text);
    }
    if (!*text)
        return NULL;
    for (int i = 0; i < 4 && negated; i++)
        set[i] = ~set[i];
    return text + 1;
}

/* A [ that is never closed means itself, as in a shell. */
static int add_set(struct glob *glob, const char **text)
{
    uint64_t set[4] = {0};
    const char *end = read_set(set, *text);
    unsigned index = 0;

    if (!end)
        return add_element(glob, '[');
    for (size_t i = 0; i < glob->count; i++)
        if (glob->elements[i] >= ELEMENT_SET)
            index = glob->elements[i] - ELEMENT_SET + 1U;
    if (index == PATTERN_SETS)
        return -E2BIG;
    for (int i = 0; i < 4; i++)
        glob->sets[index][i] = set[i];
    *text = end;
    return add_element(glob, ELEMENT_SET + index);
}

int glob_add(struct glob *glob, const char *text)
{
    int err = 0;

    while (*text && !err) {
        switch (*text) {
        case '*':
            err = add_element(glob, ELEMENT_STAR);
            text++;
            break;
        case '?':
            err = add_element(glob, ELEMENT_ANY);
            text++;
            break;
        case '[':
            text++;
            err = add_set(glob, &text);
            break;
        default:
            err = add_element(glob, take_byte(&text));
        }
    }
    return err;
}

int glob_add_escaped(struct glob *glob, const char *text)
{
    int err = 0;

    while (*text && !err)
        err = add_element(glob, take_byte(&text));
    return err;
}

bool glob_matches(const struct glob *glob, const char *text, size_t length)
{
    return length <= PATTERN_TEXT && match_text(glob, text, (uint32_t)length);
}
