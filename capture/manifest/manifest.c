/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A value that its key does not allow is found here, with its line; what an option does not allow
 * is found where the option is read.
 */
#include "capture/manifest/manifest.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "capture/manifest/claims.h"
#include "capture/manifest/key.h"
#include "capture/manifest/position.h"
#include "capture/json_text.h"
#include "capture/output.h"
#include "capture/path.h"
#include "capture/rights.h"
#include "capture/text.h"

/* Saying what is wrong */

/* Spells the way to a value: fixtures[0].emit[1].lang. */
static size_t spell_steps(char *out, size_t size, const struct position_step *step)
{
    size_t used = step->from ? spell_steps(out, size, step->from) : 0;
    int length;

    if (used >= size)
        return used;
    if (step->key)
        length = snprintf(out + used, size - used, "%s%s", used ? "." : "", step->key);
    else
        length = snprintf(out + used, size - used, "[%zu]", step->index);
    return length < 0 ? used : used + (size_t)length;
}

static void locate(const struct manifest *manifest, const struct position_step *step, bool of_key,
                   struct manifest_error *error)
{
    struct position position;

    error->line = error->column = 0;
    if (!position_find(&position, manifest->text, manifest->length, step, of_key))
        return;
    error->line = position.line;
    error->column = position.column;
}

