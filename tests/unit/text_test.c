/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Which bytes are UTF-8, and that what is shown drives no terminal and fits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture/text.h"

#define BYTES(text) text, sizeof(text) - 1

/* The Unicode standard, table 3-7, at its edges; and what RFC 3629 says is none. */
static void knows_utf8(void **state)
{
    static const struct {
        const char *data;
        size_t length;
        size_t expected;
    } cases[] = {
        {BYTES(""), 0},
        {BYTES("\0"), 1},
        {BYTES("a"), 1},
        {BYTES("\x7f"), 1},
        {BYTES("\x80"), 0},
        {BYTES("\xbf"), 0},
        {BYTES("\xc0\x80"), 0},
        {BYTES("\xc1\xbf"), 0},
        {BYTES("\xc2\x80"), 2},
        {BYTES("\xc2"), 0},
        {BYTES("\xc2\x7f"), 0},
        {BYTES("\xc2\xc0"), 0},
        {BYTES("\xdf\xbf"), 2},
        {BYTES("\xe0\x9f\xbf"), 0},
        {BYTES("\xe0\xa0\x80"), 3},
        {BYTES("\xe2\x82"), 0},
        {BYTES("\xe2\x82\xac"), 3},
        {BYTES("\xed\x9f\xbf"), 3},
        {BYTES("\xed\xa0\x80"), 0},
        {BYTES("\xed\xbf\xbf"), 0},
        {BYTES("\xee\x80\x80"), 3},
        {BYTES("\xef\xbf\xbf"), 3},
        {BYTES("\xf0\x8f\xbf\xbf"), 0},
        {BYTES("\xf0\x90\x80\x80"), 4},
        {BYTES("\xf0\x9f\x98"), 0},
        {BYTES("\xf4\x8f\xbf\xbf"), 4},
        {BYTES("\xf4\x90\x80\x80"), 0},
        {BYTES("\xf5\x80\x80\x80"), 0},
        {BYTES("\xf8\x88\x80\x80\x80"), 0},
        {BYTES("\xff"), 0},
        {BYTES("\xe2\x82\xac and more"), 3},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        uint8_t *copy = malloc(cases[i].length + !cases[i].length);

        assert_non_null(copy);
        memcpy(copy, cases[i].data, cases[i].length);
        assert_int_equal(utf8_length(copy, cases[i].length), cases[i].expected);
        free(copy);
    }
}

