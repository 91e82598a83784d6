/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Random conversations are said once more, with one change of which it is known where it is: what
 * is told to differ is compared with the truth, and precision and recall are printed. The seeds are
 * fixed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "capture/difference.h"
#include "capture/volatile.h"
#include "tests/unit/random_talk.h"

enum {
    GOLDEN_RUNS = 3,
    ALL_RUNS = GOLDEN_RUNS + 1,
    CONVERSATIONS = 300,
    INSERTED = 5, /* bytes */
};

enum change { NONE, ADDED, VANISHED, CHANGED, LONGER, SHORTER, CHANGES };

/* The one change of the last run: an exchange, and for what is in a message, a stable place in it.
 */
struct truth {
    enum change change;
    size_t exchange;
    enum direction direction;
    size_t offset;
};

struct score {
    size_t made, found, told; /* changes, those of them that were found, and what was told */
};

/* A place where so many bytes in a row are stable; false if there is none. */
static bool find_stable(const struct built *built, size_t length, size_t *out)
{
    for (size_t tries = 0; tries < 200 && built->length > length; tries++) {
        size_t offset = below(built->length - length), stable = 0;

        while (stable < length && !built->truth[offset + stable])
            stable++;
        if (stable < length)
            continue;
        *out = offset;
        return true;
    }
    return false;
}

/* Changes the message as the truth says, which then knows where; what has no place stays. */
static void change_message(struct built *built, struct truth *truth)
{
    uint8_t *place;
    size_t rest;

    if (!find_stable(built, truth->change == SHORTER ? INSERTED : 1, &truth->offset)) {
        truth->change = NONE;
        return;
    }
    place = built->data + truth->offset;
    rest = built->length - truth->offset;
    if (truth->change == CHANGED) {
        *place ^= 0x5a;
    } else if (truth->change == LONGER) {
        memmove(place + INSERTED, place, rest);
        memset(place, 0xa5, INSERTED);
        built->length += INSERTED;
    } else {
        memmove(place, place + INSERTED, rest - INSERTED);
        built->length -= INSERTED;
    }
}

static void say_changed(struct table *table, const struct shape *shape, struct truth *truth)
{
    static struct built said[2];
    size_t source[2] = {0};

    build(shape, REQUEST, GOLDEN_RUNS, ALL_RUNS, NULL, source, &said[REQUEST]);
    build(shape, RESPONSE, GOLDEN_RUNS, ALL_RUNS, &said[REQUEST], source, &said[RESPONSE]);
    change_message(&said[truth->direction], truth);
    say(table, REQUEST, &said[REQUEST]);
    say(table, RESPONSE, &said[RESPONSE]);
}

static struct table *say_run(const struct conversation *conversation, size_t run,
                             struct truth *truth)
{
    static struct built said[2];
    struct table *table;

    assert_int_equal(table_new(&table), 0);
    for (size_t i = 0; i < conversation->count; i++) {
        const bool here = truth && truth->exchange == i;

        if (here && truth->change == ADDED)
            add_exchange(table, &conversation->shapes[conversation->count], run, ALL_RUNS, said);
        if (here && truth->change >= CHANGED)
            say_changed(table, &conversation->shapes[i], truth);
        else if (!here || truth->change != VANISHED)
            add_exchange(table, &conversation->shapes[i], run, ALL_RUNS, said);
    }
    return table;
}

/* Of bytes that are alike, as zeros, nobody can tell which ones are gone. */
static bool has_spot(const struct difference *difference, size_t offset, size_t around)
{
    for (size_t i = 0; i < difference->spot_count; i++) {
        const struct block *spot = &difference->spots[i];

        if (offset + around >= spot->b && offset <= spot->b + spot->b_length + around)
            return true;
    }
    return false;
}

static bool is_right(const struct difference *difference, const struct truth *truth)
{
    const struct exchange_place *place =
        truth->change == ADDED ? &difference->now_place : &difference->old_place;

    if (place->exchange != truth->exchange)
        return false;
    switch (truth->change) {
    case ADDED:
        return difference->kind == DIFFERENCE_ADDED;
    case VANISHED:
        return difference->kind == DIFFERENCE_MISSING;
    case CHANGED:
    case LONGER:
    case SHORTER:
        return difference->kind == DIFFERENCE_BYTES && difference->direction == truth->direction &&
               has_spot(difference, truth->offset, truth->change == SHORTER ? 2 * INSERTED : 0);
    case NONE:
    case CHANGES:
        break;
    }
    return false;
}

static void judge(const struct table *old, const struct table *now, const struct truth *truth,
                  struct score *score)
{
    struct differences differences;
    struct alignment *alignment;
    size_t right = 0;

