/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the head of a template says of its language: each key is a row of the table. */
#include "emit/language_head.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/size.h"
#include "capture/words.h"
#include "emit/header.h"
#include "emit/word.h"

enum { WIDTH_MIN = 16 };

/* The words of the value, in a list that ends with NULL; NULL if there is no memory. */
static char **split(struct header header)
{
    char **words = calloc(header.value_length / 2 + 2, sizeof(*words));
    const char *word;
    size_t length;

    for (size_t count = 0; words && header_word(&header, &word, &length); count++) {
        words[count] = strndup(word, length);
        if (!words[count]) {
            words_free(words);
            return NULL;
        }
    }
    return words;
}

static int set_text(char **to, const struct header *header)
{
    free(*to);
    *to = strndup(header->value, header->value_length);
    return *to ? 0 : -ENOMEM;
}

static int set_words(char ***to, const struct header *header)
{
    words_free(*to);
    *to = split(*header);
    return *to ? 0 : -ENOMEM;
}

static int set_description(struct language *language, const struct header *header)
{
    return set_text(&language->description, header);
}

static int set_extensions(struct language *language, const struct header *header)
{
    return set_words(&language->extensions, header);
}

static int set_keywords(struct language *language, const struct header *header)
{
    int err = set_words(&language->keywords, header);

    language->identifiers.keywords = (const char *const *)language->keywords;
    return err;
}

static int set_reserved(struct language *language, const struct header *header)
{
    int err = set_words(&language->reserved, header);

    language->identifiers.reserved = (const char *const *)language->reserved;
    return err;
}

static int set_not_called(struct language *language, const struct header *header)
{
    return set_words(&language->not_called, header);
}

static int set_forbidden(struct language *language, const struct header *header)
{
    int err = set_words(&language->forbidden, header);

    language->escape.forbidden = (const char *const *)language->forbidden;
    return err;
}

/* What is between the characters, as it is between words, is none of them. */
static int set_also(struct language *language, const struct header *header)
{
    int err = set_text(&language->also, header);
    char *to = language->also;

    language->escape.also = err ? "" : language->also;
    if (err)
        return err;
    for (const char *from = to; *from; from++) {
        if (!strchr(" \t\r\n", *from))
            *to++ = *from;
    }
    *to = '\0';
    return 0;
}

static int set_identifiers(struct language *language, const struct header *header)
{
    char *name = strndup(header->value, header->value_length);
    int err = name ? identifier_convention(name, &language->identifiers.convention) : -ENOMEM;

    free(name);
    return err;
}

static int set_strings(struct language *language, const struct header *header)
{
    const struct escape *family = escape_find(header->value, header->value_length);

    if (!family)
        return -ENOENT;
    language->escape.family = family;
    if (!language->forbidden)
        language->escape.forbidden = NULL;
    return 0;
}

static int set_styles(struct language *language, const struct header *header)
{
    return set_words(&language->styles, header);
}

static int set_yes(bool *to, const struct header *header)
{
    *to = word_is("yes", header->value, header->value_length);
    return *to || word_is("no", header->value, header->value_length) ? 0 : -ENOENT;
}

static int set_embeds(struct language *language, const struct header *header)
{
    return set_yes(&language->embeds, header);
}

static int set_named_by_file(struct language *language, const struct header *header)
{
    return set_yes(&language->named_by_file, header);
}

static int set_embed_above(struct language *language, const struct header *header)
{
    return size_parse(header->value, header->value_length, &language->embed_above) ? -ENOENT : 0;
}

static int set_width(struct language *language, const struct header *header)
{
    if (size_parse(header->value, header->value_length, &language->width) ||
        language->width < WIDTH_MIN)
        return -ENOENT;
    return 0;
}

static int set_folder(struct language *language, const struct header *header)
{
    return set_yes(&language->folder, header);
}

/* The name of a file in the folder that cannot lead out of it. */
static int set_index(struct language *language, const struct header *header)
{
    if (header->value_length == 0 || *header->value == '.' ||
        memchr(header->value, '/', header->value_length) ||
        memchr(header->value, '\0', header->value_length))
        return -ENOENT;
    return set_text(&language->index, header);
}

static int set_text_notation(struct language *language, const struct header *header)
{
    const struct notation *notation = notation_find(header->value, header->value_length);

    if (notation)
        language->text = notation;
    return notation ? 0 : -ENOENT;
}

static const struct {
    const char *key;
    int (*set)(struct language *language, const struct header *header);
    const char *expected; /* when the value is not one of those that can be */
} keys[] = {
    {"description", set_description, ""},
    {"extensions", set_extensions, ""},
    {"identifiers", set_identifiers, "camel, lower_camel, pascal, snake or screaming_snake"},
    {"keywords", set_keywords, ""},
    {"reserved", set_reserved, ""},
    {"not_called", set_not_called, ""},
    {"strings", set_strings,
     "c, go, rust, python, braces, elixir, u4, java, u4_u8, x_braces, haskell, json or html"},
    {"escape_also", set_also, ""},
    {"text", set_text_notation, "the name of a notation"},
    {"width", set_width, "a number of columns, 16 or more"},
    {"styles", set_styles, ""},
    {"embeds", set_embeds, "yes or no"},
    {"embed_above", set_embed_above, "a size, as 64K"},
    {"named_by_file", set_named_by_file, "yes or no"},
    {"folder", set_folder, "yes or no"},
    {"index", set_index, "the name of a file"},
    {"not_in_comments", set_forbidden, ""},
};

const char *language_key(size_t index)
{
    return index < sizeof(keys) / sizeof(*keys) ? keys[index].key : NULL;
}

const char *language_place(const struct language *language)
{
    return language->path ? language->path : language->name;
}

static int set_key(struct language *language, const char *text, const struct header *header,
                   struct template_error *error)
{
    int err;

    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
        if (!word_is(keys[i].key, header->key, header->key_length))
            continue;
        err = keys[i].set(language, header);
        if (err == -ENOENT)
            return template_fail_at(error, language_place(language), text, header->value,
                                    "expected %s", keys[i].expected);
        return err ? template_fail(error, err, language_place(language), "out of memory") : 0;
    }
    return template_fail_at(
        error, language_place(language), text, header->key,
        "expected description, extensions, identifiers, keywords, reserved, "
        "not_called, strings, escape_also, text, width, not_in_comments, styles, embeds, "
        "embed_above, named_by_file, folder or index before the colon");
}

int language_read_head(struct language *language, const char *text, size_t length,
                       struct template_error *error)
{
    struct header header = header_begin(text, length);
    int err = 0;

    while (!err && header_next(&header))
        err = set_key(language, text, &header, error);
    return err;
}
