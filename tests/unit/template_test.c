/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the specification of Mustache leaves open: faults, limits, and output that fails. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "emit/template.h"

enum { LIST_LENGTH = 3 };

/* Everything is the text "<name>", but: "again" is a thing to look in again, "list" has three. */
static bool find(const struct value *value, const char *name, size_t length, struct value *child);

static bool item(const struct value *list, size_t index, struct value *child);

static int print(const struct value *value, const struct template_escape *escape, FILE *out)
{
    const char *text = value->self;

    if (escape)
        return escape->print(escape->context, text, strlen(text), out);
    return fputs(text, out) < 0 ? -EIO : 0;
}

static const struct value_type again = {.find = find};
static const struct value_type list = {.item = item};
static const struct value_type text = {.print = print};

static bool find(const struct value *value, const char *name, size_t length, struct value *child)
{
    static const struct {
        const char *name;
        struct value value;
    } known[] = {
        {"again", {.type = &again}},
        {"list", {.type = &list}},
        {"text", {.type = &text, .self = "<text>"}},
        {"which", {.type = &text, .self = "self"}},
    };

    (void)value;
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        if (strlen(known[i].name) == length && !memcmp(known[i].name, name, length)) {
            *child = known[i].value;
            return true;
        }
    }
    return false;
}

static bool item(const struct value *of, size_t index, struct value *child)
{
    (void)of;
    *child = (struct value){.type = &again};
    return index < LIST_LENGTH;
}

static int escape(const void *context, const char *string, size_t length, FILE *out)
{
    (void)context;
    return fprintf(out, "[%.*s]", (int)length, string) < 0 ? -EIO : 0;
}

/* The partials: "self" is the template itself, "broken" one that can't be parsed. */
struct partials {
    struct template *self;
    struct template *lines;
    struct template *outer;
};

static int load(void *context, const char *name, const struct template **out,
                struct template_error *error)
{
    struct partials *partials = context;
    struct template *broken;

    if (!strcmp(name, "broken"))
        return template_parse(&broken, name, "{{text}}\n {{", 12, error);
    if (!strcmp(name, "missing"))
        return template_fail(error, -ENOENT, "tests", "there is no template \"%s\"", name);
    if (!strcmp(name, "self"))
        *out = partials->self;
    if (!strcmp(name, "lines"))
        *out = partials->lines;
    if (!strcmp(name, "outer"))
        *out = partials->outer;
    return 0;
}

static int render(const char *source, FILE *out, struct template_error *error)
{
    static const char lines[] = "x\ny";
    static const char outer[] = "a {{>lines}}\nb {{$block}}{{/block}}\n";
    struct partials partials = {0};
    struct template_host host = {.escape = {escape, NULL}, .partial = load, .context = &partials};
    struct value data = {.type = &again};
    int status;

    assert_int_equal(template_parse(&partials.lines, "lines", lines, strlen(lines), error), 0);
    assert_int_equal(template_parse(&partials.outer, "outer", outer, strlen(outer), error), 0);
    status = template_parse(&partials.self, "test", source, strlen(source), error);
    if (!status)
        status = template_render(partials.self, &data, &host, out, error);
    template_free(partials.self);
    template_free(partials.lines);
    template_free(partials.outer);
    return status;
}

static void assert_renders(const char *source, const char *expected)
{
    struct template_error error;
    char *result = NULL;
    size_t length;
    FILE *out = open_memstream(&result, &length);

    assert_non_null(out);
    assert_int_equal(render(source, out, &error), 0);
    fclose(out);
    assert_string_equal(result, expected);
    free(result);
}

static void assert_fault(const char *source, int status, size_t line, size_t column,
                         const char *message)
{
    struct template_error error = {0};
    char *result = NULL;
    size_t length;
    FILE *out = open_memstream(&result, &length);

    assert_non_null(out);
    assert_int_equal(render(source, out, &error), status);
    fclose(out);
    free(result);
    if (!strstr(error.text, message))
        print_error("%s: expected \"%s\", got \"%s\"\n", source, message, error.text);
    assert_non_null(strstr(error.text, message));
    assert_int_equal(error.line, line);
    assert_int_equal(error.column, column);
}

