/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Every notation, on the bytes that are awkward for it, and on more than fits its buffer. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "emit/notation.h"

enum { LARGE = 100003 };

static char *spell(const char *name, const char *also, const void *data, size_t length)
{
    const struct notation *notation = notation_find(name, strlen(name));
    char *result = NULL;
    size_t size;
    FILE *out = open_memstream(&result, &size);

    assert_non_null(out);
    if (!notation)
        fail_msg("there is no notation \"%s\"", name);
    assert_int_equal(notation_print(notation, also, data, length, out), 0);
    fclose(out);
    assert_int_equal(strlen(result), size);
    return result;
}

#define BYTES(text) text, sizeof(text) - 1

static void spells_awkward_bytes(void **state)
{
    static const struct {
        const char *notation;
        const char *data;
        size_t length;
        const char *expected;
    } cases[] = {
        {"hex", BYTES("\x06\x01\xff"), "0601ff"},
        {"hex_spaced", BYTES("\x06\x01\xff"), "06 01 ff"},
        {"hex_bytes", BYTES("\x06\x01\xff"), "0x06, 0x01, 0xff"},
        {"hex_bytes", BYTES("\x06"), "0x06"},
        {"hexstring",
         BYTES("\x06\x01"
               "A"),
         "\\x06\\x01\\x41"},
        {"decimal", BYTES("\x06\x01\x63\x64\xff\0"), "6, 1, 99, 100, 255, 0"},
        {"base64", BYTES("f"), "Zg=="},
        {"base64", BYTES("fo"), "Zm8="},
        {"base64", BYTES("foo"), "Zm9v"},
        {"base64", BYTES("foob"), "Zm9vYg=="},
        {"base64", BYTES("\xfb\xff\xbf"), "+/+/"},
        {"printable", BYTES("a\nb\0c\x7f\xff~ "), "a.b.c..~ "},
        {"c_string",
         BYTES("\x01"
               "1a\"\\\n\r\t\0\xff"),
         "\\0011a\\\"\\\\\\n\\r\\t\\000\\377"},
        {"c_string", BYTES("?\?/?\?\?="), "?\\?/?\\?\\?="},
        {"go_string",
         BYTES("\x01"
               "1a\"\\\n\r\t\0\xff'`$"),
         "\\x011a\\\"\\\\\\n\\r\\t\\x00\\xff'`$"},
        {"rust_byte_string", BYTES("  a'\"\\\xff"), "\\x20 a'\\\"\\\\\\xff"},
        {"python_bytes", BYTES(""), "b\"\""},
        {"python_bytes", BYTES("a'b"), "b\"a'b\""},
        {"python_bytes", BYTES("a\"b"), "b'a\"b'"},
        {"python_bytes", BYTES("a'\"b"), "b\"a'\\\"b\""},
        {"python_bytes", BYTES("'\"\"\\\n\xff"), "b'\\'\"\"\\\\\\n\\xff'"},
        {"latin1_string", BYTES("a\"\\\n\0\xff"), "a\\\"\\\\\\n\\u0000\\u00ff"},
        {"octalstring", BYTES("\x06\xff"), "\\006\\377"},
        {"c_text", BYTES("\xc3\xa9\xe2\x80\xae\xff?\?/"), "\xc3\xa9\\342\\200\\256\\377?\\?/"},
        {"go_text", BYTES("\xc3\xa9\xe2\x80\xae\xff\xed\xa0\x80\xc3"),
         "\xc3\xa9\\xe2\\x80\\xae\\xff\\xed\\xa0\\x80\\xc3"},
        {"go_text", BYTES("\xdb\x9d"), "\xdb\x9d"},
        {"elixir_text", BYTES("\xc3\xa9\xdb\x9d\xff"), "\xc3\xa9\\xdb\\x9d\\xff"},
        {"go_string", BYTES("\xc3\xa9"), "\\xc3\\xa9"},
        {"python_hexbytes", BYTES("a'\""), "b\"\\x61\\x27\\x22\""},
        {"latin1_numbers", BYTES("a\xff"), "\\u0061\\u00ff"},
        {"java_string", BYTES("a?\?\"\n\xff"), "a?\?\\\"\\n\\377"},
        {"braces_numbers", BYTES("a\xff"), "\\u{61}\\u{ff}"},
        {"dump", BYTES("\x06\x01*A\xff"),
         "0601 2a41 ff                           "
         "  ..*A."},
        {"dump", BYTES("0123456789abcdef"),
         "3031 3233 3435 3637 3839 6162 6364 6566  0123456789abcdef"},
        {"u4_text", BYTES("\xc3\xa9\"\\\x1f\n"), "\xc3\xa9\\\"\\\\\\u001f\\n"},
        {"braces_text", BYTES("\xc3\xa9\"\\\x1f\n"), "\xc3\xa9\\\"\\\\\\u{1f}\\n"},
        {"x_text", BYTES("\xc3\xa9\"\\\x1f\n"), "\xc3\xa9\\\"\\\\\\x1f\\n"},
        {"haskell_string",
         BYTES("\x1f"
               "a\x7fg\n0\xc3\xa9"
               "a"),
         "\\x1f\\&a\\x7fg\\n0\\xc3\\xa9\\&a"},
        {"json_string", BYTES("a\"\\\n\b\0\x7f/"), "a\\\"\\\\\\n\\b\\u0000\\u007f/"},
        {"json_string", BYTES("\xc3\xa9\xf0\x9f\x98\x80\xff"), "\\u00e9\\ud83d\\ude00\\ufffd"},
    };
    char *result;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        result = spell(cases[i].notation, "", cases[i].data, cases[i].length);
        assert_string_equal(result, cases[i].expected);
        free(result);
    }
}

