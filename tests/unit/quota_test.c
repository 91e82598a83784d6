/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Which messages are those of the first so many exchanges, and when these are complete. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture/quota.h"

enum { QUIET = 100 };

/* What passed, spelled as the scripts are. */
struct passed {
    FILE *out;
    char *text;
    size_t size;
};

static int spell(void *context, const struct message *message)
{
    struct passed *passed = context;

    fprintf(passed->out, "%u%c%.*s ", message->conversation,
            message->direction == REQUEST ? '>' : '<', (int)message->length, message->data);
    assert_string_equal(message_client(message)->address, "@client");
    assert_string_equal(message_server(message)->address, "/server");
    return 0;
}

static struct quota *new_quota(struct passed *passed, size_t exchanges)
{
    struct quota_options options = {exchanges, QUIET, spell, passed};
    struct quota *quota;

    passed->out = open_memstream(&passed->text, &passed->size);
    assert_non_null(passed->out);
    assert_int_equal(quota_new(&quota, &options), 0);
    return quota;
}

/*
 * Adds the messages that script spells: a word each, of the conversation's digit, > (a request) or
 * < (a response) and the data. What they point to is gone afterwards.
 */
static void add_script(struct quota *quota, const char *script, uint64_t now)
{
    char *copy = strdup(script), *rest = copy, *word;

    assert_non_null(copy);
    while ((word = strsep(&rest, " "))) {
        char client_address[] = "@client", server_address[] = "/server";
        struct end client = {.address = client_address}, server = {.address = server_address};
        struct message message = {
            .conversation = (uint32_t)(word[0] - '0'),
            .direction = word[1] == '>' ? REQUEST : RESPONSE,
            .sent = word[1] == '>',
            .self = &client,
            .peer = &server,
            .data = (const uint8_t *)word + 2,
            .length = strlen(word + 2),
        };
        int result = quota_add(quota, &message, now);

        assert_true(result == 0 || result == 1);
    }
    memset(copy, '?', strlen(script));
    free(copy);
}

static void end(struct quota *quota, struct passed *passed)
{
    quota_free(quota);
    fclose(passed->out);
    free(passed->text);
}

