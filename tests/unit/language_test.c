/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Languages: that no text from outside escapes from where a template puts it, and how they are
 * found. */
#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "emit/language.h"
#include "emit/nearest.h"

static const char *const hostile[] = {
    "*/",
    "/*",
    "*/ */ /* -->",
    "a\nb\r\nc",
    "\"",
    "'",
    "\"\"\"",
    "'''",
    "\\",
    "\\\\",
    "\\\"",
    "${HOME} #{x} $(x) `x`",
    "\xff\xfe\x80",
    "\xc3",
    "\xed\xa0\x80",
    "\xc0\xaf",
    "\xf5\x80\x80\x80",
    "\x1b[31m",
    "\xe2\x80\xae right to left \xe2\x81\xa6",
    "\xe2\x80\xa8 line \xe2\x80\xa9 paragraph \xc2\x85",
    "\xef\xbb\xbf mark",
    "\x7f\x01\x1f",
    "?\?/",
    "<script>&amp;",
    "\xf3\xa0\x81\x81 tag",
    "r\xc3\xa9sum\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80",
    "",
    " ",
    "7z",
    "if",
    "func",
    "class",
    "type",
    "Exchange",
    "self",
    "table",
    "_",
    "nil",
};

enum { HOSTILE = sizeof(hostile) / sizeof(*hostile) };

static char *escape(const struct escape_rules *rules, unsigned int where, const char *text)
{
    char *result = NULL;
    size_t length;
    FILE *out = open_memstream(&result, &length);

    assert_non_null(out);
    assert_int_equal(escape_print(rules, where, text, 0, strlen(text), out), 0);
    fclose(out);
    assert_int_equal(strlen(result), length);
    return result;
}

/* Nothing of it may be a control, end a line or turn the direction of the text, and it is UTF-8. */
static void assert_visible(const char *language, const char *text)
{
    static const char *const bad[] = {"\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xae",
                                      "\xe2\x81\xa6", "\xef\xbb\xbf", "\xc2\x85",
                                      "\xf3\xa0\x81"};
    size_t size;

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        if (strstr(text, bad[i]))
            fail_msg("%s: hidden character in \"%s\"", language, text);
    }
    for (size_t length = strlen(text); length > 0; text += size, length -= size) {
        size = escape_visible(text, length);
        if (size == 0)
            fail_msg("%s: control character in \"%s\"", language, text);
    }
}

/* No quote but behind an odd number of backslashes, and no backslash left over at the end. */
static void assert_string_holds(const struct language *language, const char *text)
{
    bool markup = language->escape.family == escape_find("html", strlen("html"));
    bool escaped = false;

    for (const char *c = text; *c; c++) {
        if (*c == '"' && !escaped)
            fail_msg("%s: quote in \"%s\"", language->name, text);
        escaped = !markup && *c == '\\' && !escaped;
    }
    if (escaped)
        fail_msg("%s: \"%s\" ends in a backslash", language->name, text);
}

static void assert_comment_holds(const struct language *language, const char *text)
{
    for (size_t i = 0; language->forbidden && language->forbidden[i]; i++) {
        if (strstr(text, language->forbidden[i]))
            fail_msg("%s: %s in \"%s\"", language->name, language->forbidden[i], text);
    }
}

static void assert_identifier(const struct language *language, const char *text)
{
    if (!isalpha((unsigned char)*text) && *text != '_')
        fail_msg("%s: \"%s\" is no identifier", language->name, text);
    for (const char *c = text; *c; c++) {
        if (!isalnum((unsigned char)*c) && *c != '_')
            fail_msg("%s: \"%s\" is no identifier", language->name, text);
    }
    for (size_t i = 0; language->reserved && language->reserved[i]; i++) {
        if (!strcmp(language->reserved[i], text))
            fail_msg("%s: \"%s\" is reserved", language->name, text);
    }
    for (size_t i = 0; language->keywords && language->keywords[i]; i++) {
        if (!strcmp(language->keywords[i], text))
            fail_msg("%s: \"%s\" is a keyword", language->name, text);
    }
}