static void escapes_what_is_dangerous(void **state)
{
    static const struct {
        const char *data;
        size_t length;
        const char *expected;
    } cases[] = {
        {BYTES("plain \"text\" 'quoted'"), "plain \"text\" 'quoted'"},
        {BYTES("a\\b"), "a\\\\b"},
        {BYTES("\\x41"), "\\\\x41"},
        {BYTES("a\nb\tc\r"), "a\\x0ab\\x09c\\x0d"},
        {BYTES("\0"), "\\x00"},
        {BYTES("\x1b[31m\x7f"), "\\x1b[31m\\x7f"},
        {BYTES("\xff\xfe"), "\\xff\\xfe"},
        {BYTES("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"},
        /* C1 controls: CSI is one character there. */
        {BYTES("\xc2\x9b\xc2\x80\xc2\x9f\xc2\xa0"), "\\xc2\\x9b\\xc2\\x80\\xc2\\x9f\xc2\xa0"},
        /* What reorders, hides or breaks lines: zero width, RLO, line separator, isolates, BOM. */
        {BYTES("\xe2\x80\x8b\xe2\x80\xae\xe2\x80\xa8"),
         "\\xe2\\x80\\x8b\\xe2\\x80\\xae\\xe2\\x80\\xa8"},
        {BYTES("\xe2\x81\xa6\xe2\x81\xaf\xef\xbb\xbf"),
         "\\xe2\\x81\\xa6\\xe2\\x81\\xaf\\xef\\xbb\\xbf"},
        {BYTES("\xe2\x80\x8a\xe2\x80\x90\xe2\x80\xaf\xe2\x81\x9f"),
         "\xe2\x80\x8a\xe2\x80\x90\xe2\x80\xaf\xe2\x81\x9f"},
        /* What shows nothing: a soft hyphen, a filler, a selector, a tag. */
        {BYTES("\xc2\xad\xe3\x85\xa4"), "\\xc2\\xad\\xe3\\x85\\xa4"},
        {BYTES("\xef\xb8\x8f\xf3\xa0\x81\x81"), "\\xef\\xb8\\x8f\\xf3\\xa0\\x81\\x81"},
        /* What is no character, and its neighbours that are. */
        {BYTES("\xef\xb7\x90\xef\xb7\xaf"), "\\xef\\xb7\\x90\\xef\\xb7\\xaf"},
        {BYTES("\xef\xbf\xbf\xf4\x8f\xbf\xbe"), "\\xef\\xbf\\xbf\\xf4\\x8f\\xbf\\xbe"},
        {BYTES("\xef\xb7\xb0\xef\xbf\xbd\xf0\x9f\xbf\xbd"),
         "\xef\xb7\xb0\xef\xbf\xbd\xf0\x9f\xbf\xbd"},
        {BYTES("a\xe2\x82"), "a\\xe2\\x82"},
        {BYTES("\xe2\x82z"), "\\xe2\\x82z"},
        {BYTES("\xed\xa0\x80"), "\\xed\\xa0\\x80"},
        {BYTES("\xc0\x80"), "\\xc0\\x80"},
        {BYTES(""), ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char text[256];

        assert_int_equal(text_escape(text, sizeof(text), cases[i].data, cases[i].length),
                         cases[i].length);
        assert_string_equal(text, cases[i].expected);
    }
}

/* Whatever the size: it ends with NUL within it, whole escapes only, and says how far it came. */
static void fits_any_size(void **state)
{
    static const char data[] = "a\\b\n\xe2\x82\xac\xff\xc2\x9b\xf0\x9f\x98\x80z";
    char whole[128];

    (void)state;
    text_escape(whole, sizeof(whole), data, sizeof(data) - 1);
    for (size_t size = 1; size <= strlen(whole) + 2; size++) {
        char *text = malloc(size), *rest = malloc(sizeof(whole));
        size_t done;

        assert_non_null(text);
        assert_non_null(rest);
        done = text_escape(text, size, data, sizeof(data) - 1);
        assert_true(strlen(text) < size);
        assert_int_equal(done == sizeof(data) - 1, size > strlen(whole));
        text_escape(rest, sizeof(whole), data + done, sizeof(data) - 1 - done);
        assert_memory_equal(whole, text, strlen(text));
        assert_string_equal(whole + strlen(text), rest);
        free(text);
        free(rest);
    }
    assert_int_equal(text_escape(NULL, 0, data, sizeof(data)), 0);
}

/* Four characters a byte is the most it takes, and every byte is shown so that it can be told. */
static void bytes_stay_distinct(void **state)
{
    char seen[256][5];

    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        uint8_t data = (uint8_t)byte;

        assert_int_equal(text_escape(seen[byte], sizeof(seen[byte]), &data, 1), 1);
        for (int i = 0; i < byte; i++)
            assert_string_not_equal(seen[i], seen[byte]);
        for (const char *each = seen[byte]; *each; each++)
            assert_true(*each >= 0x20 && *each < 0x7f);
    }
}

/* What is escaped already stays as it is, and what is not is made harmless. */
static void cleans_what_should_be_escaped(void **state)
{
    char text[64], small[4];

    (void)state;
    assert_int_equal(text_clean(text, sizeof(text), "/a\\x0a\\\\b"), 9);
    assert_string_equal(text, "/a\\x0a\\\\b");
    assert_int_equal(text_clean(text, sizeof(text), "/a\n\033[m"), 6);
    assert_string_equal(text, "/a\\x0a\\x1b[m");
    assert_int_equal(text_clean(small, sizeof(small), "\033"), 0);
    assert_string_equal(small, "");
}

static void reads_two_hexadecimal_digits(void **state)
{
    static const char *const others[] = {"", "7", "7g", "g7", " 7", "-1", "0x"};
    uint8_t byte = 0;

    (void)state;
    assert_true(text_hex("7f", &byte));
    assert_int_equal(byte, 0x7f);
    assert_true(text_hex("eDge", &byte));
    assert_int_equal(byte, 0xed);
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
        assert_false(text_hex(others[i], &byte));
    assert_int_equal(byte, 0xed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_utf8),
        cmocka_unit_test(escapes_what_is_dangerous),
        cmocka_unit_test(fits_any_size),
        cmocka_unit_test(bytes_stay_distinct),
        cmocka_unit_test(cleans_what_should_be_escaped),
        cmocka_unit_test(reads_two_hexadecimal_digits),
    };

    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
