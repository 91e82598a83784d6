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

enum {
    PARTS = 8,
    EXCHANGES = 12,
    RUNS = 5,
    CONVERSATIONS = 200,
    MESSAGE_MAX = 1024,
};

static uint64_t state;

static uint64_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state * 0x2545f4914f6cdd1du;
}

static size_t below(size_t end)
{
    return (size_t)(next_random() >> 33) % end;
}

enum part_kind {
    CONSTANT, /* bytes */
    WORDS,    /* text */
    RANDOM,   /* another number each time */
    COUNTER,
    SECONDS,
    NANOSECONDS,
    DECIMAL, /* a number in text, of one to six digits */
    HEXADECIMAL,
    ECHO, /* of the request's first random part */
    PART_KINDS
};

struct part {
    enum part_kind kind;
    size_t size;
    bool little;
    uint64_t seed;
};

struct shape {
    struct part parts[2][PARTS]; /* of request and response */
    size_t counts[2];
    unsigned number;
};

/* A message, and for each byte whether it is volatile. */
struct built {
    uint8_t data[MESSAGE_MAX];
    bool truth[MESSAGE_MAX];
    size_t length;
};

static uint64_t run_time(size_t run)
{
    return 1732397654123456789u + run * 1234567891u;
}

static void put(struct built *built, const void *data, size_t length, bool is_volatile)
{
    memcpy(built->data + built->length, data, length);
    memset(built->truth + built->length, is_volatile, length);
    built->length += length;
}

/* A number; of the bytes that are the same in every run, none is volatile. */
static void put_number(struct built *built, const struct part *part, uint64_t number,
                       const uint64_t *in_runs, size_t runs)
{
    for (size_t i = 0; i < part->size; i++) {
        size_t shift = 8 * (part->little ? i : part->size - 1 - i);
        uint8_t byte = (uint8_t)(number >> shift);
        bool differs = in_runs == NULL;

        for (size_t run = 0; in_runs && run < runs; run++)
            differs = differs || (uint8_t)(in_runs[run] >> shift) != (uint8_t)(in_runs[0] >> shift);
        put(built, &byte, 1, differs);
    }
}

static void put_random(struct built *built, size_t size, const char *alphabet)
{
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = (uint8_t)next_random();

        if (alphabet)
            byte = (uint8_t)alphabet[byte % strlen(alphabet)];
        put(built, &byte, 1, true);
    }
}

static void put_fixed(struct built *built, const struct part *part, bool text)
{
    uint64_t seed = part->seed;

    for (size_t i = 0; i < part->size; i++) {
        uint8_t byte;

        seed = seed * 6364136223846793005u + 1442695040888963407u;
        byte = (uint8_t)(seed >> 56);
        /* Protocols are full of zeros. */
        byte = text ? (uint8_t)("etaoin shrdlu:=,\n"[byte % 17]) : byte & 1 ? 0 : byte;
        put(built, &byte, 1, false);
    }
}

static void put_part(struct built *built, const struct part *part, size_t run, size_t runs,
                     const struct built *request, const size_t *source)
{
    uint64_t counts[RUNS];
    char text[24];

    for (size_t i = 0; i < runs; i++)
        counts[i] = (part->seed & 0xffff) + i * (1 + part->seed % 3);
    switch (part->kind) {
    case CONSTANT:
    case WORDS:
        put_fixed(built, part, part->kind == WORDS);
        break;
    case RANDOM:
        put_random(built, part->size, NULL);
        break;
    case COUNTER:
        put_number(built, part, counts[run], counts, runs);
        break;
    case SECONDS:
        put_number(built, part, run_time(run) / 1000000000, NULL, 0);
        break;
    case NANOSECONDS:
        put_number(built, part, run_time(run), NULL, 0);
        break;
    case DECIMAL:
        put(built, "n=", 2, false);
        snprintf(text, sizeof(text), "%zu", below((size_t)1 << (1 + below(20))));
        put(built, text, strlen(text), true);
        put(built, "; ", 2, false);
        break;
    case HEXADECIMAL:
        put(built, "id:", 3, false);
        put_random(built, part->size * 2, "0123456789abcdef");
        put(built, "\n", 1, false);
        break;
    case ECHO:
        if (source[1])
            put(built, request->data + source[0], source[1], true);
        break;
    case PART_KINDS:
        break;
    }
}