static void check_hostile(const struct language *language, const char *text)
{
    char identifier[IDENTIFIER_SIZE];
    char *both = escape(&language->escape, ESCAPE_STRING | ESCAPE_COMMENT, text);
    char *string = escape(&language->escape, ESCAPE_STRING, text);
    char *comment = escape(&language->escape, ESCAPE_COMMENT, text);

    assert_visible(language->name, both);
    assert_visible(language->name, string);
    assert_visible(language->name, comment);
    assert_string_holds(language, both);
    assert_string_holds(language, string);
    assert_comment_holds(language, both);
    assert_comment_holds(language, comment);
    for (int convention = CAMEL; convention <= SCREAMING_SNAKE; convention++) {
        struct identifier_rules rules = language->identifiers;

        rules.convention = (enum identifier_convention)convention;
        for (size_t number = 0; number < 3; number++) {
            identifier_make(&rules, text, number, identifier);
            assert_identifier(language, identifier);
        }
    }
    free(both);
    free(string);
    free(comment);
}

static void hostile_text_stays_where_it_is(void **state)
{
    struct template_error error;
    struct language *language;
    size_t index = 0;
    size_t count = 0;
    int status;

    (void)state;
    while ((status = language_next(&language, NULL, &index, &error)) == 1) {
        for (size_t i = 0; i < HOSTILE; i++)
            check_hostile(language, hostile[i]);
        language_free(language);
        count++;
    }
    assert_int_equal(status, 0);
    assert_true(count >= 4);
}

/* The same for the families of escapes that no language here uses yet. */
static void hostile_text_stays_in_every_family(void **state)
{
    static const char header[] = "{{! not_in_comments: */ --> \"\"\" }}{{! escape_also: $# }}";
    struct template_error error;
    struct language *language;
    const char *name;
    char *text;

    (void)state;
    for (size_t i = 0; (name = escape_name(i)); i++) {
        assert_true(asprintf(&text, "{{! strings: %s }}%s", name, header) > 0);
        assert_int_equal(language_parse(&language, name, text, strlen(text), &error), 0);
        for (size_t j = 0; j < HOSTILE; j++)
            check_hostile(language, hostile[j]);
        language_free(language);
        free(text);
    }
}

static void spells_as_each_family_does(void **state)
{
    static const char *const forbidden[] = {"*/", NULL};
    static const struct {
        const char *family;
        unsigned int where;
        const char *text;
        const char *expected;
    } cases[] = {
        {"c", 3, "a\"b\\c\n\x01*/", "a\\\"b\\\\c\\n\\001*\\057"},
        {"c", 3, "\xe2\x80\xae\\", "\\342\\200\\256\\134"},
        {"c", 3, "?\?/", "?\\077/"},
        {"go", 3, "a\"*/\x01\xe2\x80\xae\xf3\xa0\x80\x81", "a\\\"*\\x2f\\x01\\u202e\\U000e0001"},
        {"go", 2, "say \"*/\" \\n", "say \"*\\x2f\" \\\\n"},
        {"go", 1, "*/", "*/"},
        {"rust", 3, "\x01\xe2\x80\xae*/", "\\x01\\u{202e}*\\x2f"},
        {"python", 3, "\t\xff", "\\t\xef\xbf\xbd"},
        {"braces", 3, "\x01\xe2\x80\xae", "\\u{1}\\u{202e}"},
        {"u4_u8", 3, "\x01\xf3\xa0\x80\x81", "\\u0001\\U000e0001"},
        {"x_braces", 3, "\x1b[\xe2\x80\x8b", "\\x{1b}[\\x{200b}"},
        {"x_braces", 3, "\xef\xb7\x90\xf4\x8f\xbf\xbf", "\\x{fdd0}\\x{10ffff}"},
        {"haskell", 3,
         "\x1b"
         "1\xe2\x80\x8b",
         "\\x1b\\&1\\x200b\\&"},
        {"haskell", 3, "\xc3\xa9\xee\x82\xb0", "\\xe9\\&\\xe0b0\\&"},
        {"haskell", 2, "\xc3\xa9\xee\x82\xb0", "\xc3\xa9\xee\x82\xb0"},
        {"u4", 3, "\x01$\xf3\xa0\x80\x81", "\\u0001\\$\\udb40\\udc01"},
        {"java", 3, "\x01\"*/\xf3\xa0\x80\x81", "\\001\\\"*\\057\\udb40\\udc01"},
        {"json", 1, "\xc3\xa9\x7f\b\xf0\x9f\x98\x80\xff", "\\u00e9\\u007f\\b\\ud83d\\ude00\\ufffd"},
        {"html", 3, "<a b='\"'>&\n\\", "&#x3c;a b=&#x27;&#x22;&#x27;&#x3e;&#x26;&#x240a;\\"},
        {"html", 3, "\xe2\x80\xae\xc2\x85\x7f", "\\u{202e}\\u{85}&#x2421;"},
    };
    char *result;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct escape_rules rules = {
            .family = escape_find(cases[i].family, strlen(cases[i].family)),
            .also = strcmp(cases[i].family, "u4") ? "" : "$",
            .forbidden = forbidden,
        };

        assert_non_null(rules.family);
        result = escape(&rules, cases[i].where, cases[i].text);
        assert_string_equal(result, cases[i].expected);
        free(result);
    }
}

