/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Which conversations are kept, and that those are numbered without gaps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "capture/pattern.h"
#include "capture/selection.h"

/* A selection, and the patterns it has: those that are asked for, or with ! left out. */
struct chosen {
    struct patterns *patterns;
    struct selection *selection;
};

static struct selection *choose(struct chosen *chosen, const char *const *texts)
{
    char reason[PATTERN_REASON_SIZE];

    assert_int_equal(patterns_new(&chosen->patterns), 0);
    for (; *texts; texts++) {
        bool excludes = **texts == '!';

        assert_int_equal(patterns_add(chosen->patterns, *texts + excludes, excludes, reason), 0);
    }
    assert_int_equal(selection_new(&chosen->selection, chosen->patterns), 0);
    return chosen->selection;
}

#define CHOOSE(chosen, ...) choose(chosen, (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

static void chosen_free(struct chosen *chosen)
{
    selection_free(chosen->selection);
    patterns_free(chosen->patterns);
}

/* What becomes of a message of that conversation, with a server there: its new number, or 0. */
static int take(struct selection *selection, uint32_t conversation, const char *server,
                enum direction direction, bool sent)
{
    struct end client = {.address = (char *)"@client"}, other = {.address = (char *)server};
    bool by_client = (direction == REQUEST) == sent;
    struct message message = {
        .conversation = conversation,
        .family = AF_UNIX,
        .direction = direction,
        .sent = sent,
        .self = by_client ? &client : &other,
        .peer = by_client ? &other : &client,
    };
    int wanted = selection_take(selection, &message);

    assert_true(wanted == 0 || wanted == 1);
    return wanted ? (int)message.conversation : 0;
}

static void takes_all_without_a_pattern(void **state)
{
    struct chosen chosen;
    struct selection *selection;

    (void)state;
    selection = CHOOSE(&chosen);
    assert_int_equal(selection_count(selection), 0);
    for (int i = 1; i <= 5; i++) {
        assert_int_equal(take(selection, i, "", REQUEST, true), i);
        assert_int_equal(selection_count(selection), i);
    }
    assert_int_equal(take(selection, 2, "@any", RESPONSE, true), 2);
    assert_int_equal(selection_count(selection), 5);
    chosen_free(&chosen);
}

static void takes_those_with_the_server(void **state)
{
    struct chosen chosen;
    struct selection *selection;

    (void)state;
    selection = CHOOSE(&chosen, "@ser*");
    assert_int_equal(take(selection, 1, "@other", REQUEST, true), 0);
    assert_int_equal(take(selection, 2, "@server", REQUEST, true), 1);
    assert_int_equal(take(selection, 3, "", RESPONSE, true), 0);
    assert_int_equal(take(selection, 4, "@servant", RESPONSE, false), 2);
    assert_int_equal(take(selection, 5, "@server", REQUEST, false), 3);
    assert_int_equal(selection_count(selection), 3);
    /* And so they stay, in whatever order they go on. */
    assert_int_equal(take(selection, 5, "@server", RESPONSE, true), 3);
    assert_int_equal(take(selection, 1, "@other", RESPONSE, true), 0);
    assert_int_equal(take(selection, 2, "@server", RESPONSE, true), 1);
    assert_int_equal(selection_count(selection), 3);
    chosen_free(&chosen);
}

/* It is the server's address that counts; the client's may match as it likes. */
static void looks_at_the_server_alone(void **state)
{
    struct chosen chosen;
    struct selection *selection;

    (void)state;
    selection = CHOOSE(&chosen, "@client");
    assert_int_equal(take(selection, 1, "@server", REQUEST, true), 0);
    assert_int_equal(take(selection, 2, "@server", RESPONSE, true), 0);
    assert_int_equal(take(selection, 3, "@server", REQUEST, false), 0);
    assert_int_equal(take(selection, 4, "@server", RESPONSE, false), 0);
    assert_int_equal(take(selection, 5, "@client", REQUEST, true), 1);
    chosen_free(&chosen);
}

/* What is left out is so whichever end it is. */
static void leaves_out_either_end(void **state)
{
    struct chosen chosen;
    struct selection *selection;

    (void)state;
    selection = CHOOSE(&chosen, "!@server");
    assert_int_equal(take(selection, 1, "@server", REQUEST, true), 0);
    assert_int_equal(take(selection, 2, "@other", REQUEST, true), 1);
    chosen_free(&chosen);
    selection = CHOOSE(&chosen, "@*", "!@server", "!@cli*");
    assert_int_equal(take(selection, 1, "@server", REQUEST, true), 0);
    assert_int_equal(take(selection, 2, "@other", RESPONSE, true), 0);
    chosen_free(&chosen);
}

/* Decided once: an address that becomes known later changes nothing. */
static void decides_at_the_first_message(void **state)
{
    struct chosen chosen;
    struct selection *selection;

    (void)state;
    selection = CHOOSE(&chosen, "@server");
    assert_int_equal(take(selection, 1, "", REQUEST, true), 0);
    assert_int_equal(take(selection, 1, "@server", REQUEST, true), 0);
    assert_int_equal(take(selection, 2, "@server", REQUEST, true), 1);
    assert_int_equal(take(selection, 2, "", REQUEST, true), 1);
    chosen_free(&chosen);
}

static void keeps_many_apart(void **state)
{
    enum { MANY = 5000 };
    struct chosen chosen;
    struct selection *selection;

    (void)state;
    selection = CHOOSE(&chosen, "@server");
    for (int i = 1; i <= MANY; i++)
        assert_int_equal(take(selection, i, i % 3 ? "@other" : "@server", REQUEST, true),
                         i % 3 ? 0 : i / 3);
    for (int i = MANY; i >= 1; i--)
        assert_int_equal(take(selection, i, "", RESPONSE, true), i % 3 ? 0 : i / 3);
    assert_int_equal(selection_count(selection), MANY / 3);
    chosen_free(&chosen);
    selection_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_all_without_a_pattern),
        cmocka_unit_test(takes_those_with_the_server),
        cmocka_unit_test(looks_at_the_server_alone),
        cmocka_unit_test(leaves_out_either_end),
        cmocka_unit_test(decides_at_the_first_message),
        cmocka_unit_test(keeps_many_apart),
    };

    return cmocka_run_group_tests_name("selection", tests, NULL, NULL);
}
