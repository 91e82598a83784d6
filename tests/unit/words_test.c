/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A command line taken apart as a shell would. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "capture/words.h"

static void splits_as_a_shell_does(void **state)
{
    static const struct {
        const char *line;
        const char *words[4];
    } cases[] = {
        {"true", {"true"}},
        {"  a\t b \n", {"a", "b"}},
        {"'a b' \"c d\" e\\ f", {"a b", "c d", "e f"}},
        {"a'b'\"c\"d", {"abcd"}},
        {"'' x", {"", "x"}},
        {"\"\\\"\\\\\\$\\`\\n\"", {"\"\\$`\\n"}},
        {"'\\' '$HOME *'", {"\\", "$HOME *"}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char **words = NULL, **copy = NULL;
        size_t j = 0;

        assert_int_equal(words_split(&words, cases[i].line), 0);
        assert_int_equal(words_copy(&copy, words), 0);
        for (; cases[i].words[j]; j++) {
            assert_string_equal(words[j], cases[i].words[j]);
            assert_string_equal(copy[j], cases[i].words[j]);
        }
        assert_null(words[j]);
        assert_null(copy[j]);
        words_free(words);
        words_free(copy);
    }
}

static void refuses_what_does_not_end(void **state)
{
    static const char *const lines[] = {"", "  ", "'", "a 'b", "\"", "\"a\\\"", "a\\"};
    char **words = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
        assert_int_equal(words_split(&words, lines[i]), -EINVAL);
    assert_null(words);
}

static void takes_lists_of_strings_alone(void **state)
{
    static const char *const wrong[] = {"{}", "[1]", "[\"a\", null]", "[[\"a\"]]"};
    char **words = NULL;
    json_t *list = json_loads("[\"a b\", \"\\\\x0ab\", \"\"]", 0, NULL);

    (void)state;
    assert_int_equal(words_from_json(&words, list), 0);
    json_decref(list);
    assert_string_equal(words[0], "a b");
    assert_string_equal(words[1], "\nb");
    assert_string_equal(words[2], "");
    assert_null(words[3]);
    words_free(words);
    words = NULL;
    assert_int_equal(words_from_json(&words, NULL), -EINVAL);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        list = json_loads(wrong[i], 0, NULL);
        assert_int_equal(words_from_json(&words, list), -EINVAL);
        json_decref(list);
    }
    assert_null(words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_as_a_shell_does),
        cmocka_unit_test(refuses_what_does_not_end),
        cmocka_unit_test(takes_lists_of_strings_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
