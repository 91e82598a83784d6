/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Languages: reads what a template says of its language, and finds templates by name and by file.
 */
#include "emit/language.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "emit/embedded.h"
#include "emit/nearest.h"
#include "emit/size.h"
#include "emit/word.h"

enum { FILE_MAX = 1 << 20, NAMES_MAX = 256, USUAL_WIDTH = 72, WIDTH_MIN = 16 };

static const char suffix[] = ".mustache";

/* A comment at the head: "key: value". Both point into the template's text. */
struct header {
    const char *name; /* of the template */
    const char *text;
    const char *at;
    const char *end;
    const char *key;
    size_t key_length;
    const char *value;
    size_t value_length;
};

static int out_of_memory(const char *name, struct template_error *error)
{
    return template_fail(error, -ENOMEM, name, "out of memory");
}

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

/* Moves on to the next comment that has a key; false when the head of the template ends. */
static bool next_header(struct header *header)
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

static void free_words(char **words)
{
    for (size_t i = 0; words && words[i]; i++)
        free(words[i]);
    free(words);
}

/* The words of the value, in a list that ends with NULL; NULL if there is no memory. */
static char **split(const char *value, size_t length)
{
    char **words = calloc(length / 2 + 2, sizeof(*words));
    size_t count = 0;
    size_t size;

    for (; words && length > 0; value += size, length -= size) {
        for (size = 0; size < length && !space(value[size]);)
            size++;
        if (size > 0)
            words[count] = strndup(value, size);
        if (size > 0 && !words[count++]) {
            free_words(words);
            return NULL;
        }
        if (size < length)
            size++;
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
    free_words(*to);
    *to = split(header->value, header->value_length);
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

static int set_reserved(struct language *language, const struct header *header)
{
    int status = set_words(&language->reserved, header);

    language->identifiers.reserved = (const char *const *)language->reserved;
    return status;
}

static int set_forbidden(struct language *language, const struct header *header)
{
    int status = set_words(&language->forbidden, header);

    language->escape.forbidden = (const char *const *)language->forbidden;
    return status;
}

static int set_also(struct language *language, const struct header *header)
{
    int status = set_text(&language->also, header);

    language->escape.also = status ? "" : language->also;
    return status;
}

static int set_identifiers(struct language *language, const struct header *header)
{
    char *name = strndup(header->value, header->value_length);
    int status = name ? identifier_convention(name, &language->identifiers.convention) : -ENOMEM;

    free(name);
    return status;
}

static int set_strings(struct language *language, const struct header *header)
{
    const struct escape *family = escape_find(header->value, header->value_length);

    if (!family)
        return -ENOENT;
    language->escape.family = family;
    if (!language->forbidden)
        language->escape.forbidden = NULL;
    if (!language->text)
        language->text = notation_find(escape_notation(family), strlen(escape_notation(family)));
    return 0;
}

static int set_styles(struct language *language, const struct header *header)
{
    return set_words(&language->styles, header);
}

static int set_embeds(struct language *language, const struct header *header)
{
    language->embeds = word_is("yes", header->value, header->value_length);
    return language->embeds || word_is("no", header->value, header->value_length) ? 0 : -ENOENT;
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
    language->folder = word_is("yes", header->value, header->value_length);
    return language->folder || word_is("no", header->value, header->value_length) ? 0 : -ENOENT;
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
    {"identifiers", set_identifiers, "camel, pascal, snake or screaming_snake"},
    {"reserved", set_reserved, ""},
    {"strings", set_strings,
     "c, go, rust, python, braces, u4, u4_u8, x_braces, haskell, json or html"},
    {"escape_also", set_also, ""},
    {"text", set_text_notation, "the name of a notation"},
    {"width", set_width, "a number of columns, 16 or more"},
    {"styles", set_styles, ""},
    {"embeds", set_embeds, "yes or no"},
    {"embed_above", set_embed_above, "a size, as 64K"},
    {"folder", set_folder, "yes or no"},
    {"index", set_index, "the name of a file"},
    {"not_in_comments", set_forbidden, ""},
};

static int set_key(struct language *language, const struct header *header,
                   struct template_error *error)
{
    int status;

    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
        if (!word_is(keys[i].key, header->key, header->key_length))
            continue;
        status = keys[i].set(language, header);
        if (status == -ENOENT)
            return template_fail_at(error, header->name, header->text, header->value, "expected %s",
                                    keys[i].expected);
        return status ? out_of_memory(header->name, error) : 0;
    }
    return template_fail_at(error, header->name, header->text, header->key,
                            "expected description, extensions, identifiers, reserved, strings, "
                            "escape_also, text, width, not_in_comments, styles, embeds, "
                            "embed_above, folder or index before the colon");
}

static int read_headers(struct language *language, const char *text, size_t length,
                        struct template_error *error)
{
    struct header header = {.name = language->name, .text = text, .at = text, .end = text + length};
    int status = 0;

    while (!status && next_header(&header))
        status = set_key(language, &header, error);
    return status;
}

/* A template that says nothing gets what does least harm in most languages. */
static struct language *new_language(const char *name)
{
    static const char *const forbidden[] = {"*/", "-->", "\"\"\"", NULL};
    struct language *language = calloc(1, sizeof(*language));

    if (!language)
        return NULL;
    language->name = strdup(name);
    if (!language->name) {
        free(language);
        return NULL;
    }
    language->identifiers.convention = SNAKE;
    language->width = USUAL_WIDTH;
    language->escape =
        (struct escape_rules){.family = escape_find("c", 1), .also = "", .forbidden = forbidden};
    return language;
}

static int use_index(struct language *language, struct template_error *error)
{
    language->index = strdup("README");
    return language->index ? 0 : out_of_memory(language->name, error);
}

int language_parse(struct language **out, const char *name, const char *text, size_t length,
                   struct template_error *error)
{
    struct language *language = new_language(name);
    int status;

    if (!language)
        return out_of_memory(name, error);
    status = read_headers(language, text, length, error);
    if (!language->text)
        language->text = notation_find("hexstring", strlen("hexstring"));
    if (!status && !language->index)
        status = use_index(language, error);
    if (!status)
        status = template_parse(&language->template, name, text, length, error);
    if (status)
        language_free(language);
    else
        *out = language;
    return status;
}

void language_free(struct language *language)
{
    if (!language)
        return;
    for (size_t i = 0; i < language->partial_count; i++) {
        template_free(language->partials[i]);
        free(language->partial_names[i]);
    }
    template_free(language->template);
    free_words(language->extensions);
    free_words(language->reserved);
    free_words(language->forbidden);
    free_words(language->styles);
    free(language->index);
    free(language->also);
    free(language->description);
    free(language->name);
    free(language);
}

static const struct embedded *find_embedded(const char *name)
{
    for (size_t i = 0; i < embedded_templates_count; i++) {
        if (!strcmp(embedded_templates[i].name, name))
            return &embedded_templates[i];
    }
    return NULL;
}

/* Has the embedded template a key like that in its head, and what is its value? */
static bool embedded_header(const struct embedded *embedded, const char *key, struct header *header)
{
    *header = (struct header){.at = embedded->text, .end = embedded->text + embedded->length};
    while (next_header(header)) {
        if (word_is(key, header->key, header->key_length))
            return true;
    }
    return false;
}

static bool is_language(const struct embedded *embedded)
{
    struct header header;

    return embedded_header(embedded, "description", &header);
}

static int no_language(const char *name, struct template_error *error)
{
    const char *names[NAMES_MAX];
    const char *nearest;
    size_t count = 0;

    for (size_t i = 0; i < embedded_templates_count && count < NAMES_MAX; i++) {
        if (is_language(&embedded_templates[i]))
            names[count++] = embedded_templates[i].name;
    }
    nearest = nearest_name(name, names, count);
    if (nearest)
        return template_fail(error, -ENOENT, name, "no such language; did you mean %s?", nearest);
    return template_fail(error, -ENOENT, name, "no such language");
}

int language_find(struct language **out, const char *name, struct template_error *error)
{
    const struct embedded *embedded = find_embedded(name);

    if (!embedded || !is_language(embedded))
        return no_language(name, error);
    return language_parse(out, name, embedded->text, embedded->length, error);
}

int language_next(struct language **out, size_t *index, struct template_error *error)
{
    const struct embedded *embedded;
    int status;

    while (*index < embedded_templates_count) {
        embedded = &embedded_templates[(*index)++];
        if (!is_language(embedded))
            continue;
        status = language_parse(out, embedded->name, embedded->text, embedded->length, error);
        return status ? status : 1;
    }
    return 0;
}

static bool has_word(const char *words, size_t length, const char *word)
{
    size_t size;

    for (; length > 0; words += size, length -= size) {
        for (size = 0; size < length && !space(words[size]);)
            size++;
        if (size == strlen(word) && !strncasecmp(words, word, size))
            return true;
        if (size < length)
            size++;
    }
    return false;
}

int language_for_file(const char *path, const char **name)
{
    const char *slash = strrchr(path, '/');
    const char *dot = strrchr(slash ? slash : path, '.');
    struct header header;

    for (size_t i = 0; dot && dot[1] && i < embedded_templates_count; i++) {
        if (is_language(&embedded_templates[i]) &&
            embedded_header(&embedded_templates[i], "extensions", &header) &&
            has_word(header.value, header.value_length, dot + 1)) {
            *name = embedded_templates[i].name;
            return 0;
        }
    }
    return -ENOENT;
}

/* The whole of the file in *text, to be freed; -EFBIG when it is longer than a template may be. */
static int read_file(const char *path, char **text, size_t *length)
{
    FILE *file = fopen(path, "re");
    char *buffer = malloc(FILE_MAX + 1);
    int status = 0;

    if (!file) {
        status = -errno;
    } else if (!buffer) {
        status = -ENOMEM;
    } else {
        *length = fread(buffer, 1, FILE_MAX + 1, file);
        if (ferror(file))
            status = -errno;
        else if (*length > FILE_MAX)
            status = -EFBIG;
    }
    if (file)
        fclose(file);
    if (status)
        free(buffer);
    else
        *text = buffer;
    return status;
}

/* The file's name without its folder and, if there is more of it, without ".mustache". */
static char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    size_t length = strlen(base);
    size_t tail = strlen(suffix);

    if (length > tail && !strcmp(base + length - tail, suffix))
        length -= tail;
    return strndup(base, length);
}