static void identifiers_are_a_language_s_own(void **state)
{
    static const char *const reserved[] = {"FUNC", "int8", "u#", NULL};
    static const char *const keywords[] = {"func", NULL};
    static const struct {
        enum identifier_convention convention;
        const char *text;
        size_t number;
        const char *expected;
    } cases[] = {
        {CAMEL, "chronyc ntpdata", 0, "chronycNtpdata"},
        {CAMEL, "chronyc ntpdata", 12, "chronycNtpdata12"},
        {CAMEL, "GET CURRENT_DATA_SET", 0, "getCurrentDataSet"},
        {CAMEL, "Exported", 0, "Exported"},
        {CAMEL, "alreadyCamel", 0, "alreadyCamel"},
        {CAMEL, "func", 0, "funcTable"},
        {CAMEL, "taken", 0, "takenTable"},
        {CAMEL, "int", 8, "int8Table"},
        {CAMEL, "u128", 0, "u128Table"},
        {CAMEL, "u", 0, "u"},
        {CAMEL, "u8x", 0, "u8x"},
        {CAMEL, "7z l", 0, "table7zL"},
        {CAMEL, "", 0, "table"},
        {CAMEL, "\xc3\xa9\xe6\x97\xa5", 3, "table3"},
        {LOWER_CAMEL, "Exported", 0, "exported"},
        {PASCAL, "chronyc ntpdata", 0, "ChronycNtpdata"},
        {SNAKE, "chronyc ntpDataSet", 1, "chronyc_ntp_data_set_1"},
        {SNAKE, "func", 0, "func_table"},
        {SCREAMING_SNAKE, "chronyc ntpdata", 0, "CHRONYC_NTPDATA"},
        {SCREAMING_SNAKE, "--weird--/ar\ngs", 0, "WEIRD_AR_GS"},
        {SCREAMING_SNAKE, "Func", 0, "FUNC_TABLE"},
    };
    char identifier[IDENTIFIER_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct identifier_rules rules = {cases[i].convention, reserved, keywords, "taken"};

        identifier_make(&rules, cases[i].text, cases[i].number, identifier);
        assert_string_equal(identifier, cases[i].expected);
    }
}

