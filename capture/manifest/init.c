/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Keys are put in the order of their table, which is the one that people read them in. */
#include "capture/manifest/init.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "emit/command.h"
#include "capture/manifest/key.h"

/* What an option was given, as the value of a key. */

static json_t *number_or_text(const char *text)
{
    char *end;
    long long number;

    errno = 0;
    number = strtoll(text, &end, 10);
    return errno || *end || !*text ? json_string(text) : json_integer(number);
}

static json_t *seconds_value(const char *text)
{
    json_t *number = number_or_text(text);

    if (!json_is_string(number))
        return number;
    json_decref(number);
    return json_real(strtod(text, NULL));
}

/* Adds a variable, NAME=VALUE or NAME. */
static json_t *environment_value(json_t *object, const char *text)
{
    const char *equals = strchr(text, '=');
    char *name = strndup(text, equals ? (size_t)(equals - text) : strlen(text));

    if (!object)
        object = json_object();
    if (!name ||
        json_object_set_new(object, name, equals ? json_string(equals + 1) : json_null())) {
        json_decref(object);
        object = NULL;
    }
    free(name);
    return object;
}

/* One is a text, several are a list. */
static json_t *texts_value(json_t *old, const char *text)
{
    json_t *list;

    if (!old)
        return json_string(text);
    list = json_is_array(old) ? json_incref(old) : json_pack("[O]", old);
    if (json_array_append_new(list, json_string(text))) {
        json_decref(list);
        list = NULL;
    }
    return list;
}

static int add_value(json_t *object, const struct key *key, const char *text)
{
    json_t *old = json_object_get(object, key->name);

    switch (key->kind) {
    case KEY_FLAG:
        return json_object_set_new(object, key->name, json_true());
    case KEY_COUNT:
    case KEY_SIZE:
        return json_object_set_new(object, key->name, number_or_text(text));
    case KEY_SECONDS:
        return json_object_set_new(object, key->name, seconds_value(text));
    case KEY_TEXTS:
        return json_object_set_new(object, key->name, texts_value(old, text));
    case KEY_ENVIRONMENT:
        return json_object_set_new(object, key->name, environment_value(json_incref(old), text));
    default:
        return json_object_set_new(object, key->name, json_string(text));
    }
}

/* The fixture */

/* The name of the table is the fixture's, or given beside it where that cannot be. */
static bool is_name_option(const struct option_given *given)
{
    return strcmp(given->name, "name") == 0;
}

static int add_given(const struct options *options, json_t *object, const struct key *key)
{
    int err = 0;

    /* It may have been given, and --follow behind it. */
    if (strcmp(key->option, "no-follow") == 0 && !options->no_follow)
        return 0;
    for (size_t i = 0; i < options->given_count && !err; i++)
        if (!is_name_option(&options->given[i]) && strcmp(options->given[i].name, key->option) == 0)
            err = add_value(object, key, options->given[i].value);
    return err;
}

static int add_all_given(const struct options *options, json_t *object, const struct key *keys)
{
    int err = 0;

    for (; keys->name && !err; keys++)
        if (keys->option)
            err = add_given(options, object, keys);
    return err;
}

/* A name that a manifest can have, of what the table would be called. Returns 0 or -ENOMEM. */
static int make_name(const struct options *options, char name[COMMAND_NAME_SIZE])
{
    json_t *text;

    command_name(options->command, options->name, name);
    for (char *c = name; *c; c++)
        if (*c == ' ' || *c == '/')
            *c = '-';
    text = json_string(name);
    if (!text)
        return -ENOMEM;
    if (!key_allows(KEY_NAME, text))
        snprintf(name, COMMAND_NAME_SIZE, "fixture");
    json_decref(text);
    return 0;
}

