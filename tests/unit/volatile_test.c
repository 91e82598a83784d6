/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Random conversations of which it is known what is volatile: what is found is compared with the
 * truth, byte by byte, and precision and recall are printed. The seeds are fixed.
 */
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

#include "capture/blocks.h"
#include "capture/volatile.h"
#include "tests/unit/random_talk.h"

enum { CONVERSATIONS = 200 };

struct score {
    size_t right, wrong, overlooked; /* bytes */
    size_t stable;
    size_t misaligned; /* conversations in which the exchanges were told wrongly */
};

static void judge(const struct said *said, const struct built *truth, struct score *score)
{
    assert_int_equal(said->length, truth->length);
    for (size_t i = 0; i < said->length; i++) {
        bool found = ranges_find(&said->ranges, i) != NULL;

        score->right += found && truth->truth[i];
        score->wrong += found && !truth->truth[i];
        score->overlooked += !found && truth->truth[i];
        score->stable += !found && !truth->truth[i];
    }
}

static void judge_conversation(size_t runs, struct score *score)
{
    static struct built truth[EXCHANGES][2], other[2];
    struct volatile_run volatile_runs[RUNS];
    struct volatile_report report;
    struct conversation conversation;
    bool vanishes, adds;

    make_conversation(&conversation);
    vanishes = conversation.vanishes < conversation.count;
    adds = conversation.added < conversation.count;
    for (size_t run = 0; run < runs; run++) {
        struct table *table;

        assert_int_equal(table_new(&table), 0);
        volatile_runs[run] = (struct volatile_run){table, run_time(run)};
        for (size_t i = 0; i < conversation.count; i++) {
            if (run && i == conversation.added)
                add_exchange(table, &conversation.shapes[conversation.count], run, runs, other);
            if (!run || i != conversation.vanishes)
                add_exchange(table, &conversation.shapes[i], run, runs, run ? other : truth[i]);
        }
    }
    assert_int_equal(volatile_find(volatile_runs, runs, &report), 0);
    if (report.sometimes != vanishes || report.elsewhere != (adds ? runs - 1 : 0))
        score->misaligned++;
    for (size_t i = 0; i < conversation.count; i++) {
        const struct exchange *exchange = &volatile_runs[0].table->conversations[0].exchanges[i];

        if (i == conversation.vanishes)
            continue; /* what is said once differs from nothing */
        judge(&exchange->request.messages[0], &truth[i][0], score);
        judge(&exchange->response.messages[0], &truth[i][1], score);
    }
    for (size_t run = 0; run < runs; run++)
        table_free(volatile_runs[run].table);
}

static void finds_what_is_volatile(void **test)
{
    static const struct {
        size_t runs;
        double precision, recall; /* floors */
    } cases[] = {{2, 0.98, 0.99}, {3, 0.98, 0.999}, {5, 0.975, 0.999}};

    (void)test;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct score score = {0};
        double precision, recall;

        state = 0x9e3779b97f4a7c15u + i;
        for (size_t j = 0; j < CONVERSATIONS; j++)
            judge_conversation(cases[i].runs, &score);
        precision = (double)score.right / (double)(score.right + score.wrong);
        recall = (double)score.right / (double)(score.right + score.overlooked);
        printf("# %zu runs: precision %.4f, recall %.4f; of %zu stable bytes %zu taken for "
               "volatile; %zu of %d conversations misaligned\n",
               cases[i].runs, precision, recall, score.stable + score.wrong, score.wrong,
               score.misaligned, CONVERSATIONS);
        assert_true(precision >= cases[i].precision);
        assert_true(recall >= cases[i].recall);
    }
}

/* What is found in a conversation of one exchange, in words: a line for each range. */

#define TIMES 3

static void add_words(struct table *table, size_t run, const char *request, const char *response)
{
    struct built built = {0};

    client.pid = 70247 + 13 * (uint32_t)run * (uint32_t)run;
    built.length = strlen(request);
    memcpy(built.data, request, built.length);
    say(table, REQUEST, &built);
    built.length = strlen(response);
    memcpy(built.data, response, built.length);
    say(table, RESPONSE, &built);
}

