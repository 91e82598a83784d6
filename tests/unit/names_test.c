/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Names of exchanges: what a request says, and that no two are alike. And those of commands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "emit/command.h"
#include "emit/names.h"

#define BYTES(text) text, sizeof(text) - 1

static void a_request_says_its_name(void **state)
{
    static const struct {
        const char *data;
        size_t length;
        const char *expected; /* NULL: none */
    } cases[] = {
        {BYTES("GET /containers/json HTTP/1.1\r\nHost: x\r\n\r\n"), "GET /containers/json"},
        {BYTES("INVITE sip:bob@example.org SIP/2.0\r\n"), "INVITE sip:bob@example.org"},
        {BYTES("GET /a/1.1"), "GET /a/1.1"},
        {BYTES("SELECT 1"), "SELECT 1"},
        {BYTES("tracking\n"), "tracking"},
        {BYTES("\n\n  two\t words \nmore"), "two words"},
        {BYTES("stop\0"), "stop"},
        {BYTES("q"), "q"},
        {BYTES("*1\r\n$4\r\nPING\r\n"), "PING"},
        {BYTES("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nv w\nx\r\n"), "SET k v w x"},
        {BYTES("*2\r\n$3\r\nGET\r\n$2\r\n\xff\x01\r\n"), "GET"},
        {BYTES("*2\r\n$3\r\nGET\r\n$999999999\r\n"), "GET"},
        {BYTES("*9\r\n"), "*9"},
        {BYTES("Q\0\0\0\rSELECT 1\0"), "SELECT 1"},
        {BYTES("\x09\0\0\0\x03SELECT 2"), "SELECT 2"},
        /* Lengths that look like letters. */
        {BYTES("Q\0\0\0ISELECT one FROM a WHERE one = 1 AND two = 2 OR three = 3 OR four = 4\0"),
         "SELECT one FROM a WHERE one = 1 AND two = 2 OR"},
        {BYTES("\0DSELECT one FROM a WHERE one = 1 AND two = 2 OR three = 3 OR four = 4"),
         "SELECT one FROM a WHERE one = 1 AND two = 2 OR"},
        {BYTES("Q\0\0\0JSELECT one\0"), "JSELECT one"},
        {BYTES("{\"id\": 1, \"method\" : \"getinfo\"}"), "getinfo"},
        {BYTES("{\"execute\":\"query-status\"}\r\n"), "query-status"},
        {BYTES("{\"a\":\"b\\\\\"}"), "{'a':'b//'}"},
        {BYTES("r\xc3\xa9sum\xc3\xa9"), "r\xc3\xa9sum\xc3\xa9"},
        {BYTES("\x06\x01\0\0\0\x0e\0\0"), NULL},
        {BYTES("l\x01\0\x01\0\0\0\0AB"), NULL},
        {BYTES("abc\xff\xff"), NULL},
        {BYTES("\x01x1y2z3\0"), NULL},
        {BYTES("\r\n \t\r\n"), NULL},
        {BYTES(""), NULL},
        {BYTES("\xe2\x80\xae"), NULL},
    };
    char name[NAMES_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        bool found = names_from_request((const uint8_t *)cases[i].data, cases[i].length, name);

        if (found != (cases[i].expected != NULL))
            fail_msg("case %zu: %s", i, found ? name : "no name");
        if (found)
            assert_string_equal(name, cases[i].expected);
    }
}

static void a_long_name_ends_with_a_word(void **state)
{
    static const char text[] = "the quick brown fox jumps over the lazy dog and runs on";
    char wide[3 * 64], name[NAMES_TEXT_SIZE];

    (void)state;
    assert_true(names_from_request((const uint8_t *)text, strlen(text), name));
    assert_string_equal(name, "the quick brown fox jumps over the lazy dog and");
    for (size_t i = 0; i < 64; i++)
        memcpy(wide + 3 * i, "\xe6\x97\xa5", 3);
    assert_true(names_from_request((const uint8_t *)wide, sizeof(wide), name));
    assert_int_equal(strlen(name), 48);
}

/* Between two words is a blank, also where there is room for no more than that and a letter. */
static void a_long_command_is_cut_between_characters(void **state)
{
    char words[2][COMMAND_NAME_SIZE], name[COMMAND_NAME_SIZE], expected[COMMAND_NAME_SIZE + 4];

    (void)state;
    for (size_t length = 1; length < COMMAND_NAME_SIZE; length++) {
        char *command[] = {words[0], words[1], NULL};

        snprintf(words[0], sizeof(words[0]), "%0*d", (int)length, 0);
        strcpy(words[1], "ab");
        snprintf(expected, sizeof(expected), "%s ab", words[0]);
        expected[length + 2 < COMMAND_NAME_SIZE ? COMMAND_NAME_SIZE - 1 : length] = '\0';
        command_name(command, NULL, name);
        assert_string_equal(name, expected);
    }
}

enum { CONVERSATIONS = 3, EXCHANGES = 6 };

