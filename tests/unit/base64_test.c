/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Base64 both ways, and all that is not base64. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture/base64.h"

/* Decodes a copy of just its size, so that a sanitizer sees who reads or writes past it. */
static ssize_t decode(uint8_t **data, const char *text, size_t size)
{
    char *copy = malloc(size + !size);
    ssize_t length;

    assert_non_null(copy);
    memcpy(copy, text, size);
    *data = malloc(size / 4 * 3 + 1);
    assert_non_null(*data);
    length = base64_decode(*data, copy, size);
    free(copy);
    return length;
}

static void encode(char *text, const uint8_t *data, size_t length)
{
    struct base64_pairs pairs;
    char *alike = malloc(base64_size(length) + 1);

    assert_non_null(alike);
    base64_pairs_init(&pairs);
    base64_encode(text, data, length, &pairs);
    base64_encode(alike, data, length, NULL);
    assert_memory_equal(text, alike, base64_size(length));
    free(alike);
}

/* RFC 4648, section 10, and the digits that other variants spell otherwise. */
static void spells_as_the_standard_does(void **state)
{
    static const struct {
        const char *data;
        const char *text;
    } cases[] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xfb\xff\xbf", "+/+/"},
        {"\xff\xff\xff", "////"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        size_t length = strlen(cases[i].data);
        char text[16] = {0};
        uint8_t *data;

        encode(text, (const uint8_t *)cases[i].data, length);
        assert_string_equal(text, cases[i].text);
        assert_int_equal(base64_size(length), strlen(cases[i].text));
        assert_int_equal(decode(&data, text, strlen(text)), length);
        assert_memory_equal(data, cases[i].data, length);
        free(data);
    }
}

static void goes_there_and_back(void **state)
{
    uint8_t bytes[515], *data;

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i + i / 256);
    for (size_t length = 0; length <= sizeof(bytes); length++) {
        size_t size = base64_size(length);
        char *text = malloc(size + !size);

        assert_non_null(text);
        encode(text, bytes + sizeof(bytes) - length, length);
        assert_int_equal(decode(&data, text, size), length);
        assert_memory_equal(data, bytes + sizeof(bytes) - length, length);
        free(data);
        free(text);
    }
}

static void refuses_what_is_none(void **state)
{
    static const char *const wrong[] = {
        "Z",         "Zg",
        "Zg=",       "Zm9vY",
        "Zg==Zg==",  "Zm8=Zm9v",
        "=",         "==",
        "===",       "====",
        "Z===",      "=g==",
        "Z=g=",      "Zg=v",
        "Zm9=v===",  "Zh==",
        "Zm9=",      "Z m8",
        "Zm8\n",     "\nZm8",
        "Zm9v\n",    "Zm9-",
        "Zm9_",      "Zm9.",
        "Zm9\x80",   "\xff\xff\xff\xff",
        "Zm9v Zm9v",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        uint8_t *data;

        if (decode(&data, wrong[i], strlen(wrong[i])) != -EINVAL)
            fail_msg("\"%s\" was taken for base64", wrong[i]);
        free(data);
    }
}

/* One text for each content: every text of four characters is refused, or what encoding gives. */
static void has_one_spelling(void **state)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        for (int place = 0; place < 4; place++) {
            char text[5] = "AAAA", again[5] = {0};
            uint8_t data[3];
            ssize_t length;

            text[place] = (char)byte;
            length = base64_decode(data, text, 4);
            assert_int_equal(length > 0,
                             byte && strchr(digits, byte) && (byte != '=' || place == 3));
            if (length < 0)
                continue;
            encode(again, data, length);
            assert_memory_equal(again, text, 4);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spells_as_the_standard_does),
        cmocka_unit_test(goes_there_and_back),
        cmocka_unit_test(refuses_what_is_none),
        cmocka_unit_test(has_one_spelling),
    };

    return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
