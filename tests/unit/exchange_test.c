/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Messages in, exchanges out; whole conversations are cases below tests/unit/conversations. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "capture/exchange.h"

static struct end client = {.address = (char *)"", .inode = 1, .pid = 10, .comm = "client"};
static struct end server = {.address = (char *)"/s", .inode = 2, .pid = 20, .comm = "server"};

static struct message message_of(int type, enum direction direction, const char *data)
{
    return (struct message){
        .conversation = 1,
        .direction = direction,
        .family = AF_UNIX,
        .type = type,
        .sent = direction == REQUEST,
        .self = &client,
        .peer = &server,
        .data = (const uint8_t *)data,
        .length = strlen(data),
    };
}

/*
 * Adds the messages that script spells: a word each, that begins with > (a request) or < (a
 * response), with !N (messages lost before it) and +N (bytes missing after it) at its end.
 */
static void add_script(struct table *table, int type, const char *script)
{
    char *copy = strdup(script), *rest = copy, *word;

    assert_non_null(copy);
    while ((word = strsep(&rest, " "))) {
        struct message message;
        size_t lost = 0, missing = 0;

        if (!*word)
            continue;
        if (strchr(word, '!'))
            lost = strtoull(strchr(word, '!') + 1, NULL, 10);
        if (strchr(word, '+'))
            missing = strtoull(strchr(word, '+') + 1, NULL, 10);
        word[strcspn(word, "!+")] = '\0';
        message = message_of(type, *word == '>' ? REQUEST : RESPONSE, word + 1);
        message.lost = lost;
        message.missing = missing;
        assert_int_equal(table_add(table, &message), 0);
    }
    free(copy);
}

static void print_side(FILE *out, const struct side *side)
{
    if (side->lost)
        fprintf(out, "!%zu ", side->lost);
    fputc('(', out);
    for (size_t i = 0; i < side->count; i++) {
        fprintf(out, "%s%.*s", i ? "," : "", (int)side->messages[i].length,
                side->messages[i].length ? (const char *)side->messages[i].data : "");
        if (side->messages[i].missing)
            fprintf(out, "+%zu", side->messages[i].missing);
    }
    fprintf(out, "|%zu)", side->count);
}

static char *print_exchanges(const struct conversation_table *conversation)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    for (size_t i = 0; i < conversation->count; i++) {
        fputs(i ? " " : "", out);
        print_side(out, &conversation->exchanges[i].request);
        fputs("=>", out);
        print_side(out, &conversation->exchanges[i].response);
    }
    fclose(out);
    return text;
}

/* An exchange is (requests|how many)=>(responses|how many). */
static void pairs_messages(void **state)
{
    static const struct {
        int type;
        const char *messages;
        const char *exchanges;
    } cases[] = {
        {SOCK_DGRAM, ">a <b", "(a|1)=>(b|1)"},
        {SOCK_DGRAM, ">a <b >c <d", "(a|1)=>(b|1) (c|1)=>(d|1)"},
        {SOCK_DGRAM, ">a <b <c >d <e", "(a|1)=>(b,c|2) (d|1)=>(e|1)"},
        {SOCK_DGRAM, ">a >b <c", "(a,b|2)=>(c|1)"},
        {SOCK_DGRAM, ">a", "(a|1)=>(|0)"},
        {SOCK_DGRAM, ">a <b >c", "(a|1)=>(b|1) (c|1)=>(|0)"},
        {SOCK_DGRAM, "<a", "(|0)=>(a|1)"},
        {SOCK_DGRAM, "<a <b >c <d", "(|0)=>(a,b|2) (c|1)=>(d|1)"},
        /* An empty message is a message. */
        {SOCK_DGRAM, "> <", "(|1)=>(|1)"},
        {SOCK_DGRAM, "> <b >c <", "(|1)=>(b|1) (c|1)=>(|1)"},
        {SOCK_DGRAM, ">a < >b", "(a|1)=>(|1) (b|1)=>(|0)"},
        {SOCK_SEQPACKET, ">a >b <c <d", "(a,b|2)=>(c,d|2)"},
        {SOCK_STREAM, ">a >b <c <d >e", "(ab|1)=>(cd|1) (e|1)=>(|0)"},
        {SOCK_STREAM, "<hello >a <b", "(|0)=>(hello|1) (a|1)=>(b|1)"},
        /* What comes after a gap is not what comes next. */
        {SOCK_STREAM, ">a+5 >b >c <d", "(a+5,bc|2)=>(d|1)"},
        {SOCK_STREAM, ">a >b+1 >c+2 >d <e", "(ab+1,c+2,d|3)=>(e|1)"},
        {SOCK_STREAM, ">a >b!3 >c <d", "!3 (a,bc|2)=>(d|1)"},
        {SOCK_STREAM, ">a!2 >b <c!1 <d", "!2 (ab|1)=>!1 (cd|1)"},
        {SOCK_DGRAM, ">a!2 >b!3+4 <c", "!5 (a,b+4|2)=>(c|1)"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct table *table;
        char *text;

        assert_int_equal(table_new(&table), 0);
        add_script(table, cases[i].type, cases[i].messages);
        assert_int_equal(table->count, 1);
        text = print_exchanges(&table->conversations[0]);
        assert_string_equal(text, cases[i].exchanges);
        assert_int_equal(table_exchanges(table), table->conversations[0].count);
        free(text);
        table_free(table);
    }
}

static void tells_incomplete_sides(void **state)
{
    struct table *table;
    struct exchange *exchanges;

    (void)state;
    assert_int_equal(table_new(&table), 0);
    add_script(table, SOCK_DGRAM, ">a <b >c!1 <d >e <f >g+1 <h >i <j!1 >k <l <m+7");
    exchanges = table->conversations[0].exchanges;
    assert_int_equal(table->conversations[0].count, 6);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(side_incomplete(&exchanges[i].request), i == 1 || i == 3);
        assert_int_equal(side_incomplete(&exchanges[i].response), i == 4 || i == 5);
    }
    table_free(table);
}