static void escapes_all_but_raw(void **state)
{
    (void)state;
    assert_renders("{{text}} {{{text}}} {{&text}}", "[<text>] <text> <text>");
    assert_renders("{{#list}}{{text}}{{/list}}", "[<text>][<text>][<text>]");
    assert_renders("{{none}}{{#none}}x{{/none}}{{^none}}y{{/none}}", "y");
    assert_renders("{{again.again.text}} {{again.none.text}}", "[<text>] ");
}

/* A partial in the middle of a line begins none, though it may go on to others. */
static void indents_each_line_once(void **state)
{
    (void)state;
    assert_renders("  {{>lines}}\n.", "  x\n  y.");
    assert_renders("  {{>outer}}", "  a x\n  y\n  b \n");
    assert_renders("  {{<outer}}{{$block}}\n1\n2{{/block}}{{/outer}}", "  a x\n  y\n  b 1\n  2\n");
    assert_renders(" {{<outer}}\n  {{$block}}\n    1\n  {{/block}}\n {{/outer}}\n.",
                   " a x\n y\n b 1\n\n.");
}

static void faults_have_a_place(void **state)
{
    static const struct {
        const char *source;
        size_t line;
        size_t column;
        const char *message;
    } faults[] = {
        {"a\nb {{name", 2, 3, "expected \"}}\" to end this tag"},
        {"{{{name}}", 1, 1, "expected \"}}}\" to end this tag"},
        {"{{=| |}}", 1, 1, "expected \"=}}\" to end this tag"},
        {"{{=|=}}", 1, 1, "expected two delimiters"},
        {"{{=| = |=}}", 1, 1, "expected two delimiters"},
        {"{{! never", 1, 1, "expected \"}}\""},
        {"\n\n  {{}}", 3, 3, "expected a name"},
        {"{{#}}{{/}}", 1, 1, "expected a name"},
        {"{{one two}}", 1, 6, "expected a name without spaces, found \"one two\""},
        {"{{#a}}\n{{/b}}", 2, 1, "expected the closing tag of \"a\", found that of \"b\""},
        {"{{#a}}{{#b}}{{/a}}{{/b}}", 1, 13, "expected the closing tag of \"b\""},
        {"x{{/a}}", 1, 2, "expected no closing tag here, found \"a\""},
        {"\n {{#a}}", 2, 2, "expected a closing tag for \"a\" before the end"},
        {"{{<a}}{{$b}}{{/a}}", 1, 13, "expected the closing tag of \"b\""},
        {"{{#\x1b[31m}}", 1, 1, "for \"?[31m\" before"},
        {"{{=<% %>=}}<%#a%>", 1, 12, "expected a closing tag"},
        {"{{=<% %>=}}\n<% a", 2, 1, "expected \"%>\" to end this tag"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
        assert_fault(faults[i].source, -EINVAL, faults[i].line, faults[i].column,
                     faults[i].message);
}

static void failure_leaves_out_alone(void **state)
{
    struct template *template = (struct template *)state;
    struct template_error error;

    assert_int_equal(template_parse(&template, "test", "{{", 2, &error), -EINVAL);
    assert_ptr_equal(template, state);
}

static char *repeat(const char *piece, size_t count, const char *tail, size_t tails)
{
    size_t length = strlen(piece) * count + strlen(tail) * tails;
    char *all = malloc(length + 1);
    char *to = all;

    assert_non_null(all);
    for (size_t i = 0; i < count; i++)
        to = stpcpy(to, piece);
    *to = '\0';
    for (size_t i = 0; i < tails; i++)
        to = stpcpy(to, tail);
    return all;
}

static void sections_nest_only_so_deep(void **state)
{
    char *fits = repeat("{{#again}}", 64, "{{/again}}", 64);
    char *deep = repeat("{{#again}}", 65, "{{/again}}", 65);
    char *deepest = repeat("{{#again}}", 100000, "", 0);

    (void)state;
    assert_renders(fits, "");
    assert_fault(deep, -EINVAL, 1, 641, "expected at most 64 sections");
    assert_fault(deepest, -EINVAL, 1, 641, "expected at most 64 sections");
    free(fits);
    free(deep);
    free(deepest);
}

static void partials_that_include_themselves_end(void **state)
{
    (void)state;
    assert_fault("a\n{{>self}}", -ELOOP, 2, 4, "does this one include itself?");
    assert_fault("{{#list}}{{>self}}{{>self}}{{/list}}", -ELOOP, 1, 4, "include itself?");
    assert_fault("{{>*which}}", -ELOOP, 1, 5, "include itself?");
    assert_fault("{{<self}}{{$a}}{{>self}}{{/a}}{{/self}}{{$a}}{{/a}}", -ELOOP, 1, 4,
                 "include itself?");
    assert_renders("{{<nobody}}{{/nobody}}{{>nobody}}{{>*none}}x", "x");
}

static void faults_of_partials_have_a_place(void **state)
{
    (void)state;
    assert_fault("text\n  {{>broken}}", -EINVAL, 2, 2, "expected \"}}\"");
    assert_fault("text\n  {{>missing}}", -ENOENT, 2, 6, "there is no template \"missing\"");
}

static void long_names_name_nothing(void **state)
{
    char *name = repeat("x", 5000, "", 0);
    char *source = NULL;

    (void)state;
    assert_true(asprintf(&source, "{{>%s}}{{%s}}{{#%s}}{{/%s}}.", name, name, name, name) > 0);
    assert_renders(source, ".");
    free(source);
    free(name);
}

static void failed_writes_are_told(void **state)
{
    struct template_error error = {0};
    FILE *out = fopen("/dev/full", "w");
    char *source = repeat("text ", 100000, "", 0);

    (void)state;
    if (!out)
        skip();
    assert_int_equal(render(source, out, &error), -ENOSPC);
    assert_string_equal(error.text, strerror(ENOSPC));
    assert_int_equal(error.line, 0);
    fclose(out);

    out = fopen("/dev/full", "w");
    assert_non_null(out);
    assert_int_equal(render("short", out, &error), -ENOSPC);
    fclose(out);
    free(source);
}

static void any_bytes_pass_through(void **state)
{
    static const char bytes[] = "\0\xff{ {\n\x80}}}}\0";
    struct value data = {.type = &again};
    struct template_host host = {.escape = {escape, NULL}};
    struct template *template = NULL;
    struct template_error error;
    char *result = NULL;
    size_t length;
    FILE *out = open_memstream(&result, &length);

    (void)state;
    assert_non_null(out);
    assert_int_equal(template_parse(&template, "bytes", bytes, sizeof(bytes), &error), 0);
    assert_int_equal(template_render(template, &data, &host, out, &error), 0);
    fclose(out);
    assert_int_equal(length, sizeof(bytes));
    assert_memory_equal(result, bytes, sizeof(bytes));
    free(result);
    template_free(template);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_all_but_raw),
        cmocka_unit_test(indents_each_line_once),
        cmocka_unit_test(faults_have_a_place),
        cmocka_unit_test(failure_leaves_out_alone),
        cmocka_unit_test(sections_nest_only_so_deep),
        cmocka_unit_test(partials_that_include_themselves_end),
        cmocka_unit_test(faults_of_partials_have_a_place),
        cmocka_unit_test(long_names_name_nothing),
        cmocka_unit_test(failed_writes_are_told),
        cmocka_unit_test(any_bytes_pass_through),
    };

    return cmocka_run_group_tests_name("template", tests, NULL, NULL);
}
