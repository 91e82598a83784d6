/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Makes identifiers: ASCII letters, digits and underscores, whatever the text was. */
#include "emit/identifier.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* What is left of IDENTIFIER_SIZE is for a word in front, a number and a word behind. */
enum { TEXT_MAX = 48 };

static const char filler[] = "table";

static const struct {
    const char *name;
    bool underscores;
    bool first_upper; /* the first letter of the first word */
    bool word_upper;  /* the first letter of the words after it */
    bool all_upper;
} conventions[] = {
    [CAMEL] = {"camel", false, false, true, false},
    [LOWER_CAMEL] = {"lower_camel", false, false, true, false},
    [PASCAL] = {"pascal", false, true, true, false},
    [SNAKE] = {"snake", true, false, false, false},
    [SCREAMING_SNAKE] = {"screaming_snake", true, true, true, true},
};

struct builder {
    enum identifier_convention convention;
    size_t length;
    char *text;
};

/* Not those of ctype.h, which ask the locale. */
static bool lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static char to_case(char c, bool is_upper)
{
    if (is_upper && lower(c))
        return (char)(c - 'a' + 'A');
    return !is_upper && upper(c) ? (char)(c - 'A' + 'a') : c;
}

static void add_word(struct builder *builder, const char *word, size_t length)
{
    bool first = builder->length == 0;
    enum identifier_convention c = builder->convention;
    bool up = first ? conventions[c].first_upper : conventions[c].word_upper;

    if (!first && conventions[c].underscores)
        builder->text[builder->length++] = '_';
    for (size_t i = 0; i < length; i++)
        builder->text[builder->length++] = to_case(word[i], i == 0 ? up : conventions[c].all_upper);
    builder->text[builder->length] = '\0';
}

/* A word ends where something else begins, or a capital letter follows on a small one. */
static size_t word_length(const char *text)
{
    size_t i = 0;

    while (lower(text[i]) || digit(text[i]) || upper(text[i])) {
        if (i > 0 && upper(text[i]) && !upper(text[i - 1]))
            break;
        i++;
    }
    return i;
}

static void add_words(struct builder *builder, const char *text)
{
    size_t length;

    for (; *text; text += length ? length : 1) {
        length = word_length(text);
        if (length == 0)
            continue;
        if (builder->length == 0 && digit(*text))
            add_word(builder, filler, strlen(filler));
        if (builder->length + length > TEXT_MAX) {
            if (builder->length == 0)
                add_word(builder, text, TEXT_MAX);
            return;
        }
        add_word(builder, text, length);
    }
}

/* A # that ends the word stands for a number. */
static bool is_word(const char *word, const char *text)
{
    size_t length = strcspn(word, "#");

    if (!word[length])
        return !strcmp(word, text);
    return !strncmp(word, text, length) && digit(text[length]) &&
           !text[length + strspn(text + length, "0123456789")];
}

static bool is_among(const char *const *words, const char *text)
{
    for (; words && *words; words++)
        if (is_word(*words, text))
            return true;
    return false;
}

static bool is_reserved(const struct identifier_rules *rules, const char *text)
{
    return is_among(rules->keywords, text) || is_among(rules->reserved, text) ||
           (rules->taken && !strcmp(rules->taken, text));
}

/*
 * In camel case the first letter says something too, and who writes an identifier has chosen it;
 * where it has to be a small one, that is lower_camel.
 */
static bool keep(const struct identifier_rules *rules, const char *text)
{
    size_t length = 0;

    while (lower(text[length]) || upper(text[length]) || digit(text[length]))
        length++;
    return rules->convention == CAMEL && length > 0 && length <= TEXT_MAX && text[length] == '\0' &&
           !digit(*text);
}

void identifier_make(const struct identifier_rules *rules, const char *text, size_t number,
                     char out[IDENTIFIER_SIZE])
{
    struct builder builder = {.convention = rules->convention, .text = out};
    char digits[24];

    *out = '\0';
    if (keep(rules, text))
        builder.length = (size_t)(stpcpy(out, text) - out);
    else
        add_words(&builder, text);
    if (builder.length == 0)
        add_word(&builder, filler, strlen(filler));
    if (number > 0) {
        snprintf(digits, sizeof(digits), "%zu", number);
        add_word(&builder, digits, strlen(digits));
    }
    if (is_reserved(rules, out))
        add_word(&builder, filler, strlen(filler));
}

static bool is_keyword(const struct identifier_rules *rules, const char *text)
{
    return is_among(rules->keywords ? rules->keywords : rules->reserved, text);
}

/* Whether it begins as the convention wants, and is an identifier in every language. */
static bool is_package(const struct identifier_rules *rules, const char *text)
{
    size_t length = 0;

    while (lower(text[length]) || upper(text[length]) || digit(text[length]) || text[length] == '_')
        length++;
    return length > 0 && length < IDENTIFIER_SIZE && text[length] == '\0' &&
           (conventions[rules->convention].first_upper ? upper(*text) : lower(*text)) &&
           !is_keyword(rules, text);
}

void identifier_package(const struct identifier_rules *rules, const char *text,
                        char out[IDENTIFIER_SIZE])
{
    if (is_package(rules, text))
        stpcpy(out, text);
    else
        identifier_make(rules, text, 0, out);
}

void identifier_atom(const struct identifier_rules *rules, const char *text,
                     char out[IDENTIFIER_SIZE])
{
    bool quoted = !lower(*text) || is_keyword(rules, text);
    size_t length = 0;

    for (char c; (c = text[length]); length++) {
        if (strchr("-.", c))
            quoted = true;
        else if (!lower(c) && !upper(c) && !digit(c) && !strchr("_@", c))
            break;
    }
    if (length == 0 || text[length] || length + strlen("''") >= IDENTIFIER_SIZE)
        identifier_make(rules, text, 0, out);
    else
        snprintf(out, IDENTIFIER_SIZE, quoted ? "'%s'" : "%s", text);
}

void identifier_extend(const struct identifier_rules *rules, const char *text,
                       char identifier[IDENTIFIER_SIZE])
{
    struct builder builder = {rules->convention, strlen(identifier), identifier};
    size_t length;

    for (; *text; text += length ? length : 1) {
        length = word_length(text);
        if (length > 0 && builder.length + length + 2 < IDENTIFIER_SIZE)
            add_word(&builder, text, length);
    }
}

int identifier_convention(const char *name, enum identifier_convention *out)
{
    for (size_t i = 0; i < sizeof(conventions) / sizeof(*conventions); i++) {
        if (!strcmp(conventions[i].name, name)) {
            *out = (enum identifier_convention)i;
            return 0;
        }
    }
    return -ENOENT;
}