/* Descriptors stay with the byte of a stream that they came with, and with their datagram. */
static void keeps_ancillary_data_in_place(void **state)
{
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM};
    struct ancillary *ancillary = NULL;
    struct control control;

    (void)state;
    assert_true(control_init(&control, SOL_SOCKET, SCM_RIGHTS, 2 * sizeof(int)));
    assert_int_equal(ancillary_add(&ancillary, &control), 0);
    for (int i = 0; i < 2; i++) {
        bool stream = types[i] == SOCK_STREAM;
        struct message message = message_of(types[i], REQUEST, "plain");
        struct table *table;
        struct side *side;

        ancillary->cut = false;
        assert_int_equal(table_new(&table), 0);
        assert_int_equal(table_add(table, &message), 0);
        message.ancillary = ancillary;
        assert_int_equal(table_add(table, &message), 0);
        side = &table->conversations[0].exchanges[0].request;
        assert_false(side_incomplete(side));
        ancillary->cut = true; /* it is a copy that is kept */
        assert_false(side_incomplete(side));
        assert_int_equal(table_add(table, &message), 0);
        side = &table->conversations[0].exchanges[0].request;
        assert_true(side_incomplete(side));
        assert_int_equal(side->count, stream ? 1 : 3);
        for (size_t j = 1; j < 3; j++) {
            const struct said *said = &side->messages[stream ? 0 : j];
            const struct carried *carried = &said->carried[stream ? j - 1 : 0];

            assert_int_equal(said->carried_count, stream ? 2 : 1);
            assert_int_equal(carried->offset, stream ? 5 * j : 0);
            assert_int_equal(carried->ancillary->count, 1);
            assert_int_equal(carried->ancillary->controls[0].descriptors.count, 2);
        }
        table_free(table);
    }
    free(ancillary);
}

static void refuses_to_skip_numbers(void **state)
{
    static const uint32_t wrong[] = {0, 2, 3, UINT32_MAX};
    struct message message = message_of(SOCK_DGRAM, REQUEST, "a");
    struct table *table;

    (void)state;
    assert_int_equal(table_new(&table), 0);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        message.conversation = wrong[i];
        assert_int_equal(table_add(table, &message), -EINVAL);
        assert_int_equal(table->count, 0);
    }
    for (uint32_t i = 1; i <= 3; i++) {
        message.conversation = i;
        assert_int_equal(table_add(table, &message), 0);
    }
    message.conversation = 5;
    assert_int_equal(table_add(table, &message), -EINVAL);
    assert_int_equal(table->count, 3);
    table_free(table);
}

static void learns_of_the_ends(void **state)
{
    struct end nobody = {.address = (char *)""};
    struct end late = {.address = (char *)"@late", .inode = 7, .pid = 70, .comm = "late"};
    struct end other = {.address = (char *)"@other", .inode = 8, .pid = 80, .comm = "other"};
    struct message message = message_of(SOCK_SEQPACKET, REQUEST, "a");
    struct conversation_table *conversation;
    struct table *table;

    (void)state;
    assert_int_equal(table_new(&table), 0);
    message.family = AF_INET6;
    message.self = &nobody;
    assert_int_equal(table_add(table, &message), 0);
    conversation = &table->conversations[0];
    assert_int_equal(conversation->family, AF_INET6);
    assert_int_equal(conversation->type, SOCK_SEQPACKET);
    assert_string_equal(conversation->client.address, "");
    assert_int_equal(conversation->client.inode, 0);
    assert_string_equal(conversation->server.address, "/s");
    assert_int_equal(conversation->server.pid, 20);
    message.self = &late;
    assert_int_equal(table_add(table, &message), 0);
    message.self = &other; /* what is known stays */
    assert_int_equal(table_add(table, &message), 0);
    assert_string_equal(conversation->client.address, "@late");
    assert_int_equal(conversation->client.inode, 7);
    assert_int_equal(conversation->client.pid, 70);
    assert_string_equal(conversation->client.comm, "late");
    table_free(table);
}