static void packages_keep_their_names(void **state)
{
    static const char *const reserved[] = {"main", NULL};
    static const char *const keywords[] = {"func", NULL};
    static const struct {
        enum identifier_convention convention;
        const char *text, *expected;
    } cases[] = {
        {SNAKE, "main", "main"},
        {SNAKE, "func", "func_table"},
        {SNAKE, "myApp", "myApp"},
        {SNAKE, "my-app", "my_app"},
        {SNAKE, "Talk", "talk"},
        {SNAKE, "7z", "table_7z"},
        {PASCAL, "HTTPTest", "HTTPTest"},
        {PASCAL, "talk", "Talk"},
        {PASCAL, "IO", "IO"},
        {SNAKE, "", "table"},
        {SNAKE, "a\"b", "a_b"},
    };
    char name[IDENTIFIER_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct identifier_rules rules = {cases[i].convention, reserved, keywords, NULL};

        identifier_package(&rules, cases[i].text, name);
        assert_string_equal(name, cases[i].expected);
    }
}

static void identifiers_have_an_end(void **state)
{
    static const char *const pieces[] = {"x", "x ", "7", "Xy"};
    char identifier[IDENTIFIER_SIZE];
    char text[5000];

    (void)state;
    for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
        *text = '\0';
        for (char *to = text; to < text + sizeof(text) - 4;)
            to = stpcpy(to, pieces[i]);
        for (int convention = CAMEL; convention <= SCREAMING_SNAKE; convention++) {
            struct identifier_rules rules = {.convention = (enum identifier_convention)convention};

            identifier_make(&rules, text, SIZE_MAX, identifier);
            assert_true(identifier[0] && strlen(identifier) <= 90);
            assert_non_null(strstr(identifier, "18446744073709551615"));
        }
    }
}

static void names_the_nearest(void **state)
{
    static const char *const names[] = {"go", "rust", "python", "json"};
    static const struct {
        const char *word;
        const char *expected;
    } cases[] = {
        {"pyhton", "python"}, {"Python3", "python"}, {"py", "python"}, {"golang", "go"},
        {"rsut", "rust"},     {"jsno", "json"},      {"RUST", "rust"}, {"cobol", NULL},
        {"", NULL},           {"x", NULL},           {"brainf", NULL},
    };
    char longest[200];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const char *nearest = nearest_name(cases[i].word, names, 4);

        if (cases[i].expected) {
            assert_non_null(nearest);
            assert_string_equal(nearest, cases[i].expected);
        } else {
            assert_null(nearest);
        }
    }
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    assert_null(nearest_name(longest, names, 4));
}

static void languages_are_found(void **state)
{
    struct language *language = NULL;
    struct template_error error;
    const char *name = NULL;

    (void)state;
    assert_int_equal(language_find(&language, NULL, "go", &error), 0);
    assert_string_equal(language->name, "go");
    assert_string_equal(language->extensions[0], "go");
    assert_true(*language->description != '\0');
    language_free(language);

    language = NULL;
    assert_int_equal(language_find(&language, NULL, "pyhton", &error), -ENOENT);
    assert_null(language);
    assert_non_null(strstr(error.text, "did you mean 'python'?"));
    assert_int_equal(language_find(&language, NULL, "cobol", &error), -ENOENT);
    assert_null(strstr(error.text, "did you mean"));

    assert_int_equal(language_for_file(NULL, "some.dir/ntpdata_test.go", &name, &error), 0);
    assert_string_equal(name, "go");
    assert_int_equal(language_for_file(NULL, "X.JSON", &name, &error), 0);
    assert_string_equal(name, "json");
    assert_int_equal(language_for_file(NULL, "some.go/file", &name, &error), -ENOENT);
    assert_int_equal(language_for_file(NULL, "file.", &name, &error), -ENOENT);
    assert_int_equal(language_for_file(NULL, "file.g", &name, &error), -ENOENT);
    /* Of the language, but scripts, headers and literate programs are written otherwise. */
    assert_int_equal(language_for_file(NULL, "file.lhs", &name, &error), -ENOENT);
    assert_int_equal(language_for_file(NULL, "file.hrl", &name, &error), -ENOENT);
    assert_int_equal(language_for_file(NULL, "file.csx", &name, &error), -ENOENT);
    assert_int_equal(language_for_file(NULL, "file.kts", &name, &error), -ENOENT);
    assert_string_equal(name, "json");
}