/* Tables of the requests, "" being one that says nothing. */
struct tables {
    struct said said[CONVERSATIONS][EXCHANGES];
    struct exchange exchanges[CONVERSATIONS][EXCHANGES];
    struct conversation_table conversations[CONVERSATIONS];
    struct table table;
};

static void make(struct tables *tables, const char *requests[CONVERSATIONS][EXCHANGES])
{
    memset(tables, 0, sizeof(*tables));
    tables->table.conversations = tables->conversations;
    for (size_t i = 0; i < CONVERSATIONS && requests[i][0]; i++) {
        tables->table.count++;
        tables->conversations[i].exchanges = tables->exchanges[i];
        for (size_t j = 0; j < EXCHANGES && requests[i][j]; j++) {
            tables->conversations[i].count++;
            tables->said[i][j].data = (uint8_t *)(uintptr_t)requests[i][j];
            tables->said[i][j].length = strlen(requests[i][j]);
            tables->exchanges[i][j].request = (struct side){&tables->said[i][j], 1, 0};
        }
    }
}

static void no_two_are_alike(void **state)
{
    static const char *requests[CONVERSATIONS][EXCHANGES] = {
        {"PING", "", "PING", "GET a", "PING (2)"},
        {"GET a", "PING", "", "GET a", "cmd 2"},
        {"new", "PING (2.1)", "GET (x)", "cmd", "cmd 2.3"},
    };
    static const char *expected[CONVERSATIONS][EXCHANGES] = {
        {"PING", "cmd 2", "PING (2)", "GET a", "PING (2) (1)"},
        {"GET a (2.1)", "PING (2.1)", "cmd 2.3", "GET a (2.2)", "cmd 2 (1)"},
        {"new", "PING (2.1) (1)", "GET (x)", "cmd", "cmd 2.3 (1)"},
    };
    struct tables tables;
    struct names *names;
    char name[NAMES_SIZE];

    (void)state;
    make(&tables, requests);
    assert_int_equal(names_new(&names, &tables.table, "cmd"), 0);
    for (size_t i = 0; i < CONVERSATIONS; i++) {
        for (size_t j = 0; j < tables.conversations[i].count; j++) {
            names_get(names, i, j, name);
            assert_string_equal(name, expected[i][j]);
        }
    }
    names_free(names);
}

/* Whatever is added at the end, the names before it are the same. */
static void more_at_the_end_changes_none(void **state)
{
    const char *requests[CONVERSATIONS][EXCHANGES] = {{NULL}};
    static const char *const all[] = {"a", "a", "", "a (2)", "b", "a"};
    char before[CONVERSATIONS * EXCHANGES][NAMES_SIZE];
    char name[NAMES_SIZE];
    struct tables tables;
    struct names *names;

    (void)state;
    for (size_t count = 0; count < CONVERSATIONS * EXCHANGES; count++) {
        requests[count / EXCHANGES][count % EXCHANGES] = all[count % EXCHANGES];
        make(&tables, requests);
        assert_int_equal(names_new(&names, &tables.table, "cmd"), 0);
        for (size_t i = 0; i <= count; i++) {
            names_get(names, i / EXCHANGES, i % EXCHANGES, i < count ? name : before[count]);
            if (i < count)
                assert_string_equal(name, before[i]);
        }
        for (size_t i = 0; i < count; i++)
            assert_string_not_equal(before[i], before[count]);
        names_free(names);
    }
}

static void many_names(void **state)
{
    enum { MANY = 10000 };
    struct exchange *exchanges = calloc(MANY, sizeof(*exchanges));
    struct said *said = calloc(MANY, sizeof(*said));
    struct conversation_table conversation = {.exchanges = exchanges, .count = MANY};
    struct table table = {.conversations = &conversation, .count = 1};
    char expected[32], name[NAMES_SIZE];
    struct names *names;
    char *text;

    (void)state;
    assert_non_null(exchanges);
    assert_non_null(said);
    for (size_t i = 0; i < MANY; i++) {
        assert_true(asprintf(&text, "GET %zu", i / 2) > 0);
        said[i] = (struct said){.data = (uint8_t *)text, .length = strlen(text)};
        exchanges[i].request = (struct side){&said[i], 1, 0};
    }
    assert_int_equal(names_new(&names, &table, "cmd"), 0);
    for (size_t i = 0; i < MANY; i++) {
        snprintf(expected, sizeof(expected), "GET %zu%s", i / 2, i % 2 ? " (2)" : "");
        names_get(names, 0, i, name);
        assert_string_equal(name, expected);
        free(said[i].data);
    }
    names_free(names);
    free(said);
    free(exchanges);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_says_its_name),
        cmocka_unit_test(a_long_name_ends_with_a_word),
        cmocka_unit_test(a_long_command_is_cut_between_characters),
        cmocka_unit_test(no_two_are_alike),
        cmocka_unit_test(more_at_the_end_changes_none),
        cmocka_unit_test(many_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
