/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* sockfixture.schema.json says the same to editors; a test compares the two. */
#include "capture/manifest/key.h"

#include <ctype.h>
#include <string.h>

#include "emit/nearest.h"

enum { LONGEST_NAME = 100, KEYS_MAX = 64 };

const struct key step_keys[] = {
    {"command", KEY_COMMAND, .required = true}, {"background", KEY_FLAG, .option = NULL},
    {"wait", KEY_TEXT, .option = NULL},         {"until", KEY_COMMAND, .option = NULL},
    {"timeout", KEY_SECONDS, .option = NULL},   {0},
};

const struct key emit_keys[] = {
    {"output", KEY_TEXT, .option = "output", .required = true},
    {"lang", KEY_TEXT, .option = "lang"},
    {"template", KEY_TEXT, .option = "template"},
    {"template-dir", KEY_TEXTS, .option = "template-dir"},
    {"name", KEY_TEXT, .option = "name"},
    {"package", KEY_TEXT, .option = "package"},
    {"style", KEY_TEXT, .option = "style"},
    {"bytes", KEY_TEXT, .option = "bytes"},
    {"call", KEY_TEXT, .option = "call"},
    {"embed-above", KEY_SIZE, .option = "embed-above"},
    {0},
};

const struct key fixture_keys[] = {
    {"name", KEY_NAME, .required = true},
    {"command", KEY_COMMAND, .required = true},
    {"environment", KEY_ENVIRONMENT, .option = "env"},
    {"directory", KEY_TEXT, .option = "chdir"},
    {"user", KEY_TEXT, .option = "user"},
    {"socket", KEY_TEXTS, .option = "socket"},
    {"exclude", KEY_TEXTS, .option = "exclude"},
    {"comm", KEY_TEXTS, .option = "comm"},
    {"uid", KEY_TEXTS, .option = "uid"},
    {"no-follow", KEY_FLAG, .option = "no-follow"},
    {"frame", KEY_TEXT, .option = "frame"},
    {"repeat", KEY_COUNT, .option = "repeat"},
    {"volatile", KEY_TEXTS, .option = "volatile"},
    {"stable", KEY_TEXTS, .option = "stable"},
    {"redact", KEY_TEXTS, .option = "redact"},
    {"backend", KEY_TEXT, .option = "backend"},
    {"buffer-size", KEY_SIZE, .option = "buffer-size"},
    {"max-message", KEY_SIZE, .option = "max-message"},
    {"count", KEY_COUNT, .option = "count"},
    {"duration", KEY_SECONDS, .option = "duration"},
    {"ignore-status", KEY_FLAG, .option = "ignore-status"},
    {"setup", KEY_STEPS, .keys = step_keys},
    {"teardown", KEY_COMMANDS, .option = NULL},
    {"alone", KEY_FLAG, .option = NULL},
    {"recording", KEY_TEXT, .option = "write"},
    {"emit", KEY_OBJECTS, .keys = emit_keys},
    {0},
};

const struct key manifest_keys[] = {
    {"$schema", KEY_TEXT, .option = NULL},
    {"environment", KEY_ENVIRONMENT, .option = NULL},
    {"setup", KEY_STEPS, .keys = step_keys},
    {"teardown", KEY_COMMANDS, .option = NULL},
    {"fixtures", KEY_OBJECTS, .keys = fixture_keys, .required = true},
    {0},
};

const struct key *key_find(const struct key *keys, const char *name)
{
    for (; keys->name; keys++)
        if (strcmp(keys->name, name) == 0)
            return keys;
    return NULL;
}

const struct key *key_find_option(const struct key *keys, const char *option)
{
    for (; keys->name; keys++)
        if (keys->option && strcmp(keys->option, option) == 0)
            return keys;
    return NULL;
}

void key_hint(const struct key *keys, const char *name, char out[NEAREST_HINT_SIZE])
{
    const char *names[KEYS_MAX];
    size_t count = 0;

    for (; keys->name && count < KEYS_MAX; keys++)
        names[count++] = keys->name;
    nearest_hint(out, name, names, count);
}

static bool is_text(const json_t *value)
{
    return json_string_length(value) > 0;
}

/* It is part of files' names, and is typed after options. */
static bool is_name(const json_t *value)
{
    static const char others[] = "._-";
    const char *text = json_string_value(value);

    if (!text || !*text || strlen(text) > LONGEST_NAME || strchr(others, *text))
        return false;
    for (; *text; text++)
        if (!isascii(*text) || (!isalnum((unsigned char)*text) && !strchr(others, *text)))
            return false;
    return true;
}

/* A list of things that are all so. */
static bool is_list(const json_t *value, bool (*is)(const json_t *item))
{
    const json_t *item;
    size_t i;

    json_array_foreach(value, i, item)
        if (!is(item))
            return false;
    return json_is_array(value);
}

static bool is_texts(const json_t *value)
{
    return is_text(value) || (is_list(value, is_text) && json_array_size(value) > 0);
}

static bool is_word(const json_t *value)
{
    return json_is_string(value);
}

/* Words can be empty, but for the program's name. */
static bool is_command(const json_t *value)
{
    return is_text(value) || (is_list(value, is_word) && is_text(json_array_get(value, 0)));
}

static bool is_count(const json_t *value)
{
    return json_integer_value(value) > 0;
}

static bool is_size(const json_t *value)
{
    return is_text(value) || (json_is_integer(value) && json_integer_value(value) >= 0);
}

static bool is_seconds(const json_t *value)
{
    return json_is_number(value) && json_number_value(value) > 0;
}

static bool is_flag(const json_t *value)
{
    return json_is_boolean(value);
}

static bool is_environment(const json_t *value)
{
    const json_t *item;
    const char *name;

    json_object_foreach((json_t *)value, name, item)
        if (!*name || strchr(name, '=') || (!json_is_string(item) && !json_is_null(item)))
            return false;
    return json_is_object(value);
}

static bool is_commands(const json_t *value)
{
    return is_list(value, is_command);
}

static bool is_step(const json_t *value)
{
    return json_is_object(value) || is_command(value);
}

static bool is_steps(const json_t *value)
{
    return is_list(value, is_step);
}

static bool is_object(const json_t *value)
{
    return json_is_object(value);
}

static bool is_objects(const json_t *value)
{
    return is_list(value, is_object);
}

static const struct {
    bool (*is)(const json_t *value);
    const char *words;
} kinds[] = {
    [KEY_TEXT] = {is_text, "text"},
    [KEY_NAME] = {is_name, "a name of letters, digits, '.', '_' and '-'"},
    [KEY_TEXTS] = {is_texts, "text, or a list of texts"},
    [KEY_COMMAND] = {is_command, "a list of words, or text for the shell"},
    [KEY_COUNT] = {is_count, "a whole number from 1 on"},
    [KEY_SIZE] = {is_size, "a number of bytes, or text as \"64K\""},
    [KEY_SECONDS] = {is_seconds, "a number of seconds"},
    [KEY_FLAG] = {is_flag, "true or false"},
    [KEY_ENVIRONMENT] = {is_environment, "an object with a text, or null, for each variable"},
    [KEY_COMMANDS] = {is_commands, "a list of commands (lists of words, or texts for the shell)"},
    [KEY_STEPS] = {is_steps,
                   "a list of commands (lists of words, texts for the shell, or objects)"},
    [KEY_OBJECTS] = {is_objects, "a list of objects"},
};

bool key_allows(enum key_kind kind, const json_t *value)
{
    return kinds[kind].is(value);
}

const char *key_expects(enum key_kind kind)
{
    return kinds[kind].words;
}