    assert_int_equal(alignment_new(&alignment, old, now), 0);
    assert_int_equal(differences_find(&differences, old, now, alignment, false), 0);
    for (size_t i = 0; i < differences.count; i++)
        right += is_right(&differences.items[i], truth);
    score->made += truth->change != NONE;
    score->found += right == 1;
    score->told += differences.count;
    differences_free(&differences);
    alignment_free(alignment);
}

/* Three runs say what is volatile; the fourth has one change more than that. */
static void judge_conversation(enum change change, struct score *score)
{
    struct volatile_run runs[GOLDEN_RUNS];
    struct volatile_report report;
    struct conversation conversation;
    struct truth truth = {.change = change};
    struct table *now;

    make_conversation(&conversation);
    conversation.count = conversation.count < 2 ? 2 : conversation.count;
    for (unsigned i = 0; i <= conversation.count; i++)
        make_shape(&conversation.shapes[i], i);
    truth.exchange = below(conversation.count);
    truth.direction = below(2) ? RESPONSE : REQUEST;
    for (size_t run = 0; run < GOLDEN_RUNS; run++)
        runs[run] = (struct volatile_run){say_run(&conversation, run, NULL), run_time(run)};
    now = say_run(&conversation, GOLDEN_RUNS, &truth);
    assert_int_equal(volatile_find(runs, GOLDEN_RUNS, &report), 0);
    judge(runs[0].table, now, &truth, score);
    table_free(now);
    for (size_t run = 0; run < GOLDEN_RUNS; run++)
        table_free(runs[run].table);
}

static void tells_what_has_changed(void **test)
{
    static const struct {
        const char *name;
        double precision, recall; /* floors */
    } cases[CHANGES] = {
        [NONE] = {"nothing changes", 0, 0},
        [ADDED] = {"an exchange is added", 0.92, 0.99},
        [VANISHED] = {"an exchange vanishes", 0.92, 0.99},
        [CHANGED] = {"a byte changes", 0.92, 0.95},
        [LONGER] = {"a message is longer", 0.92, 0.95},
        [SHORTER] = {"a message is shorter", 0.92, 0.95},
    };

    (void)test;
    for (enum change change = NONE; change < CHANGES; change++) {
        struct score score = {0};
        double precision, recall;

        state = 0x2545f4914f6cdd1du + change;
        for (size_t i = 0; i < CONVERSATIONS; i++)
            judge_conversation(change, &score);
        precision = score.told ? (double)score.found / (double)score.told : 1;
        recall = score.made ? (double)score.found / (double)score.made : 1;
        printf("# %s: %zu made, %zu found, %zu told", cases[change].name, score.made, score.found,
               score.told);
        if (change != NONE)
            printf("; precision %.4f, recall %.4f", precision, recall);
        putchar('\n');
        assert_true(precision >= cases[change].precision);
        assert_true(recall >= cases[change].recall);
        if (change == NONE) /* a byte can be the same in three runs by chance */
            assert_true(score.told <= CONVERSATIONS / 20);
    }
}

/* One request, of one message. */
static struct table *say_one(size_t missing, const struct ancillary *ancillary, bool sent)
{
    static char nameless[1];
    static const struct end end = {.address = nameless};
    const struct message message = {.conversation = 1,
                                    .family = AF_UNIX,
                                    .type = SOCK_STREAM,
                                    .sent = sent,
                                    .self = &end,
                                    .peer = &end,
                                    .data = (const uint8_t *)"abcd",
                                    .length = 4,
                                    .missing = missing,
                                    .ancillary = ancillary};
    struct table *table;

    assert_int_equal(table_new(&table), 0);
    assert_int_equal(table_add(table, &message), 0);
    assert_int_equal(table_finish(table), 0);
    return table;
}

/* Compares two of them, and frees them. Returns the kind of the one difference, or -1 for none. */
static int kind_of(struct table *old, struct table *now, bool bare)
{
    struct differences differences;
    struct alignment *alignment;
    int kind = -1;

    assert_int_equal(alignment_new(&alignment, old, now), 0);
    assert_int_equal(differences_find(&differences, old, now, alignment, bare), 0);
    assert_true(differences.count <= 1);
    if (differences.count)
        kind = (int)differences.items[0].kind;
    differences_free(&differences);
    alignment_free(alignment);
    table_free(old);
    table_free(now);
    return kind;
}

static void tells_lengths(void **test)
{
    (void)test;
    assert_int_equal(kind_of(say_one(6, NULL, true), say_one(600, NULL, true), false),
                     DIFFERENCE_LENGTH);
    assert_int_equal(kind_of(say_one(3, NULL, true), say_one(0, NULL, true), false),
                     DIFFERENCE_LENGTH);
    assert_int_equal(kind_of(say_one(3, NULL, true), say_one(3, NULL, true), false), -1);
}

