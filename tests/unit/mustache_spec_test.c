/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Runs every case of the Mustache specification, found in $MUSTACHE_SPEC, with HTML escapes. */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "emit/template.h"

enum { PARTIALS_MAX = 16, FILES_MAX = 64 };

/* The partials of one case; they are parsed when a template asks for them. */
struct partials {
    json_t *texts;
    struct template *parsed[PARTIALS_MAX];
    size_t count;
};

static struct value json_value(const json_t *json);

static int print_html(const void *context, const char *text, size_t length, FILE *out)
{
    static const char *const entities[256] = {
        ['&'] = "&amp;", ['"'] = "&quot;", ['<'] = "&lt;", ['>'] = "&gt;"};
    const char *entity;

    (void)context;
    for (size_t i = 0; i < length; i++) {
        entity = entities[(uint8_t)text[i]];
        if (entity)
            fputs(entity, out);
        else
            putc(text[i], out);
    }
    return 0;
}

static bool json_find(const struct value *value, const char *name, size_t length,
                      struct value *child)
{
    const json_t *found = json_object_getn(value->self, name, length);

    if (!found)
        return false;
    *child = json_value(found);
    return true;
}

static bool json_item(const struct value *list, size_t index, struct value *item)
{
    const json_t *found = json_array_get(list->self, index);

    if (!found)
        return false;
    *item = json_value(found);
    return true;
}

static bool json_truth(const struct value *value)
{
    const json_t *json = value->self;

    return !json_is_false(json) && !json_is_null(json);
}

static int json_print(const struct value *value, const struct template_escape *escape, FILE *out)
{
    const json_t *json = value->self;
    const char *text = json_string_value(json);
    char number[32];

    if (json_is_integer(json) || json_is_real(json)) {
        snprintf(number, sizeof(number), "%.15g", json_number_value(json));
        text = number;
    }
    if (!text)
        return 0;
    if (escape)
        return escape->print(escape->context, text, strlen(text), out);
    return fputs(text, out) < 0 ? -EIO : 0;
}

static const struct value_type json_scalar = {
    .find = json_find, .truth = json_truth, .print = json_print};
static const struct value_type json_list = {.item = json_item};

static struct value json_value(const json_t *json)
{
    return (struct value){.type = json_is_array(json) ? &json_list : &json_scalar, .self = json};
}

static int load_partial(void *context, const char *name, const struct template **out,
                        struct template_error *error)
{
    struct partials *partials = context;
    const char *text = json_string_value(json_object_get(partials->texts, name));
    int status;

    if (!text)
        return 0;
    assert_true(partials->count < PARTIALS_MAX);
    status = template_parse(&partials->parsed[partials->count], name, text, strlen(text), error);
    if (!status)
        *out = partials->parsed[partials->count++];
    return status;
}

/* What a case gives, or what is wrong with it, to be freed by the caller. */
static char *run_case(const json_t *test)
{
    const char *text = json_string_value(json_object_get(test, "template"));
    struct partials partials = {.texts = json_object_get(test, "partials")};
    struct value data = json_value(json_object_get(test, "data"));
    struct template_host host = {
        .escape = {print_html, NULL}, .partial = load_partial, .context = &partials};
    struct template *template = NULL;
    struct template_error error;
    char *result = NULL;
    size_t length;
    FILE *out = open_memstream(&result, &length);

    assert_non_null(out);
    if (template_parse(&template, "case", text, strlen(text), &error) ||
        template_render(template, &data, &host, out, &error))
        fprintf(out, "[%zu:%zu: %s]", error.line, error.column, error.text);
    fclose(out);
    template_free(template);
    for (size_t i = 0; i < partials.count; i++)
        template_free(partials.parsed[i]);
    return result;
}

static size_t check_case(const char *file, const json_t *test)
{
    const char *expected = json_string_value(json_object_get(test, "expected"));
    char *result = run_case(test);
    bool same = !strcmp(result, expected);

    if (!same)
        print_error("%s: %s: %s\nexpected: \"%s\"\ngot:      \"%s\"\n", file,
                    json_string_value(json_object_get(test, "name")),
                    json_string_value(json_object_get(test, "desc")), expected, result);
    free(result);
    return same ? 0 : 1;
}

static void check_file(void **state)
{
    const char *path = *state;
    json_error_t error;
    json_t *file = json_load_file(path, 0, &error);
    json_t *tests = json_object_get(file, "tests");
    json_t *test;
    size_t failed = 0;
    size_t i;

    if (!json_array_size(tests))
        fail_msg("%s: no cases: %s", path, error.text);
    json_array_foreach(tests, i, test)
        failed += check_case(path, test);
    print_message("%s: %zu of %zu cases\n", path, json_array_size(tests) - failed,
                  json_array_size(tests));
    json_decref(file);
    assert_int_equal(failed, 0);
}

static void no_specification(void **state)
{
    const char *ci = getenv("CI");

    print_message("%s: no specification there; set MUSTACHE_SPEC\n", (const char *)*state);
    if (ci && !strcmp(ci, "true"))
        fail_msg("in CI the specification must be there");
    skip();
}

static int is_json(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');

    return dot && !strcmp(dot, ".json");
}

int main(void)
{
    const char *folder =
        getenv("MUSTACHE_SPEC") ? getenv("MUSTACHE_SPEC") : "../shared/mustache-spec";
    struct CMUnitTest tests[FILES_MAX] = {0};
    struct dirent **entries = NULL;
    int found = scandir(folder, &entries, is_json, alphasort);
    size_t count = 0;
    char *path;
    int failed;

    for (int i = 0; i < found; i++) {
        if (count < FILES_MAX && asprintf(&path, "%s/%s", folder, entries[i]->d_name) > 0)
            tests[count++] =
                (struct CMUnitTest){.name = path, .test_func = check_file, .initial_state = path};
        free(entries[i]);
    }
    free(entries);
    if (count == 0) {
        path = strdup(folder);
        tests[count++] = (struct CMUnitTest){
            .name = "specification", .test_func = no_specification, .initial_state = path};
    }
    failed = _cmocka_run_group_tests("mustache_spec", tests, count, NULL, NULL);
    for (size_t i = 0; i < count; i++)
        free(tests[i].initial_state);
    return failed;
}