static void lets_the_first_exchanges_pass(void **state)
{
    static const struct {
        size_t exchanges;
        const char *script;
        const char *passes; /* with a | where no more came */
        size_t passed;
        size_t left_out;
    } cases[] = {
        {1, "1>a 1<b", "1>a 1<b |", 1, 0},
        {1, "1>a 1<b 1>c 1<d", "1>a 1<b |", 1, 0},
        {2, "1>a 1<b 1>c 1<d 1>e", "1>a 1<b 1>c 1<d |", 2, 0},
        {1, "1>a 1>b 1<c 1<d 1>e", "1>a 1>b 1<c 1<d |", 1, 0},
        /* Fewer than wanted: what is not answered counts when no more comes. */
        {2, "1>a 1<b 1>c", "1>a 1<b |1>c ", 2, 0},
        {3, "1>a 1<b 1>c", "1>a 1<b |1>c ", 2, 0},
        {5, "1>a 2>b", "|1>a 2>b ", 2, 0},
        {1, "1>a 2>b", "|1>a ", 1, 1},
        /* What the server says first is an exchange. */
        {1, "1<hello 1>a 1<b", "1<hello |", 1, 0},
        {2, "1<hello 1>a 1<b 1>c", "1<hello 1>a 1<b |", 2, 0},
        /* A response goes on while others are asked, and numbers have no gaps. */
        {1, "1>a 2>b 2<c 1<d 2<e 2>f 2<g", "1>b 1<c 1<e |", 1, 1},
        {2, "1>a 2>b 2<c 1<d 2<e 1<f", "1>b 1<c 2>a 2<d 1<e 2<f |", 2, 0},
        {2, "1>a 2>b 3>c 3<d 2<e 1<f", "1>c 1<d 2>b 2<e |", 2, 1},
        /* Those that are never answered are in nobody's way. */
        {2, "1>log 2>a 2<b 1>log 2>c 2<d 1>log", "1>a 1<b 1>c 1<d |", 2, 2},
        {4, "1>log 2>a 2<b", "1>a 1<b |2>log ", 2, 0},
        /* An empty message is a message. */
        {1, "1> 1< 1>", "1> 1< |", 1, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct passed passed;
        struct quota *quota = new_quota(&passed, cases[i].exchanges);

        add_script(quota, cases[i].script, 1);
        fputc('|', passed.out);
        assert_int_equal(quota_finish(quota), 0);
        fflush(passed.out);
        assert_string_equal(passed.text, cases[i].passes);
        assert_int_equal(quota_passed(quota), cases[i].passed);
        assert_int_equal(quota_left_out(quota), cases[i].left_out);
        end(quota, &passed);
    }
}

/* How long it will be at 1000 until all is complete; -1 when nobody knows. */
static int64_t left_at_1000(size_t exchanges, const char *script, uint64_t last)
{
    struct passed passed;
    struct quota *quota = new_quota(&passed, exchanges);
    uint64_t left = 0;
    bool known;

    add_script(quota, script, last);
    known = quota_left(quota, 1000, &left);
    end(quota, &passed);
    return known ? (int64_t)left : -1;
}

static void is_complete_after_a_quiet_time_or_the_next_request(void **state)
{
    (void)state;
    assert_int_equal(left_at_1000(1, "1>a", 1000), -1);
    assert_int_equal(left_at_1000(2, "1>a 1<b 1>c", 1000), -1);
    assert_int_equal(left_at_1000(1, "1>a 1<b", 1000), QUIET);
    assert_int_equal(left_at_1000(1, "1>a 1<b", 950), QUIET - 50);
    assert_int_equal(left_at_1000(1, "1>a 1<b", 1000 - QUIET), 0);
    assert_int_equal(left_at_1000(1, "1>a 1<b", 1), 0);
    assert_int_equal(left_at_1000(1, "1>a 1<b 1>c", 1000), 0);
    /* The other conversation's response may go on. */
    assert_int_equal(left_at_1000(2, "1>a 1<b 2>c 2<d 1>e", 1000), QUIET);
    assert_int_equal(left_at_1000(2, "1>a 1<b 2>c 2<d 1>e 2>f", 1000), 0);
    assert_int_equal(left_at_1000(1, "1>a 1<b 2>c 2<d", 1000), QUIET);
}

static int refuse(void *context, const struct message *message)
{
    (void)message;
    return --*(int *)context < 0 ? -ENOSPC : 0;
}

static void hands_errors_on(void **state)
{
    struct end server = {.address = (char *)"/server"};
    struct message asks = {.conversation = 1, .self = &server, .peer = &server, .sent = true};
    struct message answers = asks;

    (void)state;
    answers.direction = RESPONSE;
    for (int before = 0; before < 2; before++) {
        int count = before;
        struct quota_options options = {1, QUIET, refuse, &count};
        struct quota *quota;

        assert_int_equal(quota_new(&quota, &options), 0);
        assert_int_equal(quota_add(quota, &asks, 1), 1);
        assert_int_equal(quota_add(quota, &answers, 1), -ENOSPC);
        quota_free(quota);
        count = 0;
        assert_int_equal(quota_new(&quota, &options), 0);
        assert_int_equal(quota_add(quota, &asks, 1), 1);
        assert_int_equal(quota_finish(quota), -ENOSPC);
        quota_free(quota);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lets_the_first_exchanges_pass),
        cmocka_unit_test(is_complete_after_a_quiet_time_or_the_next_request),
        cmocka_unit_test(hands_errors_on),
    };

    return cmocka_run_group_tests_name("quota", tests, NULL, NULL);
}
