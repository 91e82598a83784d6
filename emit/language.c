/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Languages: finds templates by name and by file, and loads them with what they include. */
#include "emit/language.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/path.h"
#include "capture/words.h"
#include "emit/check.h"
#include "emit/header.h"
#include "emit/language_head.h"
#include "emit/nearest.h"

enum { NAMES_MAX = 256, USUAL_WIDTH = 72 };

static int out_of_memory(const char *name, struct template_error *error)
{
    return template_fail(error, -ENOMEM, name, "out of memory");
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

/* What a template need not say. */
static int use_defaults(struct language *language, struct template_error *error)
{
    const char *notation = escape_notation(language->escape.family);

    if (!language->text)
        language->text = notation_find(notation, strlen(notation));
    if (!language->index)
        language->index = strdup("README");
    return language->index ? 0 : out_of_memory(language_place(language), error);
}

/* As language_parse(), and keeps the path of the text. */
static int parse_text(struct language **out, const struct library *library, const char *name,
                      const struct library_text *text, struct template_error *error)
{
    struct language *language = new_language(name);
    int err;

    if (!language)
        return out_of_memory(name, error);
    language->library = library;
    if (text->path) {
        language->path = strdup(text->path);
        if (!language->path) {
            language_free(language);
            return out_of_memory(name, error);
        }
    }
    err = language_read_head(language, text->text, text->length, error);
    if (!err)
        err = use_defaults(language, error);
    if (!err)
        err = template_parse(&language->template, language_place(language), text->text,
                             text->length, error);
    if (!err)
        err = check_template(language, language->template, error);
    if (err)
        language_free(language);
    else
        *out = language;
    return err;
}

int language_parse(struct language **out, const char *name, const char *text, size_t length,
                   struct template_error *error)
{
    struct library_text source = {.text = (char *)text, .length = length};

    return parse_text(out, NULL, name, &source, error);
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
    words_free(language->extensions);
    words_free(language->keywords);
    words_free(language->reserved);
    words_free(language->not_called);
    words_free(language->forbidden);
    words_free(language->styles);
    free(language->index);
    free(language->also);
    free(language->description);
    free(language->path);
    free(language->name);
    free(language);
}

/* Only what describes itself is a language; other templates are there to be included. */
static bool is_language(const struct library_text *text)
{
    struct header header = header_begin(text->text, text->length);

    return header_find(&header, "description");
}

/* Reads the template if it is a language; -ENOENT and no error text if it is none. */
static int read_language(const struct library *library, const char *name, struct library_text *text,
                         struct template_error *error)
{
    int err = library_read(library, name, text, error);

    if (err || is_language(text))
        return err;
    library_text_free(text);
    return -ENOENT;
}

static int no_language(const struct library *library, const char *name,
                       struct template_error *error)
{
    const char *names[NAMES_MAX];
    char hint[NEAREST_HINT_SIZE];
    struct library_text text;
    size_t count = 0;

    for (size_t i = 0; library_name(library, i) && count < NAMES_MAX; i++) {
        if (read_language(library, library_name(library, i), &text, error))
            continue;
        library_text_free(&text);
        names[count++] = library_name(library, i);
    }
    nearest_hint(hint, name, names, count);
    return template_fail(error, -ENOENT, name, "no such language%s",
                         *hint ? hint : " (--list-langs lists them)");
}

int language_find(struct language **out, const struct library *library, const char *name,
                  struct template_error *error)
{
    struct library_text text;
    int err = read_language(library, name, &text, error);

    if (err == -ENOENT)
        return no_language(library, name, error);
    if (err)
        return err;
    err = parse_text(out, library, name, &text, error);
    library_text_free(&text);
    return err;
}

int language_next(struct language **out, const struct library *library, size_t *index,
                  struct template_error *error)
{
    struct library_text text;
    const char *name;
    int err;

    while ((name = library_name(library, *index))) {
        ++*index;
        err = read_language(library, name, &text, error);
        if (err == -ENOENT)
            continue;
        if (!err) {
            err = parse_text(out, library, name, &text, error);
            library_text_free(&text);
        }
        return err ? err : 1;
    }
    return 0;
}

static bool has_extension(const struct library_text *text, const char *extension)
{
    struct header header = header_begin(text->text, text->length);
    const char *word;
    size_t length;

    if (!header_find(&header, "extensions"))
        return false;
    while (header_word(&header, &word, &length)) {
        if (length == strlen(extension) && !strncasecmp(word, extension, length))
            return true;
    }
    return false;
}

const char *language_ending(const char *path)
{
    const char *dot = strrchr(path_last(path), '.');

    return dot && dot[1] ? dot + 1 : NULL;
}

int language_for_file(const struct library *library, const char *path, const char **name,
                      struct template_error *error)
{
    const char *ending = language_ending(path);
    struct library_text text;
    bool found = false;
    size_t folder = 0;
    int unread = 0;

    /* As by name, the first folder that has one counts. */
    for (size_t i = 0; ending && library_name(library, i); i++) {
        int err = read_language(library, library_name(library, i), &text, error);

        if (err) {
            unread = err == -ENOENT ? unread : err;
            continue;
        }
        if (has_extension(&text, ending) && (!found || text.folder < folder)) {
            *name = library_name(library, i);
            found = true;
            folder = text.folder;
        }
        library_text_free(&text);
    }
    return found ? 0 : unread ? unread : -ENOENT;
}

/* The file's name without its folder and, if there is more of it, without ".mustache". */
static char *base_name(const char *path)
{
    static const char suffix[] = ".mustache";
    const char *base = path_last(path);
    size_t length = strlen(base);
    size_t tail = strlen(suffix);

    if (length > tail && !strcmp(base + length - tail, suffix))
        length -= tail;
    return strndup(base, length);
}

int language_load(struct language **out, const struct library *library, const char *path,
                  struct template_error *error)
{
    char *name = base_name(path);
    struct library_text text = {0};
    int err = name ? library_read_file(path, &text, error) : out_of_memory(path, error);

    if (!err)
        err = parse_text(out, library, name, &text, error);
    library_text_free(&text);
    free(name);
    return err;
}

/* Puts the template in the next free place for partials. */
static int load_partial(struct language *language, const char *name, struct template_error *error)
{
    size_t i = language->partial_count;
    struct library_text text;
    int err;

    if (i == LANGUAGE_PARTIALS)
        return template_fail(error, -E2BIG, language_place(language),
                             "expected at most %d templates to be included", LANGUAGE_PARTIALS);
    err = library_read(language->library, name, &text, error);
    if (err == -ENOENT)
        return template_fail(error, err, language_place(language), "there is no template \"%s\"",
                             name);
    if (err)
        return err;
    language->partial_names[i] = strdup(name);
    if (!language->partial_names[i])
        err = out_of_memory(name, error);
    else
        err = template_parse(&language->partials[i], text.path ? text.path : name, text.text,
                             text.length, error);
    library_text_free(&text);
    if (!err)
        err = check_template(language, language->partials[i], error);
    /* Now it is among those that language_free() frees, even if it is no good. */
    if (language->partials[i])
        language->partial_count++;
    else
        free(language->partial_names[i]);
    return err;
}

int language_partial(void *context, const char *name, const struct template **out,
                     struct template_error *error)
{
    struct language *language = context;
    size_t i = 0;
    int err;

    while (i < language->partial_count && strcmp(language->partial_names[i], name))
        i++;
    if (i == language->partial_count) {
        err = load_partial(language, name, error);
        if (err)
            return err;
    }
    *out = language->partials[i];
    return 0;
}
