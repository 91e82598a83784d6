/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The manifest: where its values stand, the keys that it has, and the command lines that it makes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "capture/frame.h"
#include "capture/manifest/claims.h"
#include "capture/manifest/key.h"
#include "capture/manifest/manifest.h"
#include "capture/manifest/position.h"
#include "capture/manifest/words.h"
#include "capture/record.h"

/* Positions */

static void assert_position(const char *text, const struct position_step *last, bool of_key,
                            size_t line, size_t column)
{
    struct position position;

    assert_true(position_find(&position, text, strlen(text), last, of_key));
    assert_int_equal(position.line, line);
    assert_int_equal(position.column, column);
}

static void finds_values(void **state)
{
    static const char text[] = " {\"a\\\"]\": [1, {\"x\": \"}\"},\n  [[], {}]],\n\n\"b\" :\n true}";
    const struct position_step a = {.key = "a\"]"}, b = {.key = "b"};
    const struct position_step second = {.from = &a, .index = 1}, third = {.from = &a, .index = 2};
    const struct position_step x = {.from = &second, .key = "x"};
    const struct position_step last = {.from = &third, .index = 1};

    (void)state;
    assert_position(text, NULL, false, 1, 2);
    assert_position(text, &a, true, 1, 3);
    assert_position(text, &a, false, 1, 11);
    assert_position(text, &x, false, 1, 21);
    assert_position(text, &third, false, 2, 3);
    assert_position(text, &last, false, 2, 8);
    assert_position(text, &b, true, 4, 1);
    assert_position(text, &b, false, 5, 2);
}

static void finds_nothing(void **state)
{
    static const char text[] = "{\"a\": [1], \"b\": []}";
    const struct position_step a = {.key = "a"}, b = {.key = "b"}, c = {.key = "c"};
    const struct position_step second = {.from = &a, .index = 1}, none = {.from = &b, .index = 0};
    const struct position_step in_list = {.from = &a, .key = "a"}, index = {.index = 0};
    const struct position_step *const nowhere[] = {&c, &second, &none, &in_list, &index};
    struct position position;

    (void)state;
    for (size_t i = 0; i < sizeof(nowhere) / sizeof(*nowhere); i++)
        assert_false(position_find(&position, text, strlen(text), nowhere[i], false));
    /* However short the text is cut. */
    for (size_t length = 0; length < strlen(text); length++)
        for (size_t i = 0; i < sizeof(nowhere) / sizeof(*nowhere); i++)
            position_find(&position, text, length, nowhere[i], false);
}

/* Files */

static void tells_files_apart(void **state)
{
    (void)state;
    assert_true(paths_agree("/", "a", "./a"));
    assert_true(paths_agree("/", "a/b", "a//./x/../b/"));
    assert_true(paths_agree("/", "../a", "x/../../a"));
    assert_true(paths_agree("/", "/a", "//a/b/.."));
    assert_true(paths_agree("/", "/a", "/../b/../../a"));
    assert_true(paths_agree("/", "a", "/a"));
    assert_false(paths_agree("/proc", "a", "/a"));
    assert_false(paths_agree("/proc", "a", "../a"));
    assert_false(paths_agree("/proc/sys", "../../a", "../a"));
    assert_true(paths_agree("/proc", "self/mounts", "mounts"));
    assert_false(paths_agree("/", "a", "a/b"));
}

/* The schema */

static const json_t *of_schema(const json_t *schema, const char *name)
{
    const json_t *definitions = json_object_get(schema, "$defs");

    return *name ? json_object_get(definitions, name) : schema;
}

static bool is_required(const json_t *object, const char *name)
{
    const json_t *list = json_object_get(object, "required"), *item;
    size_t i;

    json_array_foreach(list, i, item)
        if (strcmp(json_string_value(item), name) == 0)
            return true;
    return false;
}

static void assert_same_keys(const json_t *object, const struct key *keys)
{
    const json_t *properties = json_object_get(object, "properties");
    size_t count = 0;

    assert_true(json_is_false(json_object_get(object, "additionalProperties")));
    for (; keys[count].name; count++) {
        assert_non_null(json_object_get(properties, keys[count].name));
        assert_int_equal(is_required(object, keys[count].name), keys[count].required);
    }
    assert_int_equal(json_object_size(properties), count);
}