int language_load(struct language **out, const char *path, struct template_error *error)
{
    char *name = base_name(path);
    char *text = NULL;
    size_t length = 0;
    int status;

    if (!name)
        return out_of_memory(path, error);
    status = read_file(path, &text, &length);
    if (status == -EFBIG)
        template_fail(error, status, path, "expected a template of at most %d bytes", FILE_MAX);
    else if (status)
        template_fail(error, status, path, "cannot read the template: %s", strerror(-status));
    else
        status = language_parse(out, name, text, length, error);
    free(text);
    free(name);
    return status;
}

int language_partial(void *context, const char *name, const struct template **out,
                     struct template_error *error)
{
    struct language *language = context;
    const struct embedded *embedded = find_embedded(name);
    size_t i = 0;
    int status;

    while (i < language->partial_count && strcmp(language->partial_names[i], name))
        i++;
    if (i == language->partial_count) {
        if (!embedded)
            return template_fail(error, -ENOENT, language->name, "there is no template \"%s\"",
                                 name);
        if (i == LANGUAGE_PARTIALS)
            return template_fail(error, -E2BIG, language->name,
                                 "expected at most %d templates to be included", LANGUAGE_PARTIALS);
        language->partial_names[i] = strdup(name);
        if (!language->partial_names[i])
            return out_of_memory(name, error);
        status =
            template_parse(&language->partials[i], name, embedded->text, embedded->length, error);
        if (status) {
            free(language->partial_names[i]);
            return status;
        }
        language->partial_count++;
    }
    *out = language->partials[i];
    return 0;
}
