/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Walks over the text without recursion, and never past its end: in a text that is no JSON it finds
 * something or nothing, and does no harm.
 */
#include "capture/manifest/position.h"

#include <jansson.h>
#include <string.h>

enum { STEPS_MAX = 16 };

struct walk {
    const char *at, *end;
};

static char next(const struct walk *walk)
{
    return walk->at < walk->end ? *walk->at : '\0';
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_space(struct walk *walk)
{
    while (is_space(next(walk)))
        walk->at++;
}

static void skip_string(struct walk *walk)
{
    for (walk->at++; walk->at < walk->end && *walk->at != '"'; walk->at++)
        if (*walk->at == '\\' && walk->at + 1 < walk->end)
            walk->at++;
    if (walk->at < walk->end)
        walk->at++;
}

/* A number, true, false or null. */
static void skip_word(struct walk *walk)
{
    while (walk->at < walk->end && !is_space(*walk->at) && !strchr(",:[]{}\"", *walk->at))
        walk->at++;
}

static void skip_value(struct walk *walk)
{
    size_t depth = 0;

    do {
        skip_space(walk);
        switch (next(walk)) {
        case '\0':
            return;
        case '"':
            skip_string(walk);
            break;
        case '{':
        case '[':
            depth++;
            walk->at++;
            break;
        case '}':
        case ']':
            if (depth == 0)
                return;
            depth--;
            walk->at++;
            break;
        case ',':
        case ':':
            walk->at++;
            break;
        default:
            skip_word(walk);
        }
    } while (depth > 0);
}

/* The same key can be spelt in many ways. */
static bool is_key(const char *begin, const char *end, const char *key)
{
    json_t *spelt = json_loadb(begin, (size_t)(end - begin), JSON_DECODE_ANY, NULL);
    const char *text = json_string_value(spelt);
    bool is = text && strcmp(text, key) == 0;

    json_decref(spelt);
    return is;
}

/* Enters an object, up to the value of that key, which begins at *key_at. */
static bool enter_key(struct walk *walk, const char *key, const char **key_at)
{
    for (walk->at++; skip_space(walk), next(walk) == '"'; walk->at++) {
        const char *begin = walk->at, *end;

        skip_string(walk);
        end = walk->at;
        skip_space(walk);
        if (next(walk) != ':')
            return false;
        walk->at++;
        skip_space(walk);
        *key_at = begin;
        if (is_key(begin, end, key))
            return true;
        skip_value(walk);
        skip_space(walk);
        if (next(walk) != ',')
            return false;
    }
    return false;
}

static bool enter_index(struct walk *walk, size_t index)
{
    walk->at++;
    for (size_t i = 0; i < index; i++) {
        skip_value(walk);
        skip_space(walk);
        if (next(walk) != ',')
            return false;
        walk->at++;
    }
    skip_space(walk);
    return walk->at < walk->end && next(walk) != ']';
}

static bool enter(struct walk *walk, const struct position_step *step, const char **key_at)
{
    *key_at = walk->at;
    if (step->key)
        return next(walk) == '{' && enter_key(walk, step->key, key_at);
    return next(walk) == '[' && enter_index(walk, step->index);
}

struct position position_at(const char *text, size_t offset)
{
    struct position position = {.offset = offset, .line = 1};
    size_t line = 0; /* where it begins */

    for (size_t i = 0; i < offset; i++) {
        if (text[i] == '\n') {
            position.line++;
            line = i + 1;
        }
    }
    position.column = offset - line + 1;
    return position;
}

bool position_find(struct position *position, const char *text, size_t length,
                   const struct position_step *last, bool of_key)
{
    const struct position_step *steps[STEPS_MAX];
    struct walk walk = {text, text + length};
    const char *key_at;
    size_t steps_count = 0;

    for (; last; last = last->from) {
        if (steps_count == STEPS_MAX)
            return false;
        steps[steps_count++] = last;
    }
    skip_space(&walk);
    key_at = walk.at;
    while (steps_count > 0)
        if (!enter(&walk, steps[--steps_count], &key_at))
            return false;
    *position = position_at(text, (size_t)((of_key ? key_at : walk.at) - text));
    return true;
}