static void build(const struct shape *shape, enum direction direction, size_t run, size_t runs,
                  const struct built *request, size_t source[2], struct built *out)
{
    out->length = 0;
    for (size_t i = 0; i < shape->counts[direction]; i++) {
        const struct part *part = &shape->parts[direction][i];
        size_t from = out->length;

        put_part(out, part, run, runs, request, source);
        if (direction == REQUEST && part->kind == RANDOM && !source[1]) {
            source[0] = from;
            source[1] = part->size;
        }
    }
}

static void make_shape(struct shape *shape, unsigned number)
{
    static const size_t sizes[] = {1, 2, 4, 8};

    shape->number = number;
    for (int direction = 0; direction < 2; direction++) {
        shape->counts[direction] = 2 + below(PARTS - 1);
        for (size_t i = 0; i < shape->counts[direction]; i++) {
            struct part *part = &shape->parts[direction][i];

            part->kind = below(direction == REQUEST ? ECHO : PART_KINDS);
            if (i % 2 == 0) /* two numbers side by side are one, for who does not know */
                part->kind = below(2) ? CONSTANT : WORDS;
            part->seed = next_random();
            part->little = part->seed >> 63;
            part->size = part->kind <= WORDS ? 4 * (1 + below(12)) : sizes[below(4)];
            if (part->kind == RANDOM)
                part->size = part->size < 4 ? 4 : part->size;
            if (part->kind == SECONDS)
                part->size = 4;
            if (part->kind == NANOSECONDS)
                part->size = 8;
        }
        shape->parts[direction][0].size += 4;
    }
}

struct conversation {
    struct shape shapes[EXCHANGES + 1];
    size_t count;
    size_t vanishes; /* from the runs after the first; EXCHANGES when none does */
    size_t added;    /* in front of that one, in the runs after the first; the same */
};

static struct end client = {.address = (char *)"", .inode = 1, .pid = 10, .comm = "client"};
static struct end server = {.address = (char *)"/s", .inode = 2, .pid = 20, .comm = "server"};

static void say(struct table *table, enum direction direction, const struct built *built)
{
    struct message message = {
        .conversation = 1,
        .direction = direction,
        .family = AF_UNIX,
        .type = SOCK_DGRAM,
        .sent = direction == REQUEST,
        .self = &client,
        .peer = &server,
        .data = built->data,
        .length = built->length,
    };

    assert_int_equal(table_add(table, &message), 0);
}

/* Adds an exchange; the truth is that of the first run's messages. */
static void add_exchange(struct table *table, const struct shape *shape, size_t run, size_t runs,
                         struct built truth[2])
{
    size_t source[2] = {0};

    build(shape, REQUEST, run, runs, NULL, source, &truth[0]);
    build(shape, RESPONSE, run, runs, &truth[0], source, &truth[1]);
    say(table, REQUEST, &truth[0]);
    say(table, RESPONSE, &truth[1]);
}

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

static void make_conversation(struct conversation *conversation)
{
    conversation->count = 1 + below(EXCHANGES);
    conversation->vanishes = below(3) ? EXCHANGES : below(conversation->count);
    conversation->added = below(3) ? EXCHANGES : below(conversation->count);
    for (unsigned i = 0; i <= conversation->count; i++)
        make_shape(&conversation->shapes[i], i);
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

    client.pid = 4711 + 13 * (uint32_t)run * (uint32_t)run;
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
        {{{"n \xfe\x01", "x"}, {"n \x01\x02", "x"}, {"n \x04\x02", "x"}},
         "request[2:4] counts by 3 (little-endian)\n"},
        {{{"pid 4711", "x"}, {"pid 4724", "x"}, {"pid 4763", "x"}},
         "request[4:8] is the client's pid (as text)\n"},
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
        {{{"get", "list: a, b."}, {"get", "list: a, bcd, e."}, {"get", "list: a."}},
         "response[7:10] varies in length\n"},
        {{{"get", ""}, {"get", "something"}, {"get", ""}}, "response[0:0] varies in length\n"},
        {{{"id: 3fa97bd2", "x"}, {"id: 90a42e71", "x"}, {"id: c2b8155f", "x"}},
         "request[4:12] varies\n"},
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