static void heads_of_templates_are_checked(void **state)
{
    static const struct {
        const char *text;
        size_t line;
        size_t column;
        const char *message;
    } cases[] = {
        {"{{! strings: go }}\n{{! stirngs: go }}", 2, 5, "expected description, extensions"},
        {"{{! strings: cobol }}", 1, 14, "expected c, go, rust"},
        {"{{! strings: g }}", 1, 14, "expected c, go, rust"},
        {"{{! text: cobol }}", 1, 11, "expected the name of a notation"},
        {"{{! identifiers: kebab }}", 1, 18, "expected camel, lower_camel"},
        {"{{! strings: go }}\ntext\n {{", 3, 2, "expected \"}}\""},
    };
    struct language *language = NULL;
    struct template_error error;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_int_equal(
            language_parse(&language, "test", cases[i].text, strlen(cases[i].text), &error),
            -EINVAL);
        assert_null(language);
        assert_non_null(strstr(error.text, cases[i].message));
        assert_int_equal(error.line, cases[i].line);
        assert_int_equal(error.column, cases[i].column);
    }
    assert_int_equal(language_parse(&language, "test", "{{! Prose: is fine }}x", 22, &error), 0);
    language_free(language);

    /* A name with null bytes is longer than the one it begins with. */
    language = NULL;
    assert_int_equal(
        language_parse(&language, "test", "{{! strings: go\0\0\0\0\0\0 }}", 25, &error), -EINVAL);
    assert_null(language);
}

/* A file with `count` times the text, to be unlinked and freed. */
static char *write_file(const char *text, size_t count)
{
    char *path = strdup("/tmp/language_test_XXXXXX.mustache");
    int fd = mkstemps(path, (int)strlen(".mustache"));
    FILE *file = fdopen(fd, "w");

    assert_non_null(file);
    for (size_t i = 0; i < count; i++)
        fputs(text, file);
    assert_int_equal(fclose(file), 0);
    return path;
}

static void templates_are_loaded_from_files(void **state)
{
    struct language *language = NULL;
    struct template_error error;
    char *small = write_file("{{! strings: go }}text", 1);
    char *large = write_file("0123456789abcdef", (1 << 16) + 1);
    char *broken = write_file("\n\n{{#a}}", 1);
    char *marked = write_file("\xef\xbb\xbf{{! description: of a file with a mark }}", 1);

    (void)state;
    assert_int_equal(language_load(&language, NULL, small, &error), 0);
    assert_null(strchr(language->name, '/'));
    assert_null(strstr(language->name, ".mustache"));
    language_free(language);
    assert_int_equal(language_load(&language, NULL, marked, &error), 0);
    assert_string_equal(language->description, "of a file with a mark");
    language_free(language);

    language = NULL;
    assert_int_equal(language_load(&language, NULL, large, &error), -EFBIG);
    assert_string_equal(error.name, large);
    assert_int_equal(language_load(&language, NULL, broken, &error), -EINVAL);
    assert_int_equal(error.line, 3);
    assert_int_equal(language_load(&language, NULL, "/nonexistent", &error), -ENOENT);
    assert_int_equal(language_load(&language, NULL, "/", &error), -EISDIR);
    assert_null(language);
    unlink(small);
    unlink(large);
    unlink(broken);
    unlink(marked);
    free(small);
    free(large);
    free(broken);
    free(marked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_text_stays_where_it_is),
        cmocka_unit_test(hostile_text_stays_in_every_family),
        cmocka_unit_test(spells_as_each_family_does),
        cmocka_unit_test(identifiers_are_a_language_s_own),
        cmocka_unit_test(packages_keep_their_names),
        cmocka_unit_test(identifiers_have_an_end),
        cmocka_unit_test(names_the_nearest),
        cmocka_unit_test(languages_are_found),
        cmocka_unit_test(heads_of_templates_are_checked),
        cmocka_unit_test(templates_are_loaded_from_files),
    };

    return cmocka_run_group_tests_name("language", tests, NULL, NULL);
}
