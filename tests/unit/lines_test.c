/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Text in lines: what is text, where lines end; and sizes and names as users write them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture/size.h"
#include "emit/call.h"
#include "emit/files.h"
#include "emit/lines.h"

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

static void what_is_text(void **state)
{
    (void)state;
    assert_int_equal(lines_readable(BYTES("GET / HTTP/1.1\r\n\t~")), 18);
    assert_int_equal(lines_readable(BYTES("h\xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x98\x80")), 12);
    assert_int_equal(lines_readable(BYTES("ab\0c")), 2);
    assert_int_equal(lines_readable(BYTES("ab\x1b")), 2);
    assert_int_equal(lines_readable(BYTES("ab\x7f")), 2);
    assert_int_equal(lines_readable(BYTES("a\xc3")), 1);
    assert_int_equal(lines_readable(BYTES("a\xe2\x80\xae")), 1);
    assert_int_equal(lines_readable(BYTES("a\xe2\x80\x8b")), 1);
    assert_int_equal(lines_readable(BYTES("a\xed\xa0\x80")), 1);
    assert_int_equal(lines_readable(BYTES("a\xc0\xaf")), 1);
    assert_int_equal(lines_readable(BYTES("")), 0);
}

/* The lines with bars between them. */
static void assert_lines(const char *notation, size_t width, const uint8_t *data, size_t length,
                         const char *expected)
{
    struct line_rules rules = {notation_find(notation, strlen(notation)), "", width};
    char *result = NULL;
    size_t size, to;
    FILE *out = open_memstream(&result, &size);

    assert_non_null(out);
    for (size_t from = 0; from < length; from = to) {
        to = lines_end(&rules, data, length, from);
        assert_true(to > from && to <= length);
        fprintf(out, "%s%.*s", from ? "|" : "", (int)(to - from), data + from);
    }
    fclose(out);
    assert_string_equal(result, expected);
    free(result);
}

static void where_lines_end(void **state)
{
    (void)state;
    assert_lines("go_text", 20, BYTES("a\r\nb\n\nc"), "a\r\n|b\n|\n|c");
    assert_lines("go_text", 10, BYTES("one two three"), "one two |three");
    assert_lines("go_text", 10, BYTES("0123456789abc"), "0123456789|abc");
    /* A space too far in front is no place to break: little would stand on the line. */
    assert_lines("go_text", 10, BYTES("a 23456789abc"), "a 23456789|abc");
    /* What is escaped takes the room that the escape takes. */
    assert_lines("go_text", 10, BYTES("\"\"\"\"\"\"\""), "\"\"\"\"\"|\"\"");
    assert_lines("go_string", 10, BYTES("\x01\x01\x01"), "\x01\x01|\x01");
    /* Line ends are not left alone on a line. */
    assert_lines("go_text", 10, BYTES("0123456789\nx"), "0123456789\n|x");
    assert_lines("go_text", 10, BYTES("0123456789\r\nx"), "0123456789\r\n|x");
    assert_lines("go_text", 11, BYTES("0123456789\r\nx"), "0123456789\r\n|x");
    /* Characters stay whole, and a line has one at least. */
    assert_lines("go_text", 4, BYTES("\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5"),
                 "\xe6\x97\xa5\xe6\x97\xa5|\xe6\x97\xa5");
    assert_lines("go_string", 1, BYTES("\xc3\xa9"), "\xc3|\xa9");
    assert_lines("json_string", 6, BYTES("\xc3\xa9\xc3\xa9"), "\xc3\xa9|\xc3\xa9");
}

static void every_notation_fits(void **state)
{
    uint8_t data[256];
    const char *name;

    (void)state;
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)i;
    for (size_t i = 0; (name = notation_name(i)); i++) {
        const struct notation *notation = notation_find(name, strlen(name));

        for (size_t from = 0; from < sizeof(data); from++) {
            size_t fits = notation_fit(notation, "$", data + from, sizeof(data) - from, 40);
            char *result = NULL;
            size_t size;
            FILE *out = open_memstream(&result, &size);

            assert_non_null(out);
            assert_true(fits >= 1 && fits <= sizeof(data) - from);
            assert_int_equal(notation_print(notation, "$", data + from, fits, out), 0);
            fclose(out);
            /* Three more for what Python puts around it. */
            assert_true(size >= 1 && size <= 43);
            free(result);
        }
    }
}

static void sizes(void **state)
{
    static const struct {
        const char *text;
        size_t size;
    } good[] = {{"0", 0},          {"512", 512},
                {"64K", 64 << 10}, {"64k", 64 << 10},
                {"1M", 1 << 20},   {"2G", (size_t)2 << 30},
                {"007", 7},        {"18446744073709551615", SIZE_MAX}};
    static const char *const bad[] = {"",
                                      "K",
                                      "-1",
                                      "1.5",
                                      "1KB",
                                      "1 K",
                                      "x",
                                      "+1",
                                      "1T",
                                      "18446744073709551616",
                                      "99999999999G"};
    size_t size;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        assert_int_equal(size_parse(good[i].text, strlen(good[i].text), &size), 0);
        assert_int_equal(size, good[i].size);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_int_equal(size_parse(bad[i], strlen(bad[i]), &size), -EINVAL);
}

static void functions(void **state)
{
    static const struct {
        const char *name, *module, *package, *function;
    } good[] = {
        {"parse", "", "", "parse"},
        {"talk.parse", "talk", "talk", "parse"},
        {"crate::talk::parse", "crate::talk", "talk", "parse"},
        {"example.org/go-talk/v2.Parse", "example.org/go-talk/v2", "v2", "Parse"},
        {"lists:map", "lists", "lists", "map"},
        {"_x1", "", "", "_x1"},
    };
    static const char *const bad[] = {"",    "a b", "f()", ".f",  "f.",  "a..f", "a/f",
                                      "a-f", "1f",  "a.1", "f\n", "f;g", "a:::f"};
    struct call call;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        assert_int_equal(call_parse(&call, good[i].name), 0);
        assert_string_equal(call.whole, good[i].name);
        assert_string_equal(call.module, good[i].module);
        assert_string_equal(call.package, good[i].package);
        assert_string_equal(call.function, good[i].function);
        call_free(&call);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_int_equal(call_parse(&call, bad[i]), -EINVAL);
    assert_int_equal(call_parse(&call, NULL), 0);
    assert_string_equal(call.whole, "");
    call_free(&call);
}

static void names_of_files(void **state)
{
    static const char *const good[] = {"01-request.bin", "123-response-4.bin", "2/01-request.bin"};
    static const char *const bad[] = {"",
                                      "request.bin",
                                      "01-request",
                                      "01-x.bin",
                                      "01-request-.bin",
                                      "x/01-request.bin",
                                      "01-request.bin~",
                                      "/01-request.bin",
                                      "1/2/01-request.bin"};

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
        assert_true(files_is_name(good[i]));
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_false(files_is_name(bad[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_text),        cmocka_unit_test(where_lines_end),
        cmocka_unit_test(every_notation_fits), cmocka_unit_test(sizes),
        cmocka_unit_test(functions),           cmocka_unit_test(names_of_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
