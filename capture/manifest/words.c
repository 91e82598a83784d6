/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/manifest/words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/manifest/key.h"

int words_add(struct words *words, const char *word)
{
    char **at = reallocarray(words->at, words->count + 2, sizeof(*at));

    if (!at)
        return -ENOMEM;
    words->at = at;
    at[words->count] = strdup(word);
    at[words->count + 1] = NULL;
    return at[words->count] ? (words->count++, 0) : -ENOMEM;
}

void words_clear(struct words *words)
{
    for (size_t i = 0; i < words->count; i++)
        free(words->at[i]);
    free(words->at);
    *words = (struct words){0};
}

static int add_all(struct words *words, const char *const *all)
{
    int err = 0;

    for (; *all && !err; all++)
        err = words_add(words, *all);
    return err;
}

int words_add_command(struct words *words, const json_t *command)
{
    const json_t *item;
    size_t i;
    int err;

    if (json_is_string(command)) {
        err = add_all(words, (const char *const[]){"/bin/sh", "-c", NULL});
        return err ? err : words_add(words, json_string_value(command));
    }
    json_array_foreach(command, i, item) {
        err = words_add(words, json_string_value(item));
        if (err)
            return err;
    }
    return 0;
}

/* A value as an option has it, in one word with the option, so that none is taken for another. */
static int add_option(struct words *words, const char *option, const char *value)
{
    char *word;
    int err;

    if (asprintf(&word, "--%s=%s", option, value) < 0)
        return -ENOMEM;
    err = words_add(words, word);
    free(word);
    return err;
}

static int add_flag(struct words *words, const char *option, const json_t *value)
{
    char word[64];

    snprintf(word, sizeof(word), "--%s", option);
    return json_is_true(value) ? words_add(words, word) : 0;
}

/* A text or a number. */
static int add_scalar(struct words *words, const char *option, const json_t *value)
{
    char number[64];

    if (json_is_integer(value))
        snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else
        snprintf(number, sizeof(number), "%.9f", json_real_value(value));
    return add_option(words, option, json_is_string(value) ? json_string_value(value) : number);
}

static int add_texts(struct words *words, const char *option, const json_t *value)
{
    const json_t *item;
    size_t i;
    int err = 0;

    if (!json_is_array(value))
        return add_scalar(words, option, value);
    json_array_foreach(value, i, item)
        if (!err)
            err = add_scalar(words, option, item);
    return err;
}

/* One variable, as strace -E has it; with an option before it, if there is one. */
static int add_variable(struct words *words, const char *option, const char *name,
                        const json_t *value)
{
    char *word;
    int err;

    if (asprintf(&word, "%s%s%s", name, json_is_null(value) ? "" : "=",
                 json_is_null(value) ? "" : json_string_value(value)) < 0)
        return -ENOMEM;
    err = option ? add_option(words, option, word) : words_add(words, word);
    free(word);
    return err;
}

static int add_environment(struct words *words, const char *option, const json_t *object)
{
    const json_t *value;
    const char *name;
    int err = 0;

    json_object_foreach((json_t *)object, name, value)
        if (!err)
            err = add_variable(words, option, name, value);
    return err;
}

static int add_key(struct words *words, const struct key *key, const json_t *value)
{
    switch (key->kind) {
    case KEY_FLAG:
        return add_flag(words, key->option, value);
    case KEY_ENVIRONMENT:
        return add_environment(words, key->option, value);
    default:
        return add_texts(words, key->option, value);
    }
}

/* All that options say, too. */
static int add_keys(struct words *words, const struct key *keys, const json_t *object)
{
    int err = 0;

    for (; keys->name && !err; keys++)
        if (keys->option && json_object_get(object, keys->name))
            err = add_key(words, keys, json_object_get(object, keys->name));
    return err;
}

static int add_text_key(struct words *words, const char *option, const json_t *object,
                        const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? add_option(words, option, text) : 0;
}

int words_record(struct words *words, const struct manifest *manifest, const json_t *fixture,
                 const char *const *first, const char *backend)
{
    char path[MANIFEST_TEXT_SIZE];
    int err = add_all(words, first);

    if (!err)
        err = add_text_key(words, "name", fixture, "name");
    if (!err)
        err = add_environment(words, "env", json_object_get(manifest->root, "environment"));
    if (!err && !json_object_get(fixture, "recording"))
        err = add_option(words, "write", manifest_recording(fixture, path));
    if (!err)
        err = add_keys(words, fixture_keys, fixture);
    if (!err && backend)
        err = add_option(words, "backend", backend);
    if (!err)
        err = words_add(words, "--");
    return err ? err : words_add_command(words, json_object_get(fixture, "command"));
}

int words_emit(struct words *words, const json_t *fixture, const json_t *emit,
               const char *const *first)
{
    char path[MANIFEST_TEXT_SIZE];
    int err = add_all(words, first);

    if (!err)
        err = add_option(words, "read", manifest_recording(fixture, path));
    if (!err)
        err = add_text_key(words, "frame", fixture, "frame");
    if (!err && !json_object_get(emit, "name"))
        err = add_text_key(words, "name", fixture, "name");
    return err ? err : add_keys(words, emit_keys, emit);
}

int words_environment(struct words *words, const struct manifest *manifest, const json_t *fixture)
{
    int err = add_environment(words, NULL, json_object_get(manifest->root, "environment"));

    return err ? err : add_environment(words, NULL, json_object_get(fixture, "environment"));
}