/* Runs in which something else is cut each time say that it is not to be compared. */
static void knows_lengths_that_vary(void **test)
{
    struct volatile_run runs[] = {{.table = say_one(6, NULL, true)},
                                  {.table = say_one(600, NULL, true)}};
    struct volatile_report report;

    (void)test;
    assert_int_equal(volatile_find(runs, 2, &report), 0);
    table_free(runs[1].table);
    assert_int_equal(kind_of(runs[0].table, say_one(60, NULL, true), false), -1);
}

/* One request of text. */
static struct table *say_text(const char *text, const struct range *range)
{
    static struct built built;
    struct table *table;

    assert_int_equal(table_new(&table), 0);
    table->owns = true; /* the range */
    built.length = strlen(text);
    memcpy(built.data, text, built.length);
    say(table, REQUEST, &built);
    assert_int_equal(table_finish(table), 0);
    if (range)
        assert_int_equal(
            ranges_add(&table->conversations[0].exchanges[0].request.messages[0].ranges, *range),
            0);
    return table;
}

/* Where the range is known of before, and where it is only found now. */
static int kind_of_text(const char *old, const char *now, const struct range *range)
{
    const int kind = kind_of(say_text(old, range), say_text(now, NULL), false);

    assert_int_equal(kind_of(say_text(now, NULL), say_text(old, range), false), kind);
    return kind;
}

static void knows_numbers(void **test)
{
    static const struct range any = {.offset = 3, .length = 4},
                              counter = {3, 4, RANGE_COUNTER, FORM_TEXT, .step = 1},
                              date = {3, 24, RANGE_TIME, FORM_TEXT, .unit = "date"};
    static const struct range *const numbers[] = {&any, &counter};
    static const char *const same[] = {"up 5678 s", "up 7 s", "up 123456789 s", "up -3 s",
                                       "up 0.25 s"};
    static const char *const others[] = {"up ERROR: on fire s", "up  s",  "up ab345 s", "up 5. s",
                                         "up 1-2-3 s",          "up 99 S"};

    (void)test;
    for (size_t i = 0; i < 2; i++) {
        for (size_t j = 0; j < sizeof(same) / sizeof(*same); j++)
            assert_int_equal(kind_of_text("up 1234 s", same[j], numbers[i]), -1);
        for (size_t j = 0; j < sizeof(others) / sizeof(*others); j++)
            assert_int_equal(kind_of_text("up 1234 s", others[j], numbers[i]), DIFFERENCE_BYTES);
    }
    /* They may be hexadecimal, for all that is known; what counts is not. */
    assert_int_equal(kind_of_text("up 1234 s", "up 12ab s", &any), -1);
    assert_int_equal(kind_of_text("up 1234 s", "up 12ab s", &counter), DIFFERENCE_BYTES);
    assert_int_equal(
        kind_of_text("at Tue Nov 17 10:00:00 2026 s", "at Sun Dec  6 11:30:05 2026 s", &date), -1);
    assert_int_equal(
        kind_of_text("at Tue Nov 17 10:00:00 2026 s", "at what? there is no clock. s", &date),
        DIFFERENCE_BYTES);
}

/* A single byte that counts may run over into either of those beside it, but by little. */
static void knows_carries(void **test)
{
    static const struct range byte = {5, 1, RANGE_COUNTER, .step = 1};
    static const struct {
        const char *now;
        int kind;
    } cases[] = {
        {"up 1\x03\x01\x03 s", -1},
        {"up 1\x02\x01\x04 s", -1},
        {"up 1\x52\x01\x03 s", DIFFERENCE_BYTES},
        {"up 1\x02\x01\x54 s", DIFFERENCE_BYTES},
    };

    (void)test;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_int_equal(
            kind_of(say_text("up 1\x02\xff\x03 s", &byte), say_text(cases[i].now, NULL), false),
            cases[i].kind);
}

static struct ancillary *ancillary_of(const struct control *controls, size_t count)
{
    struct ancillary *ancillary = NULL;

    for (size_t i = 0; i < count; i++)
        assert_int_equal(ancillary_add(&ancillary, &controls[i]), 0);
    return ancillary;
}

static int kind_of_carried(const struct control *old, size_t old_count, const struct control *now,
                           size_t now_count, bool bare)
{
    struct ancillary *was = ancillary_of(old, old_count), *is = ancillary_of(now, now_count);
    int kind = kind_of(say_one(0, was, true), say_one(0, is, true), bare);

    free(was);
    free(is);
    return kind;
}