static void schema_has_the_keys(void **state)
{
    json_t *schema =
        json_load_file("capture/manifest/sockfixture.schema.json", JSON_REJECT_DUPLICATES, NULL);

    (void)state;
    assert_non_null(schema);
    assert_same_keys(of_schema(schema, ""), manifest_keys);
    assert_same_keys(of_schema(schema, "fixture"), fixture_keys);
    assert_same_keys(of_schema(schema, "emit"), emit_keys);
    assert_same_keys(of_schema(schema, "step"), step_keys);
    json_decref(schema);
}

/* Backends and framings that are added are to be taken by editors, too. */
static void schema_has_the_words(void **state)
{
    json_t *schema = json_load_file("capture/manifest/sockfixture.schema.json", 0, NULL);
    const json_t *properties = json_object_get(of_schema(schema, "fixture"), "properties");
    const json_t *names = json_object_get(json_object_get(properties, "backend"), "enum");
    const char *pattern =
        json_string_value(json_object_get(json_object_get(properties, "frame"), "pattern"));
    size_t count = 0;

    (void)state;
    assert_non_null(pattern);
    for (; backends[count]; count++)
        assert_string_equal(json_string_value(json_array_get(names, count + 1)),
                            backends[count]->name);
    assert_int_equal(json_array_size(names), count + 1); /* and auto */
    for (size_t i = 0; framers[i]; i++)
        assert_non_null(strstr(pattern, framers[i]->name));
    json_decref(schema);
}

/* Command lines */

static const char manifest_text[] =
    "{\"environment\": {\"ALL\": \"1\"}, \"fixtures\": [{\"name\": \"n\", \"command\": \"a | b\","
    "\"repeat\": 3, \"duration\": 1.5, \"no-follow\": true, \"ignore-status\": false,"
    "\"socket\": [\"--x\", \"y\"], \"environment\": {\"ONE\": \"\", \"TWO\": null}, \"frame\": "
    "\"line\","
    "\"emit\": [{\"output\": \"-o\", \"name\": \"table\"}, {\"output\": \"p\"}]}]}";

static void assert_words(const struct words *words, const char *const *expected)
{
    size_t i = 0;

    for (; expected[i]; i++) {
        assert_true(i < words->count);
        assert_string_equal(words->at[i], expected[i]);
    }
    assert_int_equal(words->count, i);
    assert_null(words->at[i]);
}

static void makes_command_lines(void **state)
{
    static const char *const first[] = {"sockfixture", "-q", NULL};
    static const char *const record[] = {"sockfixture",
                                         "-q",
                                         "--name=n",
                                         "--env=ALL=1",
                                         "--write=n.jsonl",
                                         "--env=ONE=",
                                         "--env=TWO",
                                         "--socket=--x",
                                         "--socket=y",
                                         "--no-follow",
                                         "--frame=line",
                                         "--repeat=3",
                                         "--duration=1.500000000",
                                         "--backend=ptrace",
                                         "--",
                                         "/bin/sh",
                                         "-c",
                                         "a | b",
                                         NULL};
    static const char *const emits[][8] = {
        {"sockfixture", "-q", "--read=n.jsonl", "--frame=line", "--output=-o", "--name=table"},
        {"sockfixture", "-q", "--read=n.jsonl", "--frame=line", "--name=n", "--output=p"}};
    struct manifest_error error;
    struct manifest *manifest;
    const json_t *fixture, *entry;
    size_t i;

    (void)state;
    assert_int_equal(
        manifest_parse(&manifest, "m.json", ".", manifest_text, strlen(manifest_text), &error), 0);
    fixture = manifest_fixture(manifest, 0);
    struct words words = {0};
    assert_int_equal(words_record(&words, manifest, fixture, first, "ptrace"), 0);
    assert_words(&words, record);
    words_clear(&words);
    json_array_foreach(json_object_get(fixture, "emit"), i, entry) {
        assert_int_equal(words_emit(&words, fixture, entry, first), 0);
        assert_words(&words, emits[i]);
        words_clear(&words);
    }
    manifest_free(manifest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_values),         cmocka_unit_test(finds_nothing),
        cmocka_unit_test(tells_files_apart),    cmocka_unit_test(schema_has_the_keys),
        cmocka_unit_test(schema_has_the_words), cmocka_unit_test(makes_command_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