static int fail(const struct manifest *manifest, const struct position_step *step, bool of_key,
                struct manifest_error *error, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

static int fail(const struct manifest *manifest, const struct position_step *step, bool of_key,
                struct manifest_error *error, const char *format, ...)
{
    char where[160] = "";
    va_list arguments;
    int length = 0;

    locate(manifest, step, of_key, error);
    if (step)
        spell_steps(where, sizeof(where), step);
    if (*where)
        length = snprintf(error->text, sizeof(error->text), "%s: ", where);
    va_start(arguments, format);
    vsnprintf(error->text + length, sizeof(error->text) - (size_t)length, format, arguments);
    va_end(arguments);
    return -EINVAL;
}

/* Keys and values */

static int check_object(const struct manifest *manifest, const json_t *object,
                        const struct key *keys, const struct position_step *at,
                        struct manifest_error *error);

/* A time to wait needs something that is waited for: it does not end the command. */
static int check_timeout(const struct manifest *manifest, const json_t *step,
                         const struct position_step *at, struct manifest_error *error)
{
    const struct position_step timeout = {.from = at, .key = "timeout"};

    if (!json_object_get(step, "timeout") || json_object_get(step, "wait") ||
        json_object_get(step, "until"))
        return 0;
    return fail(manifest, &timeout, true, error, "is for 'wait' and 'until', and there is neither");
}

/* The objects in a list; what else is in it was looked at with the list. */
static int check_objects(const struct manifest *manifest, const json_t *list,
                         const struct key *keys, const struct position_step *at,
                         struct manifest_error *error)
{
    const json_t *item;
    size_t i;
    int err;

    json_array_foreach(list, i, item) {
        const struct position_step step = {.from = at, .index = i};

        err = json_is_object(item) ? check_object(manifest, item, keys, &step, error) : 0;
        if (!err && keys == step_keys)
            err = check_timeout(manifest, item, &step, error);
        if (err)
            return err;
    }
    return 0;
}

static int check_value(const struct manifest *manifest, const json_t *value, const struct key *key,
                       const struct position_step *at, struct manifest_error *error)
{
    if (!key_allows(key->kind, value))
        return fail(manifest, at, false, error, "expected %s", key_expects(key->kind));
    return key->keys ? check_objects(manifest, value, key->keys, at, error) : 0;
}

static int check_object(const struct manifest *manifest, const json_t *object,
                        const struct key *keys, const struct position_step *at,
                        struct manifest_error *error)
{
    char hint[NEAREST_HINT_SIZE];
    const json_t *value;
    const char *name;
    int err = 0;

    json_object_foreach((json_t *)object, name, value) {
        const struct position_step step = {.from = at, .key = name};
        const struct key *key = key_find(keys, name);

        if (!key) {
            key_hint(keys, name, hint);
            return fail(manifest, &step, true, error, "there is no such key%s", hint);
        }
        err = check_value(manifest, value, key, &step, error);
        if (err)
            return err;
    }
    for (; keys->name; keys++)
        if (keys->required && !json_object_get(object, keys->name))
            return fail(manifest, at, false, error, "has no '%s'", keys->name);
    return 0;
}

/* What fixtures must not share */

static int check_names(const struct manifest *manifest, struct manifest_error *error)
{
    json_t *seen = json_object();
    int err = 0;

    for (size_t i = 0; i < manifest_count(manifest) && !err; i++) {
        const struct position_step list = {.key = "fixtures"};
        const struct position_step fixture = {.from = &list, .index = i};
        const struct position_step name = {.from = &fixture, .key = "name"};

        if (json_object_get(seen, manifest_name(manifest, i)))
            err = fail(manifest, &name, false, error, "there is another '%s'",
                       manifest_name(manifest, i));
        else if (json_object_set_new(seen, manifest_name(manifest, i), json_true()))
            err = -ENOMEM;
    }
    json_decref(seen);
    return err;
}

static bool is_capture(const char *path)
{
    const char *dot = strrchr(path, '.');

    return dot && (strcasecmp(dot, ".pcapng") == 0 || strcasecmp(dot, ".pcap") == 0);
}

/* Each file is written by one fixture, and once. */
static int check_file(const struct manifest *manifest, struct claims *claims, const char *path,
                      const struct position_step *step, struct manifest_error *error)
{
    int err;

    if (output_is_stdout(path))
        return fail(manifest, step, false, error, "is a file, and not standard output");
    err = claims_add(claims, path);
    if (err != -EEXIST)
        return err;
    return fail(manifest, step, false, error, "%s is written twice, or is the manifest", path);
}

static bool embeds(const json_t *emit)
{
    const json_t *above = json_object_get(emit, "embed-above");

    return json_is_string(above) ? strtoull(json_string_value(above), NULL, 10) > 0
                                 : json_number_value(above) > 0;
}

/*
 * The first of the files that messages are put in beside the output, in memory that the caller
 * frees: where another fixture has that one, it has the others. NULL when there is no memory.
 */
static char *first_beside(const json_t *emit)
{
    const char *output = json_string_value(json_object_get(emit, "output"));
    const char *base = path_last(output), *dot = strrchr(base, '.');
    const bool has_ending = dot && dot > base;
    char *path;

    if (asprintf(&path, "%.*s.01-request.bin",
                 has_ending ? (int)(dot - output) : (int)strlen(output), output) < 0)
        return NULL;
    return path;
}

/* Do the files beside this one serve an output before it? Of one fixture they hold the same. */
static bool shares_files(const struct claims *claims, const json_t *emits, size_t index,
                         const char *path)
{
    bool shares = false;

    for (size_t i = 0; i < index && !shares; i++) {
        const json_t *emit = json_array_get(emits, i);
        char *other = embeds(emit) ? first_beside(emit) : NULL;

        shares = other && paths_agree(claims->folder, other, path);
        free(other);
    }
    return shares;
}

static int check_beside(const struct manifest *manifest, struct claims *claims, const json_t *emits,
                        size_t index, const struct position_step *one, struct manifest_error *error)
{
    const struct position_step above = {.from = one, .key = "embed-above"};
    const json_t *emit = json_array_get(emits, index);
    char *path;
    int err = 0;

    if (!embeds(emit))
        return 0;
    path = first_beside(emit);
    if (!path)
        return -ENOMEM;
    if (!shares_files(claims, emits, index, path))
        err = claims_add(claims, path);
    if (err == -EEXIST)
        err = fail(manifest, &above, false, error,
                   "%s, as the other files of messages, would be written by another, too", path);
    free(path);
    return err;
}

static int check_files(const struct manifest *manifest, size_t index, struct claims *claims,
                       struct manifest_error *error)
{
    const json_t *fixture = manifest_fixture(manifest, index), *item;
    const struct position_step list = {.key = "fixtures"};
    const struct position_step step = {.from = &list, .index = index};
    const struct position_step recording = {.from = &step, .key = "recording"};
    const struct position_step emit = {.from = &step, .key = "emit"};
    char path[MANIFEST_TEXT_SIZE];
    size_t i;
    int err;

    if (is_capture(manifest_recording(fixture, path)))
        return fail(manifest, &recording, false, error,
                    "a capture is no recording ('emit' can make one of it)");
    err = check_file(manifest, claims, manifest_recording(fixture, path),
                     json_object_get(fixture, "recording") ? &recording : &step, error);
    json_array_foreach(json_object_get(fixture, "emit"), i, item) {
        const struct position_step one = {.from = &emit, .index = i};
        const struct position_step output = {.from = &one, .key = "output"};

        if (!err)
            err = check_file(manifest, claims, json_string_value(json_object_get(item, "output")),
                             &output, error);
        if (!err)
            err = check_beside(manifest, claims, json_object_get(fixture, "emit"), i, &one, error);
    }
    return err;
}

static int check_all_files(const struct manifest *manifest, const char *folder,
                           struct manifest_error *error)
{
    struct claims claims;
    int err = claims_new(&claims, folder);

    if (err) {
        snprintf(error->text, sizeof(error->text), "%s: %s", folder, strerror(-err));
        return err;
    }
    err = claims_add(&claims, path_last(manifest->path));
    for (size_t i = 0; i < manifest_count(manifest) && !err; i++)
        err = check_files(manifest, i, &claims, error);
    claims_free(&claims);
    return err;
}

/* Reading */

static const char no_zero[] = "a byte 0 is in no text";

/* jansson's words, without the text that it was near to; but not those for who programs with it. */
static int say_syntax(const json_error_t *wrong, struct manifest_error *error)
{
    const enum json_error_code code = json_error_code(wrong);
    const bool is_zero = code == json_error_null_character || code == json_error_null_byte_in_key;
    const char *text = is_zero ? no_zero : wrong->text, *near = strstr(text, " near '");

    error->line = wrong->line > 0 ? (size_t)wrong->line : 0;
    error->column = wrong->column > 0 ? (size_t)wrong->column : 0;
    snprintf(error->text, sizeof(error->text), "%.*s",
             near ? (int)(near - text) : (int)sizeof(wrong->text), text);
    return -EINVAL;
}

/* jansson passes over a byte 0 where a number ends. */
static int check_text(const struct manifest *manifest, struct manifest_error *error)
{
    const char *zero = memchr(manifest->text, '\0', manifest->length);
    struct position position;

    if (!zero)
        return 0;
    position = position_at(manifest->text, (size_t)(zero - manifest->text));
    error->line = position.line;
    error->column = position.column;
    snprintf(error->text, sizeof(error->text), "%s", no_zero);
    return -EINVAL;
}

static int check(struct manifest *manifest, const char *folder, struct manifest_error *error)
{
    json_error_t wrong;
    int err = check_text(manifest, error);

    if (err)
        return err;
    manifest->root = json_from_text(manifest->text, manifest->length, &wrong);
    if (!manifest->root && errno == ENOMEM)
        return -ENOMEM;
    if (!manifest->root)
        return say_syntax(&wrong, error);
    if (!json_is_object(manifest->root))
        return fail(manifest, NULL, false, error, "expected an object with the key 'fixtures'");
    manifest->fixtures = json_object_get(manifest->root, "fixtures");
    err = check_object(manifest, manifest->root, manifest_keys, NULL, error);
    if (!err)
        err = check_names(manifest, error);
    return err ? err : check_all_files(manifest, folder, error);
}

int manifest_parse(struct manifest **out, const char *path, const char *folder, const char *text,
                   size_t length, struct manifest_error *error)
{
    struct manifest *manifest = calloc(1, sizeof(*manifest));
    const size_t mark = utf8_mark_length(text, length);
    int err = -ENOMEM;

    *error = (struct manifest_error){.text = "out of memory"};
    if (!manifest)
        return err;
    manifest->path = strdup(path);
    manifest->text = malloc(length + 1);
    manifest->length = length - mark;
    if (manifest->path && manifest->text) {
        memcpy(manifest->text, text + mark, manifest->length);
        manifest->text[manifest->length] = '\0';
        err = check(manifest, folder, error);
    }
    if (err)
        manifest_free(manifest);
    else
        *out = manifest;
    return err;
}

static int read_text(const char *path, char **text, size_t *length)
{
    FILE *file = fopen(path, "re");
    int err = file ? 0 : -errno;

    if (!file)
        return err;
    *text = malloc(MANIFEST_SIZE_MAX + 1);
    if (!*text)
        err = -ENOMEM;
    else
        *length = fread(*text, 1, MANIFEST_SIZE_MAX + 1, file);
    if (!err && ferror(file))
        err = errno ? -errno : -EIO;
    if (!err && *length > MANIFEST_SIZE_MAX)
        err = -EFBIG;
    fclose(file);
    return err;
}

static int parse_file(struct manifest **out, const char *path, const char *text, size_t length,
                      struct manifest_error *error)
{
    char *folder = path_folder(path);
    int err = folder ? manifest_parse(out, path, folder, text, length, error) : -ENOMEM;

    free(folder);
    return err;
}

int manifest_read(struct manifest **out, const char *path, struct manifest_error *error)
{
    char *text = NULL;
    size_t length = 0;
    int err = read_text(path, &text, &length);

    *error = (struct manifest_error){.text = "out of memory"};
    if (err == -EFBIG)
        snprintf(error->text, sizeof(error->text), "is larger than a manifest can be (%d bytes)",
                 MANIFEST_SIZE_MAX);
    else if (err)
        snprintf(error->text, sizeof(error->text), "%s%s", strerror(-err), rights_hint(err));
    else
        err = parse_file(out, path, text, length, error);
    free(text);
    return err;
}

void manifest_free(struct manifest *manifest)
{
    if (!manifest)
        return;
    json_decref(manifest->root);
    free(manifest->path);
    free(manifest->text);
    free(manifest);
}

size_t manifest_count(const struct manifest *manifest)
{
    return json_array_size(manifest->fixtures);
}

const json_t *manifest_fixture(const struct manifest *manifest, size_t index)
{
    return json_array_get(manifest->fixtures, index);
}

const char *manifest_name(const struct manifest *manifest, size_t index)
{
    return json_string_value(json_object_get(manifest_fixture(manifest, index), "name"));
}

const char *manifest_recording(const json_t *fixture, char out[MANIFEST_TEXT_SIZE])
{
    const char *path = json_string_value(json_object_get(fixture, "recording"));

    if (path)
        return path;
    snprintf(out, MANIFEST_TEXT_SIZE, "%s.jsonl",
             json_string_value(json_object_get(fixture, "name")));
    return out;
}

size_t manifest_line(const struct manifest *manifest, size_t index)
{
    struct manifest_error error;

    manifest_place(manifest, index, "name", NULL, &error);
    return error.line;
}

void manifest_place(const struct manifest *manifest, size_t index, const char *key,
                    const size_t *emit, struct manifest_error *error)
{
    const struct position_step list = {.key = "fixtures"};
    const struct position_step fixture = {.from = &list, .index = index};
    const struct position_step emits = {.from = &fixture, .key = "emit"};
    const struct position_step one = {.from = &emits, .index = emit ? *emit : 0};
    const struct position_step value = {.from = emit ? &one : &fixture, .key = key};
    const struct position_step name = {.from = &fixture, .key = "name"};

    locate(manifest, &value, false, error);
    if (!error->line)
        locate(manifest, &name, false, error);
}