static void tells_what_is_carried(void **test)
{
    const struct control pipes = {.kind = CONTROL_DESCRIPTORS,
                                  .descriptors = {2, {KIND_PIPE, KIND_PIPE}}};
    const struct control pipe = {.kind = CONTROL_DESCRIPTORS, .descriptors = {1, {KIND_PIPE}}};
    const struct control file = {.kind = CONTROL_DESCRIPTORS, .descriptors = {1, {KIND_FILE}}};
    const struct control unknown = {.kind = CONTROL_DESCRIPTORS,
                                    .descriptors = {1, {KIND_UNKNOWN}}};
    const struct control root = {.kind = CONTROL_CREDENTIALS, .credentials = {1, 0, 0}};
    const struct control again = {.kind = CONTROL_CREDENTIALS, .credentials = {2, 0, 0}};
    const struct control user = {.kind = CONTROL_CREDENTIALS, .credentials = {1, 1000, 0}};
    const struct control other = {.kind = CONTROL_OTHER, .other = {1, 29, 16}};
    const struct control longer = {.kind = CONTROL_OTHER, .other = {1, 29, 24}};
    const struct control twice[] = {pipe, pipe}, mixed[] = {other, root}, swapped[] = {root, other};

    (void)test;
    assert_int_equal(kind_of_carried(&pipe, 1, &pipes, 1, false), DIFFERENCE_CARRIED);
    assert_int_equal(kind_of_carried(&pipe, 1, &file, 1, false), DIFFERENCE_CARRIED);
    assert_int_equal(kind_of_carried(&pipe, 1, NULL, 0, false), DIFFERENCE_CARRIED);
    assert_int_equal(kind_of_carried(NULL, 0, &root, 1, false), DIFFERENCE_CARRIED);
    assert_int_equal(kind_of_carried(&root, 1, &user, 1, false), DIFFERENCE_CARRIED);
    assert_int_equal(kind_of_carried(&other, 1, &longer, 1, false), DIFFERENCE_CARRIED);
    assert_int_equal(kind_of_carried(&other, 1, mixed, 2, false), DIFFERENCE_CARRIED);
    assert_int_equal(kind_of_carried(&pipe, 1, &unknown, 1, false), -1);
    assert_int_equal(kind_of_carried(&pipes, 1, twice, 2, false), -1);
    assert_int_equal(kind_of_carried(&root, 1, &again, 1, false), -1);
    assert_int_equal(kind_of_carried(mixed, 2, swapped, 2, false), -1);
    /* A replay has none of it. */
    assert_int_equal(kind_of_carried(&pipe, 1, NULL, 0, true), -1);
}

enum { MANY = 40000 };

/* Says these numbers, and the same in answer: from the first to before the last. */
static void say_numbers(struct table *table, size_t first, size_t last)
{
    static struct built built;

    for (size_t i = first; i < last; i++) {
        /* All digits of one depend on the number: what is near is not alike. */
        built.length = (size_t)sprintf((char *)built.data, "%016llx", i * 0x9e3779b97f4a7c15ull);
        say(table, REQUEST, &built);
        say(table, RESPONSE, &built);
    }
}

/* The number of differences between what is said in the two stretches and the numbers to MANY. */
static size_t count_of_many(const size_t now[2][2], bool *coarse)
{
    struct table *old_table, *now_table;
    struct differences differences;
    struct alignment *alignment;
    size_t count;

    assert_int_equal(table_new(&old_table), 0);
    assert_int_equal(table_new(&now_table), 0);
    say_numbers(old_table, 0, MANY);
    say_numbers(now_table, now[0][0], now[0][1]);
    say_numbers(now_table, now[1][0], now[1][1]);
    assert_int_equal(table_finish(old_table), 0);
    assert_int_equal(table_finish(now_table), 0);
    assert_int_equal(alignment_new(&alignment, old_table, now_table), 0);
    assert_int_equal(differences_find(&differences, old_table, now_table, alignment, false), 0);
    count = differences.count;
    *coarse = alignment->coarse;
    differences_free(&differences);
    alignment_free(alignment);
    table_free(old_table);
    table_free(now_table);
    return count;
}

/* Of many exchanges, only pairs that are near each other can be looked at. */
static void says_when_it_cannot_look_everywhere(void **test)
{
    static const size_t same[2][2] = {{0, MANY}, {0, 0}};
    static const size_t gap[2][2] = {{0, MANY / 2}, {MANY / 2 + 1000, MANY}};
    static const size_t shift[2][2] = {{MANY, MANY + 1000}, {0, MANY - 1000}};
    bool coarse;

    (void)test;
    assert_int_equal(count_of_many(same, &coarse), 0);
    assert_false(coarse);
    assert_int_equal(count_of_many(gap, &coarse), 1000);
    assert_false(coarse);
    assert_true(count_of_many(shift, &coarse) >= 2000);
    assert_true(coarse);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(tells_what_has_changed),
                                       cmocka_unit_test(says_when_it_cannot_look_everywhere),
                                       cmocka_unit_test(tells_lengths),
                                       cmocka_unit_test(knows_lengths_that_vary),
                                       cmocka_unit_test(knows_numbers),
                                       cmocka_unit_test(knows_carries),
                                       cmocka_unit_test(tells_what_is_carried)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