static json_t *command_value(char *const *command)
{
    json_t *list = json_array();

    for (; *command && list; command++) {
        if (json_array_append_new(list, json_string(*command))) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}

/* What is made of the recording; without options for it, what would be printed. */
static json_t *emit_value(const struct options *options, const char *name)
{
    json_t *emit = json_object();
    char output[COMMAND_NAME_SIZE + 8];

    snprintf(output, sizeof(output), "%s.json", name);
    if ((!options->output && json_object_set_new(emit, "output", json_string(output))) ||
        add_all_given(options, emit, emit_keys) ||
        (options->name && strcmp(options->name, name) != 0 &&
         json_object_set_new(emit, "name", json_string(options->name)))) {
        json_decref(emit);
        emit = NULL;
    }
    return emit;
}

static json_t *fixture_value(const struct options *options, bool emits)
{
    char name[COMMAND_NAME_SIZE], recording[COMMAND_NAME_SIZE + 8];
    json_t *fixture;

    if (make_name(options, name))
        return NULL;
    snprintf(recording, sizeof(recording), "%s.jsonl", name);
    fixture = json_pack("{s:s, s:o*}", "name", name, "command", command_value(options->command));
    if (!fixture || add_all_given(options, fixture, fixture_keys) ||
        (!options->write && json_object_set_new(fixture, "recording", json_string(recording))) ||
        (emits &&
         json_object_set_new(fixture, "emit", json_pack("[o]", emit_value(options, name))))) {
        json_decref(fixture);
        fixture = NULL;
    }
    return fixture;
}

/* Printing: a list of words stands in one line, as nobody would write it in several. */

static bool is_flat(const json_t *value)
{
    const json_t *item;
    size_t i;

    if (json_is_object(value))
        return false;
    json_array_foreach(value, i, item)
        if (json_is_array(item) || json_is_object(item))
            return false;
    return true;
}

static void print_value(const json_t *value, int depth, FILE *out);

/* Keys are ours, but for variables: those are what the user called them. */
static void print_key(const char *key, FILE *out)
{
    json_t *text = json_string(key);

    json_dumpf(text, out, JSON_ENCODE_ANY);
    json_decref(text);
}

static void print_object(const json_t *object, int depth, FILE *out)
{
    const char *name, *comma = "";
    const json_t *value;

    fputs("{", out);
    json_object_foreach((json_t *)object, name, value) {
        fprintf(out, "%s\n%*s", comma, 4 * (depth + 1), "");
        print_key(name, out);
        fputs(": ", out);
        print_value(value, depth + 1, out);
        comma = ",";
    }
    fprintf(out, "\n%*s}", 4 * depth, "");
}

static void print_value(const json_t *value, int depth, FILE *out)
{
    const char *comma = "";
    const json_t *item;
    size_t i;

    if (json_is_object(value)) {
        print_object(value, depth, out);
    } else if (is_flat(value)) {
        json_dumpf(value, out, JSON_ENCODE_ANY | JSON_REAL_PRECISION(9));
    } else {
        fputs("[", out);
        json_array_foreach(value, i, item) {
            fprintf(out, "%s\n%*s", comma, 4 * (depth + 1), "");
            print_value(item, depth + 1, out);
            comma = ",";
        }
        fprintf(out, "\n%*s]", 4 * depth, "");
    }
}

/* JSON has no bytes, but text. */
static bool is_utf8(const char *text)
{
    json_t *string = text ? json_string(text) : NULL;
    const bool is = string || !text;

    json_decref(string);
    return is;
}

static bool all_are_utf8(const struct options *options)
{
    bool are = true;

    for (char *const *word = options->command; *word; word++)
        are = are && is_utf8(*word);
    for (size_t i = 0; i < options->given_count; i++)
        are = are && is_utf8(options->given[i].value);
    return are;
}

/* Everything that was given is to be in the manifest, or it would be silently lost. */
static int check_given(const struct options *options, bool emits, char text[INIT_TEXT_SIZE])
{
    for (size_t i = 0; i < options->given_count; i++) {
        const char *name = options->given[i].name;

        if (!emits && !is_name_option(&options->given[i]) && key_find_option(emit_keys, name)) {
            snprintf(text, INIT_TEXT_SIZE,
                     "--%s says what a fixture is like, and there is none to write (-o names one)",
                     name);
            return -EINVAL;
        }
        if (strcmp(name, "init") == 0 || strcmp(name, "manifest") == 0 ||
            strcmp(name, "quiet") == 0 || strcmp(name, "follow") == 0 ||
            key_find_option(fixture_keys, name) || key_find_option(emit_keys, name))
            continue;
        snprintf(text, INIT_TEXT_SIZE, "--%s has no place in a manifest", name);
        return -EINVAL;
    }
    if ((options->lang || options->template) && !options->output)
        snprintf(text, INIT_TEXT_SIZE, "--lang and --template: name the fixture's file, too (-o)");
    else if (!all_are_utf8(options))
        snprintf(text, INIT_TEXT_SIZE, "a manifest is UTF-8, and one of the words is not");
    else
        return 0;
    return -EINVAL;
}

int init_print(const struct options *options, bool emits, FILE *out, char text[INIT_TEXT_SIZE])
{
    json_t *fixture, *manifest;
    int err = check_given(options, emits, text);

    if (err)
        return err;
    fixture = fixture_value(options, emits);
    manifest = fixture ? json_pack("{s:[o]}", "fixtures", fixture) : NULL;
    if (!manifest)
        return -ENOMEM;
    print_value(manifest, 0, out);
    fputs("\n", out);
    json_decref(manifest);
    return ferror(out) ? -EIO : 0;
}
