/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* That sockfixture-templates(5) has every name that a template can use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "emit/check.h"

#define PAGE "sockfixture-templates.5"

/* Is the word one of the names that a line introduces: `.It Cm name , name`, or `.Cm name`? */
static bool introduces(const char *line, const char *word)
{
    static const char between[] = " ,\n";
    const char *name =
        strncmp(line, ".It Cm ", 7) ? strncmp(line, ".Cm ", 4) ? NULL : line + 4 : line + 7;
    size_t length;

    for (; name && *name; name += length + strspn(name + length, between)) {
        length = strcspn(name, between);
        if (length == strlen(word) && !strncmp(name, word, length))
            return true;
        /* What has a part is introduced with it: call.module. */
        if (length > strlen(word) && name[length - strlen(word) - 1] == '.' &&
            !strncmp(name + length - strlen(word), word, strlen(word)))
            return true;
    }
    return false;
}

static void assert_in_page(const char *word)
{
    FILE *page = fopen(PAGE, "re");
    char *line = NULL;
    size_t room = 0;
    bool found = false;

    assert_non_null(page);
    while (!found && getline(&line, &room, page) > 0)
        found = introduces(line, word);
    free(line);
    fclose(page);
    if (!found)
        fail_msg("%s has nothing on %s", PAGE, word);
}

static void every_name_is_in_the_page(void **state)
{
    (void)state;
    for (size_t i = 0; check_name(i); i++)
        assert_in_page(check_name(i));
}

static void every_key_is_in_the_page(void **state)
{
    (void)state;
    for (size_t i = 0; language_key(i); i++)
        assert_in_page(language_key(i));
    for (size_t i = 0; escape_name(i); i++)
        assert_in_page(escape_name(i));
}

static void what_is_not_there_is_not_found(void **state)
{
    (void)state;
    assert_true(introduces(".It Cm first , last\n", "last"));
    assert_true(introduces(".It Cm call.module\n", "module"));
    assert_false(introduces(".It Cm call.module\n", "odule"));
    assert_false(introduces(".It Cm first , last\n", "las"));
    assert_false(introduces("It says hex\n", "hex"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_name_is_in_the_page),
        cmocka_unit_test(every_key_is_in_the_page),
        cmocka_unit_test(what_is_not_there_is_not_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