static void print_ranges(FILE *out, const struct side *side, const char *name)
{
    char text[RANGE_TEXT_SIZE];

    for (size_t i = 0; i < side->messages[0].ranges.count; i++) {
        range_text(&side->messages[0].ranges.items[i], name, text);
        fprintf(out, "%s\n", text);
    }
}

static void tells_what_it_is(void **test)
{
    static const struct {
        const char *said[TIMES][2];
        const char *expected;
    } cases[] = {
        {{{"same", "same"}, {"same", "same"}, {"same", "same"}}, ""},
        {{{"seq=\x11\x22\x33\x44;", "ok \x11\x22\x33\x44"},
          {"seq=\xa1\xa2\xa3\xa4;", "ok \xa1\xa2\xa3\xa4"},
          {"seq=\x01\x92\x23\x74;", "ok \x01\x92\x23\x74"}},
         "request[4:8] varies\nresponse[3:7] echoes request[4:8]\n"},
        {{{"id 9 end", "9"}, {"id 10 end", "10"}, {"id 11 end", "11"}},
         "request[3:4] counts by 1 (as text)\nresponse[0:1] echoes request[3:4]\n"},
        {{{"n \x01\xfe", "x"}, {"n \x01\xff", "x"}, {"n \x02\x01", "x"}}, "request[2:4] varies\n"},
        {{{"n \x01\xfe", "x"}, {"n \x02\x01", "x"}, {"n \x02\x04", "x"}},
         "request[2:4] counts by 3 (big-endian)\n"},
        {{{"n \x01\x01", "x"}, {"n \x02\x01", "x"}, {"n \x03\x01", "x"}},
         "request[2:3] counts by 1 (one byte)\n"},
        {{{"n \x01\x01", "x"}, {"n \x21\x01", "x"}, {"n \x41\x01", "x"}}, "request[2:3] varies\n"},
        {{{"n \xfe\x01", "x"}, {"n \x01\x02", "x"}, {"n \x04\x02", "x"}},
         "request[2:4] counts by 3 (little-endian)\n"},
        {{{"pid 70247", "x"}, {"pid 70260", "x"}, {"pid 70299", "x"}},
         "request[4:9] is the client's pid (as text)\n"},
        {{{"p\x12\x67p", "x"}, {"p\x12\x74p", "x"}, {"p\x12\x9bp", "x"}},
         "request[1:3] is the client's pid (big-endian)\n"},
        {{{"at 1732397654 s", "x"}, {"at 1732397655 s", "x"}, {"at 1732397656 s", "x"}},
         "request[3:13] is the time (seconds, as text)\n"},
        {{{"2024-11-23T21:34:14Z", "x"},
          {"2024-11-23T21:34:15Z", "x"},
          {"2024-11-23T21:34:16Z", "x"}},
         "request[0:19] is the time (a date, as text)\n"},
        {{{"Date: Sat, 23 Nov 2024 21:34:14 GMT", "x"},
          {"Date: Sat, 23 Nov 2024 21:34:15 GMT", "x"},
          {"Date: Sat, 23 Nov 2024 21:34:16 GMT", "x"}},
         "request[6:31] is the time (a date, as text)\n"},
        {{{"\x67\x42\x4a\x96 s", "x"}, {"\x67\x42\x4a\x97 s", "x"}, {"\x67\x42\x4a\x98 s", "x"}},
         "request[0:4] is the time (seconds, big-endian)\n"},
        /* Of a clock no byte is the same while the one above it differs. */
        {{{"\xd1\x07\x9e\x01\x11\xb6\x0a\x18", "x"},
          {"\x28\xf4\x6b\x01\x12\xb6\x0a\x18", "x"},
          {"\x7a\x50\xe5\x01\x13\xb6\x0a\x18", "x"}},
         "request[0:3] varies\nrequest[4:5] counts by 1 (one byte)\n"},
        {{{"get", "list: a, b."}, {"get", "list: a, bcd, e."}, {"get", "list: a."}},
         "response[7:10] varies in length\n"},
        {{{"get", ""}, {"get", "something"}, {"get", ""}}, "response[0:0] varies in length\n"},
        {{{"n 1;", "x"}, {"n 9223372036854775809;", "x"}, {"n 1;", "x"}}, /* half of 2^64 apart */
         "request[2:3] varies in length\n"},
        {{{"id: 3fa97bd2", "x"}, {"id: 90a42e71", "x"}, {"id: c2b8155f", "x"}},
         "request[4:12] varies\n"},
        {{{"3fa97bd0", "e3fa97bd1, x"}, {"30a42e70", "e90a42e71, x"}, {"3cb81550", "ecbb85521, x"}},
         "request[0:8] varies\nresponse[0:9] varies\n"},
        {{{"id 3fa97bd2-1c4e-4e71-82b8-155f9a0c7d21.", "x"},
          {"id 312d0f4a-97b1-40c6-b56a-e0847bd1f901.", "x"},
          {"id 3b86e1cd-e25f-4a9d-971f-98cb03e74581.", "x"}},
         "request[3:39] varies\n"},
        {{{"id 3fa97bd0;", "x3fa97bd0"},
          {"id 30a42e70;", "x30a42e70"},
          {"id 3cb81550;", "x3cb81550"}},
         "request[3:11] varies\nresponse[1:9] echoes request[3:11]\n"},
        /* Letters before a decimal number are not random, nor is most of what hardly differs. */
        {{{"e1234567", "id 3fa97b02"}, {"e7654321", "id 3fa97b9e"}, {"e4136572", "id 3fa97bc7"}},
         "request[1:8] varies\nresponse[9:11] varies\n"},
        {{{"x3fa97bd2", "3fa97bd211"}, {"x30a42e71", "90a42e7121"}, {"x3cb8155f", "c2b8155f31"}},
         "request[2:9] varies\nresponse[0:10] varies\n"},
        /* Nor are two digits that are the same three times. */
        {{{"be3fa97bd2", "3fa97bd2ff"}, {"be90a42e71", "90a42e71ff"}, {"becb81550c", "cb81550cff"}},
         "request[2:10] varies\nresponse[0:8] echoes request[2:10]\n"},
        {{{"\xd1\x07\x9e\x42", "\x5c\xb3"},
          {"\x28\xf4\x6b\x93", "\x81\x1f"},
          {"\x7a\x50\xe5\x0c", "\xe6\x48"}},
         "request[0:4] varies\nresponse[0:2] varies\n"},
    };

    (void)test;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct volatile_run runs[TIMES];
        struct volatile_report report;
        struct exchange *exchange;
        char *text;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        for (size_t run = 0; run < TIMES; run++) {
            assert_int_equal(table_new(&runs[run].table), 0);
            runs[run].time = 1732397654123456789u + run * 1000000000;
            add_words(runs[run].table, run, cases[i].said[run][0], cases[i].said[run][1]);
        }
        assert_int_equal(volatile_find(runs, TIMES, &report), 0);
        exchange = &runs[0].table->conversations[0].exchanges[0];
        print_ranges(out, &exchange->request, "request");
        print_ranges(out, &exchange->response, "response");
        fclose(out);
        assert_string_equal(text, cases[i].expected);
        free(text);
        for (size_t run = 0; run < TIMES; run++)
            table_free(runs[run].table);
    }
}

