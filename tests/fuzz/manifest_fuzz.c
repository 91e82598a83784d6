/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Any text as a manifest. It is refused with a place that the text has, or taken; of one that is
 * taken, each fixture makes command lines. Wherever jansson finds a value, position_find() must
 * find the same one.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/manifest/manifest.h"
#include "capture/manifest/position.h"
#include "capture/manifest/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DEPTH_MAX = 12 };

struct text {
    const char *at;
    size_t length;
};

static void expect(bool is_so, const char *what)
{
    if (is_so)
        return;
    fprintf(stderr, "%s\n", what);
    abort();
}

/* What stands there is the value. */
static void check_value(const struct text *text, const json_t *value,
                        const struct position_step *step)
{
    struct position position;
    json_t *found;

    expect(position_find(&position, text->at, text->length, step, false), "a value is not found");
    found = json_loadb(text->at + position.offset, text->length - position.offset,
                       JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK, NULL);
    expect(found && json_equal(found, value), "another value is found");
    json_decref(found);
}

static void check_values(const struct text *text, json_t *value, const struct position_step *step,
                         int depth)
{
    const char *key;
    json_t *item;
    size_t i;

    check_value(text, value, step);
    if (depth == DEPTH_MAX)
        return;
    json_object_foreach(value, key, item)
        check_values(text, item, &(struct position_step){.from = step, .key = key}, depth + 1);
    json_array_foreach(value, i, item)
        check_values(text, item, &(struct position_step){.from = step, .index = i}, depth + 1);
}

static void check_positions(const struct text *text)
{
    bool is_text = !memchr(text->at, '\0', text->length);
    json_t *root =
        is_text ? json_loadb(text->at, text->length, JSON_REJECT_DUPLICATES, NULL) : NULL;

    /* Each value is looked for from the beginning, so a long text would take for ever. */
    if (root && text->length < 2000)
        check_values(text, root, NULL, 0);
    json_decref(root);
}

static void check_commands(const struct manifest *manifest, size_t index)
{
    static const char *const first[] = {"sockfixture", NULL};
    const json_t *fixture = manifest_fixture(manifest, index), *entry;
    struct words words = {0};
    size_t i;

    expect(words_record(&words, manifest, fixture, first, NULL) == 0, "no words");
    json_array_foreach(json_object_get(fixture, "emit"), i, entry)
        expect(words_emit(&words, fixture, entry, first) == 0, "no words");
    expect(manifest_line(manifest, index) > 0, "a fixture has no line");
    words_clear(&words);
}

static size_t count_lines(const struct text *text)
{
    size_t count = 1;

    for (size_t i = 0; i < text->length; i++)
        count += text->at[i] == '\n';
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct text text = {(const char *)data, size};
    const struct position_step list = {.key = "fixtures"}, one = {.from = &list, .index = 1};
    struct manifest_error error;
    struct manifest *manifest;
    struct position position;

    position_find(&position, text.at, text.length, &one, false);
    if (manifest_parse(&manifest, "sockfixture.json", ".", text.at, text.length, &error)) {
        expect(error.text[0], "nothing is said");
        expect(error.line <= count_lines(&text), "a line that is not there");
        check_positions(&text);
        return 0;
    }
    check_positions(&text);
    for (size_t i = 0; i < manifest_count(manifest); i++)
        check_commands(manifest, i);
    manifest_free(manifest);
    return 0;
}