/* What no string of the language can hold is told before it is spelt. */
static void knows_what_it_can_spell(void **state)
{
    static const struct {
        const char *notation;
        const char *data;
        size_t length;
        bool can;
    } cases[] = {
        {"c_text", BYTES("\xff"), true},
        {"u4_text", BYTES("\x01 caf\xc3\xa9 \xf0\x9f\x98\x80"), true},
        {"u4_text", BYTES("\xff"), false},
        {"u4_text", BYTES("\xc2\x85"), false},
        {"haskell_string", BYTES("\xe2\x80\xa8"), true},
        {"x_text", BYTES("\xed\xa0\x80"), false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const struct notation *notation =
            notation_find(cases[i].notation, strlen(cases[i].notation));

        assert_int_equal(notation_can(notation, (const uint8_t *)cases[i].data, cases[i].length),
                         cases[i].can);
    }
}

static void escapes_what_else_a_language_wants(void **state)
{
    char *result = spell("latin1_string", "$", BYTES("a${b}\0"));

    (void)state;
    assert_string_equal(result, "a\\${b}\\u0000");
    free(result);
}

static void nothing_is_nothing(void **state)
{
    const char *name;
    char *result;

    (void)state;
    for (size_t i = 0; (name = notation_name(i)); i++) {
        result = spell(name, "", NULL, 0);
        assert_string_equal(result, strncmp(name, "python_", 7) ? "" : "b\"\"");
        free(result);
    }
}

/* In the notation of numbers, nothing of a text stands for itself. */
static void numbers_show_no_text(void **state)
{
    static const char *const names[] = {
        "c_string",      "c_text",         "go_string",        "go_text", "python_bytes",
        "latin1_string", "elixir_text",    "rust_byte_string", "x_text",  "u4_text",
        "braces_text",   "haskell_string", "java_string"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        const struct notation *numeric =
            notation_numeric(notation_find(names[i], strlen(names[i])));
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        assert_non_null(out);
        assert_int_equal(notation_print(numeric, "", (const uint8_t *)"GET z\n", 6, out), 0);
        fclose(out);
        assert_null(strstr(text, "GET"));
        assert_null(strchr(text, 'z'));
        assert_null(strstr(text, "\\n"));
        free(text);
    }
    assert_ptr_equal(notation_numeric(notation_find("hex", 3)), notation_find("hex", 3));
}

static void tells_what_it_can_spell(void **state)
{
    const struct notation *json = notation_find("json_string", 11);

    (void)state;
    assert_true(notation_can(json, (const uint8_t *)"\xc3\xa9\0\x01", 4));
    assert_false(notation_can(json, (const uint8_t *)"a\xff", 2));
    assert_true(notation_can(notation_find("go_text", 7), (const uint8_t *)"a\xff", 2));
}

static void finds_only_whole_names(void **state)
{
    (void)state;
    assert_non_null(notation_find("hexstring_and_more", strlen("hexstring")));
    assert_null(notation_find("hexs", 4));
    assert_null(notation_find("hexstrings", 10));
    assert_null(notation_find("", 0));
    assert_null(notation_find("hex\0\0\0", 6));
}

/* Byte by byte, a notation with no quotes around gives the same as all at once. */
static void long_data_is_spelt_alike(void **state)
{
    static const struct {
        const char *notation;
        const char *separator;
    } cases[] = {
        {"hex", ""},       {"hex_spaced", " "}, {"hex_bytes", ", "}, {"hexstring", ""},
        {"decimal", ", "}, {"printable", ""},   {"go_string", ""},   {"latin1_string", ""},
    };
    uint8_t *data = malloc(LARGE);
    char *whole;
    char *one;
    char *at;

    (void)state;
    assert_non_null(data);
    for (size_t i = 0; i < LARGE; i++)
        data[i] = (uint8_t)(i * 7 + i / 256);
    for (size_t c = 0; c < sizeof(cases) / sizeof(*cases); c++) {
        at = whole = spell(cases[c].notation, "", data, LARGE);
        for (size_t i = 0; i < LARGE; i++) {
            one = spell(cases[c].notation, "", data + i, 1);
            if (i > 0 && strncmp(at, cases[c].separator, strlen(cases[c].separator)))
                fail_msg("%s: no separator before byte %zu", cases[c].notation, i);
            at += i > 0 ? strlen(cases[c].separator) : 0;
            if (strncmp(at, one, strlen(one)))
                fail_msg("%s: byte %zu is spelt \"%.8s\"", cases[c].notation, i, at);
            at += strlen(one);
            free(one);
        }
        assert_string_equal(at, "");
        free(whole);
    }
    free(data);
}

static void failed_writes_are_told(void **state)
{
    uint8_t *data = calloc(1, LARGE);
    const char *name;
    FILE *out;

    (void)state;
    assert_non_null(data);
    for (size_t i = 0; (name = notation_name(i)); i++) {
        out = fopen("/dev/full", "w");
        if (!out)
            skip();
        assert_int_equal(notation_print(notation_find(name, strlen(name)), "", data, LARGE, out),
                         -ENOSPC);
        fclose(out);
    }
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spells_awkward_bytes),
        cmocka_unit_test(knows_what_it_can_spell),
        cmocka_unit_test(escapes_what_else_a_language_wants),
        cmocka_unit_test(nothing_is_nothing),
        cmocka_unit_test(numbers_show_no_text),
        cmocka_unit_test(tells_what_it_can_spell),
        cmocka_unit_test(finds_only_whole_names),
        cmocka_unit_test(long_data_is_spelt_alike),
        cmocka_unit_test(failed_writes_are_told),
    };

    return cmocka_run_group_tests_name("notation", tests, NULL, NULL);
}