/* Long messages, of which little and of which nothing is alike: what it costs has a bound. */
static void finds_in_long_messages(void **test)
{
    enum { LONG = 1 << 20 };
    static uint8_t data[2][LONG + 1];
    struct blocks blocks;

    (void)test;
    state = 1;
    for (size_t i = 0; i < LONG; i++)
        data[0][i] = data[1][i + (i >= LONG / 2)] = (uint8_t)next_random();
    data[1][LONG / 2] = 7;
    for (size_t i = 1000; i < 9000; i++)
        data[1][i] = (uint8_t)next_random();
    assert_int_equal(blocks_align(&blocks, data[0], LONG, data[1], LONG + 1), 0);
    assert_int_equal(blocks.count, 3);
    assert_int_equal(blocks_begin(&blocks, LONG - 1), LONG);
    blocks_free(&blocks);
    for (size_t i = 0; i < LONG; i++)
        data[1][i] = (uint8_t)next_random();
    assert_int_equal(blocks_align(&blocks, data[0], LONG, data[1], LONG + 1), 0);
    assert_true(blocks.coarse);
    blocks_free(&blocks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_is_volatile),
        cmocka_unit_test(tells_what_it_is),
        cmocka_unit_test(finds_in_long_messages),
    };

    return cmocka_run_group_tests_name("volatile", tests, NULL, NULL);
}