/* Which end is which follows from the direction, and from where it was captured. */
static void tells_client_from_server(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct message message = message_of(SOCK_DGRAM, i & 1 ? RESPONSE : REQUEST, "a");
        bool by_client;
        struct table *table;

        message.sent = i & 2;
        by_client = (message.direction == REQUEST) == message.sent;
        message.self = by_client ? &client : &server;
        message.peer = by_client ? &server : &client;
        assert_ptr_equal(message_client(&message), &client);
        assert_ptr_equal(message_server(&message), &server);
        assert_int_equal(table_new(&table), 0);
        assert_int_equal(table_add(table, &message), 0);
        assert_int_equal(table->conversations[0].client.inode, 1);
        assert_int_equal(table->conversations[0].server.inode, 2);
        table_free(table);
    }
}

/* Many of everything: what is kept grows, and is a copy. */
static void grows(void **state)
{
    enum { CONVERSATIONS = 300, MESSAGES = 200, SIDE = 70 };
    uint8_t data[SIDE];
    struct table *table;

    (void)state;
    assert_int_equal(table_new(&table), 0);
    for (uint32_t i = 0; i < MESSAGES; i++) {
        for (uint32_t j = 0; j < CONVERSATIONS; j++) {
            struct message message = message_of(SOCK_STREAM, i % 2 ? RESPONSE : REQUEST, "");

            memset(data, (int)(i ^ j), sizeof(data));
            message.conversation = j + 1;
            message.data = data;
            message.length = (i + j) % (SIDE + 1);
            assert_int_equal(table_add(table, &message), 0);
        }
    }
    memset(data, 0, sizeof(data));
    assert_int_equal(table->count, CONVERSATIONS);
    assert_int_equal(table_exchanges(table), CONVERSATIONS * MESSAGES / 2);
    for (uint32_t i = 0; i < MESSAGES; i++) {
        for (uint32_t j = 0; j < CONVERSATIONS; j++) {
            const struct exchange *exchange = &table->conversations[j].exchanges[i / 2];
            const struct side *side = i % 2 ? &exchange->response : &exchange->request;

            assert_int_equal(side->count, 1);
            assert_int_equal(side->messages[0].length, (i + j) % (SIDE + 1));
            for (size_t k = 0; k < side->messages[0].length; k++)
                assert_true(side->messages[0].data[k] == (uint8_t)(i ^ j));
        }
    }
    table_free(table);
}

/* A stream said in many pieces is one run, however they were cut; a datagram never is. */
static void joins_streams_alone(void **state)
{
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    uint8_t all[10000];

    (void)state;
    for (size_t i = 0; i < sizeof(all); i++)
        all[i] = (uint8_t)(i * 7 + i / 256);
    for (int i = 0; i < 3; i++) {
        struct message message = message_of(types[i], REQUEST, "");
        struct table *table;
        struct side *side;
        size_t count = 0;

        assert_int_equal(table_new(&table), 0);
        for (size_t at = 0; at < sizeof(all); at += message.length, count++) {
            message.data = all + at;
            message.length = 1 + (at * 31) % 97;
            if (message.length > sizeof(all) - at)
                message.length = sizeof(all) - at;
            assert_int_equal(table_add(table, &message), 0);
        }
        side = &table->conversations[0].exchanges[0].request;
        assert_int_equal(table_exchanges(table), 1);
        assert_int_equal(side->count, types[i] == SOCK_STREAM ? 1 : count);
        if (types[i] == SOCK_STREAM) {
            assert_int_equal(side->messages[0].length, sizeof(all));
            assert_memory_equal(side->messages[0].data, all, sizeof(all));
        }
        table_free(table);
    }
}

static void empty_is_empty(void **state)
{
    struct table *table;

    (void)state;
    assert_int_equal(table_new(&table), 0);
    assert_int_equal(table_exchanges(table), 0);
    table_free(table);
    table_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_messages),
        cmocka_unit_test(tells_incomplete_sides),
        cmocka_unit_test(refuses_to_skip_numbers),
        cmocka_unit_test(learns_of_the_ends),
        cmocka_unit_test(tells_client_from_server),
        cmocka_unit_test(grows),
        cmocka_unit_test(keeps_ancillary_data_in_place),
        cmocka_unit_test(joins_streams_alone),
        cmocka_unit_test(empty_is_empty),
    };

    return cmocka_run_group_tests_name("exchange", tests, NULL, NULL);
}
