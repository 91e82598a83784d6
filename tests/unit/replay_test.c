/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What a replayed server makes of what it is asked: which exchange it is, and what the answer is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "capture/replay/live.h"
#include "capture/replay/presume.h"

/* A recording, the script of it, and a client. */
struct stage {
    int type;
    struct messages messages;
    struct table *table;
    struct play_book book;
    struct live *live;
    uint64_t time;                       /* of the next message; a millisecond later each */
    char unknown[256];                   /* the requests that nobody knew, each with a | behind */
    const struct scripted *last_nearest; /* of the last of them */
    size_t lacks;
};

static void say(struct stage *stage, unsigned conversation, enum direction direction,
                const char *text, const struct range *range)
{
    static const struct end nobody = {.address = (char *)""};
    const struct ranges ranges = {.items = (struct range *)range, .count = range ? 1 : 0};
    const struct message message = {
        .time = stage->time += 1000000,
        .conversation = conversation,
        .direction = direction,
        .family = AF_UNIX,
        .type = stage->type,
        .sent = direction == REQUEST,
        .self = &nobody,
        .peer = &nobody,
        .data = (const uint8_t *)text,
        .length = strlen(text),
        .ranges = &ranges,
    };

    assert_int_equal(messages_add(&stage->messages, &message), 0);
}

static void ask(struct stage *stage, unsigned conversation, const char *text)
{
    say(stage, conversation, REQUEST, text, NULL);
}

static void answer(struct stage *stage, unsigned conversation, const char *text)
{
    say(stage, conversation, RESPONSE, text, NULL);
}

static int take_unknown(void *context, const struct unknown *unknown)
{
    struct stage *stage = context;

    strncat(stage->unknown, (const char *)unknown->data, unknown->length);
    strcat(stage->unknown, unknown->ends ? "...|" : "|");
    stage->last_nearest = unknown->nearest;
    return 0;
}

static void take_lack(void *context, const struct scripted *scripted, size_t message)
{
    (void)scripted;
    (void)message;
    ((struct stage *)context)->lacks++;
}

/* A client comes; what is recorded is complete. */
static void open_stage(struct stage *stage, const char *frame)
{
    static struct framing framing;

    if (frame)
        assert_int_equal(framing_parse(&framing, frame), 0);
    assert_int_equal(messages_table(&stage->messages, frame ? &framing : NULL, &stage->table), 0);
    stage->book = (struct play_book){
        .framing = frame ? &framing : NULL,
        .type = stage->type,
        .unknown = take_unknown,
        .lacks = take_lack,
        .context = stage,
    };
    assert_int_equal(script_new(&stage->book.script, stage->table, &stage->messages), 0);
    assert_int_equal(live_new(&stage->live, &stage->book, 0), 0);
}

static void close_stage(struct stage *stage)
{
    live_free(stage->live);
    script_free(stage->book.script);
    table_free(stage->table);
    messages_free(&stage->messages);
}

/* Takes what the client is told now, each part with a | behind it. */
static const char *told(struct live *live)
{
    static char text[512];
    struct outgoing next;

    text[0] = '\0';
    while (outbox_next(live_outbox(live), &next)) {
        strncat(text, (const char *)next.data, next.length);
        strcat(text, "|");
        outbox_sent(live_outbox(live), next.length);
    }
    return text;
}

static const char *hear(struct stage *stage, const char *text)
{
    assert_int_equal(live_hear(stage->live, (const uint8_t *)text, strlen(text), 0), 0);
    return told(stage->live);
}

static void test_in_order_first(void **state)
{
    struct stage stage = {.type = SOCK_DGRAM};

    (void)state;
    ask(&stage, 1, "poll");
    answer(&stage, 1, "pending");
    ask(&stage, 1, "poll");
    answer(&stage, 1, "done");
    ask(&stage, 1, "bye");
    open_stage(&stage, NULL);
    assert_string_equal(hear(&stage, "poll"), "pending|");
    assert_string_equal(hear(&stage, "poll"), "done|");
    /* All of them were asked for; what is asked for again is what was last. */
    assert_string_equal(hear(&stage, "poll"), "done|");
    assert_string_equal(hear(&stage, "bye"), "");
    assert_true(live_is_over(stage.live));
    assert_string_equal(stage.unknown, "");
    close_stage(&stage);
}

static void test_by_content_then(void **state)
{
    struct stage stage = {.type = SOCK_DGRAM};
    size_t asked;

    (void)state;
    for (const char *text = "abc"; *text; text++) {
        const char request[] = {*text, '\0'}, response[] = {*text, '!', '\0'};

        ask(&stage, 1, request);
        answer(&stage, 1, response);
    }
    open_stage(&stage, NULL);
    assert_string_equal(hear(&stage, "c"), "c!|");
    assert_string_equal(hear(&stage, "a"), "a!|");
    assert_string_equal(hear(&stage, "x"), "");
    assert_string_equal(stage.unknown, "x|");
    assert_int_equal(script_exchanges(stage.book.script, &asked), 3);
    assert_int_equal(asked, 2);
    assert_false(live_is_lost(stage.live)); /* datagrams go on */
    close_stage(&stage);
}

static void test_conversations(void **state)
{
    struct stage stage = {.type = SOCK_DGRAM};
    struct live *other;

    (void)state;
    ask(&stage, 1, "who");
    answer(&stage, 1, "one");
    ask(&stage, 2, "who");
    answer(&stage, 2, "two");
    ask(&stage, 3, "what");
    answer(&stage, 3, "three");
    ask(&stage, 3, "who");
    answer(&stage, 3, "four");
    open_stage(&stage, NULL);
    assert_int_equal(live_new(&other, &stage.book, 0), 0);
    assert_string_equal(hear(&stage, "what"), "three|"); /* it turns to the third */
    assert_int_equal(live_hear(other, (const uint8_t *)"who", 3, 0), 0);
    assert_string_equal(told(other), "two|");
    assert_string_equal(hear(&stage, "who"), "four|");
    live_free(other);
    assert_int_equal(live_new(&other, &stage.book, 0), 0);
    assert_int_equal(live_hear(other, (const uint8_t *)"who", 3, 0), 0);
    assert_string_equal(told(other), "one|");
    live_free(other);
    close_stage(&stage);
}

static void test_who_only_looks_takes_nothing(void **state)
{
    struct stage stage = {.type = SOCK_STREAM};
    struct live *other;

    (void)state;
    answer(&stage, 1, "hello 1");
    answer(&stage, 2, "hello 2");
    open_stage(&stage, NULL);
    live_free(stage.live);
    assert_int_equal(live_new(&stage.live, &stage.book, 0), 0);
    assert_string_equal(told(stage.live), "hello 1|");
    assert_int_equal(live_new(&other, &stage.book, 0), 0);
    assert_string_equal(told(other), "hello 2|");
    live_free(other);
    close_stage(&stage);
}

static void test_streams_in_pieces(void **state)
{
    struct stage stage = {.type = SOCK_STREAM};

    (void)state;
    ask(&stage, 1, "first");
    answer(&stage, 1, "1");
    ask(&stage, 1, "second");
    answer(&stage, 1, "2");
    open_stage(&stage, NULL);
    assert_string_equal(hear(&stage, "fi"), "");
    assert_true(live_is_partial(stage.live));
    assert_string_equal(hear(&stage, "rstsec"), "1|");
    assert_string_equal(hear(&stage, "ondfirst"), "2|1|");
    assert_string_equal(hear(&stage, "se"), "");
    assert_int_equal(live_end(stage.live, 0), 0);
    assert_string_equal(stage.unknown, "se...|");
    close_stage(&stage);
}

static void test_a_shorter_one_when_no_more_comes(void **state)
{
    struct stage stage = {.type = SOCK_STREAM};

    (void)state;
    ask(&stage, 1, "get all");
    answer(&stage, 1, "everything");
    ask(&stage, 2, "get");
    answer(&stage, 2, "something");
    open_stage(&stage, NULL);
    assert_string_equal(hear(&stage, "get"), ""); /* it may go on */
    assert_int_equal(live_settle(stage.live, 0), 0);
    assert_string_equal(told(stage.live), "something|");
    close_stage(&stage);
}

static void test_an_unknown_one_ends_a_stream(void **state)
{
    struct stage stage = {.type = SOCK_STREAM};

    (void)state;
    ask(&stage, 1, "get a");
    answer(&stage, 1, "a");
    ask(&stage, 1, "put a");
    answer(&stage, 1, "b");
    open_stage(&stage, NULL);
    assert_string_equal(hear(&stage, "put b"), "");
    assert_true(live_is_lost(stage.live));
    assert_string_equal(stage.unknown, "put b|");
    assert_ptr_equal(stage.last_nearest, &stage.book.script->conversations[0].exchanges[1]);
    close_stage(&stage);
}

static void test_the_beginning_of_an_unknown_one_is_near_to_what_begins_so(void **state)
{
    struct stage stage = {.type = SOCK_STREAM};

    (void)state;
    ask(&stage, 1,
        "hello, this is me, and much more has to be said than what came in the first piece");
    answer(&stage, 1, "a");
    ask(&stage, 1, "held");
    answer(&stage, 1, "b");
    open_stage(&stage, NULL);
    assert_string_equal(hear(&stage, "hello, th_"), "");
    assert_string_equal(stage.unknown, "hello, th_|");
    assert_ptr_equal(stage.last_nearest, &stage.book.script->conversations[0].exchanges[0]);
    close_stage(&stage);
}

static void test_a_request_that_is_cut_off_is_near_to_what_begins_so(void **state)
{
    struct stage stage = {.type = SOCK_STREAM};

    (void)state;
    ask(&stage, 1, "held");
    answer(&stage, 1, "a");
    ask(&stage, 1, "hello, this is me");
    answer(&stage, 1, "b");
    open_stage(&stage, NULL);
    assert_string_equal(hear(&stage, "hell"), "");
    assert_int_equal(live_end(stage.live, 0), 0);
    assert_ptr_equal(stage.last_nearest, &stage.book.script->conversations[0].exchanges[1]);
    close_stage(&stage);
}

static void test_frames(void **state)
{
    struct stage stage = {.type = SOCK_STREAM};

    (void)state;
    ask(&stage, 1, "a\nb\n");
    answer(&stage, 1, "A\nB\n");
    ask(&stage, 1, "c\n");
    answer(&stage, 1, "C\n");
    open_stage(&stage, "line");
    assert_string_equal(hear(&stage, "b\nc"), "B\n|");
    assert_string_equal(hear(&stage, "\na\n"), "C\n|A\n|");
    assert_string_equal(hear(&stage, "d\n"), "");
    assert_string_equal(stage.unknown, "d\n|");
    close_stage(&stage);
}

static void test_answers_between_messages_of_a_request(void **state)
{
    struct stage stage = {.type = SOCK_STREAM};

    (void)state;
    answer(&stage, 1, "hello\n");
    ask(&stage, 1, "data\n");
    answer(&stage, 1, "go on\n");
    open_stage(&stage, "line");
    assert_string_equal(told(stage.live), "hello\n|");
    assert_string_equal(hear(&stage, "data\n"), "go on\n|");
    assert_true(live_is_over(stage.live));
    close_stage(&stage);
}

static void test_volatile_bytes_and_echoes(void **state)
{
    struct stage stage = {.type = SOCK_DGRAM};
    const struct range number = {.offset = 4, .length = 3};
    const struct range echo = {.offset = 3, .length = 3, .kind = RANGE_ECHO, .echo_offset = 4};

    (void)state;
    say(&stage, 1, REQUEST, "ask xyz end", &number);
    say(&stage, 1, RESPONSE, "re xyz", &echo);
    open_stage(&stage, NULL);
    assert_string_equal(hear(&stage, "ask abc end"), "re abc|");
    assert_string_equal(hear(&stage, "ask abcd end"), "");
    assert_string_equal(hear(&stage, "ask abc enD"), "");
    assert_string_equal(stage.unknown, "ask abcd end|ask abc enD|");
    assert_int_equal(stage.book.resized, 0);
    close_stage(&stage);
}

static void test_an_echo_of_another_length(void **state)
{
    struct stage stage = {.type = SOCK_DGRAM};
    const struct range word = {.offset = 4, .length = 3, .kind = RANGE_LENGTH};
    const struct range echo = {.offset = 3, .length = 3, .kind = RANGE_ECHO, .echo_offset = 4};

    (void)state;
    say(&stage, 1, REQUEST, "ask abc end", &word);
    say(&stage, 1, RESPONSE, "re abc.", &echo);
    open_stage(&stage, NULL);
    assert_string_equal(hear(&stage, "ask something end"), "re something.|");
    assert_int_equal(stage.book.resized, 1);
    close_stage(&stage);
}

static void open_numbers(struct stage *stage)
{
    const struct range number = {.length = 4};
    const struct range echo = {.length = 4, .kind = RANGE_ECHO};

    stage->type = SOCK_STREAM;
    say(stage, 1, REQUEST, "0002get y\n", &number);
    say(stage, 1, RESPONSE, "0002val y\n", &echo);
    open_stage(stage, NULL);
}

/* They have more digits or fewer, but are what they are. */
static void test_numbers_of_a_stream(void **state)
{
    struct stage stage = {0};

    (void)state;
    open_numbers(&stage);
    assert_string_equal(hear(&stage, "12get y\n8888get y\n-1.5get y\n"),
                        "12val y\n|8888val y\n|-1.5val y\n|");
    assert_string_equal(hear(&stage, "1"), "");
    assert_string_equal(hear(&stage, "0000"), "");
    assert_string_equal(hear(&stage, "2ge"), "");
    assert_string_equal(hear(&stage, "t y\n"), "100002val y\n|");
    assert_string_equal(hear(&stage, "7777unknown\n8888get y\n"), "");
    assert_string_equal(stage.unknown, "7777unknown\n8888get y\n|");
    close_stage(&stage);
}

static void test_no_number(void **state)
{
    struct stage stage = {0};

    (void)state;
    open_numbers(&stage);
    assert_string_equal(hear(&stage, "get y\n"), "");
    assert_string_equal(stage.unknown, "get y\n|");
    close_stage(&stage);
}

/* What is of any length is as short as it can be, as it would be if it came piece by piece. */
static void test_words_of_a_stream(void **state)
{
    struct stage stage = {.type = SOCK_STREAM};
    const struct range word = {.offset = 4, .length = 3, .kind = RANGE_LENGTH};

    (void)state;
    say(&stage, 1, REQUEST, "ask abc\n", &word);
    answer(&stage, 1, "fine");
    open_stage(&stage, NULL);
    assert_string_equal(hear(&stage, "ask something\nask it\n"), "fine|fine|");
    close_stage(&stage);
}

/* It was found by one framing, and is replayed by another. */
static void test_an_echo_of_another_framing(void **state)
{
    struct stage stage = {.type = SOCK_STREAM};
    const struct range number = {.offset = 5, .length = 3};
    const struct range echo = {
        .offset = 2, .length = 3, .kind = RANGE_ECHO, .echo_message = 1, .echo_offset = 2};

    (void)state;
    say(&stage, 1, REQUEST, "a\nb\nc123\n", &number);
    say(&stage, 1, RESPONSE, "C 123\n", &echo);
    open_stage(&stage, NULL);
    assert_string_equal(hear(&stage, "a\nb\nc789\n"), "C 789\n|");
    close_stage(&stage);
}

static void test_what_is_redacted_can_be_any(void **state)
{
    struct stage stage = {.type = SOCK_DGRAM};
    const struct range secret = {.offset = 4, .length = 3, .kind = RANGE_REDACTED};

    (void)state;
    say(&stage, 1, REQUEST, "say XXX!", &secret);
    answer(&stage, 1, "fine");
    open_stage(&stage, NULL);
    assert_string_equal(hear(&stage, "say swordfish!"), "fine|");
    assert_string_equal(hear(&stage, "say it?"), "");
    close_stage(&stage);
}

static void test_times(void **state)
{
    struct stage stage = {.type = SOCK_DGRAM};
    struct outgoing next;

    (void)state;
    ask(&stage, 1, "a");
    answer(&stage, 1, "1");
    answer(&stage, 1, "2");
    open_stage(&stage, NULL);
    stage.book.timed = true;
    assert_int_equal(live_hear(stage.live, (const uint8_t *)"a", 1, 5), 0);
    assert_true(outbox_next(live_outbox(stage.live), &next));
    assert_int_equal(next.due, 1000005);
    outbox_sent(live_outbox(stage.live), 1);
    assert_true(outbox_next(live_outbox(stage.live), &next));
    assert_int_equal(next.due, 2000005);
    close_stage(&stage);
}

/* Takes all that the client is told. Returns how many bytes that is. */
static size_t take_all(struct live *live)
{
    struct outgoing next;
    size_t length = 0;

    while (outbox_next(live_outbox(live), &next)) {
        length += next.length;
        outbox_sent(live_outbox(live), next.length);
    }
    return length;
}

/*
 * Who asks for far more than it takes is answered bit by bit, also when it then says no more; and
 * others are all the same.
 */
static void ask_for_much(const char *frame, bool ends)
{
    enum { LONG = 1 << 20, ASKED = 200, MOST = 65 };
    struct stage stage = {.type = SOCK_STREAM};
    char *text = malloc(LONG + 1), asked[2 * ASKED];
    struct live *other;
    size_t length;

    assert_non_null(text);
    memset(text, 'z', LONG);
    strcpy(text + LONG - 1, "\n");
    ask(&stage, 1, "a\n");
    answer(&stage, 1, text);
    open_stage(&stage, frame);
    for (size_t i = 0; i < sizeof(asked); i += 2)
        memcpy(asked + i, "a\n", 2);
    assert_int_equal(live_hear(stage.live, (const uint8_t *)asked, sizeof(asked), 0), 0);
    assert_true(live_is_full(stage.live));
    assert_in_range(stage.book.waiting, 1, MOST * LONG);
    assert_int_equal(live_new(&other, &stage.book, 0), 0);
    assert_false(live_is_full(other));
    assert_int_equal(live_hear(other, (const uint8_t *)"a\n", 2, 0), 0);
    assert_true(live_is_full(other));
    assert_int_equal(take_all(other), LONG);
    live_free(other);
    if (ends)
        assert_int_equal(live_end(stage.live, 0), 0);
    for (length = 0; length < (size_t)ASKED * LONG;) {
        const size_t more = take_all(stage.live);

        assert_in_range(more, 1, MOST * LONG);
        length += more;
        assert_false(live_is_over(stage.live) && length < (size_t)ASKED * LONG);
        assert_int_equal(live_resume(stage.live, 0), 0);
    }
    assert_int_equal(length, (size_t)ASKED * LONG);
    assert_int_equal(stage.book.waiting, 0);
    assert_string_equal(stage.unknown, "");
    close_stage(&stage);
    free(text);
}

static void test_answers_that_nobody_takes(void **state)
{
    (void)state;
    for (int ends = 0; ends < 2; ends++) {
        ask_for_much(NULL, ends);
        ask_for_much("line", ends);
    }
}

static int presume(struct stage *stage, struct range found[PRESUMED_MAX])
{
    int count;

    assert_int_equal(messages_table(&stage->messages, NULL, &stage->table), 0);
    count = presume_echoes(stage->table, found);
    table_free(stage->table);
    messages_free(&stage->messages);
    return count;
}

static void test_presumed_echoes(void **state)
{
    struct stage stage = {.type = SOCK_DGRAM};
    struct range found[PRESUMED_MAX];

    (void)state;
    ask(&stage, 1, "one \x81\x22\x93\x84 end");
    answer(&stage, 1, "\x81\x22\x93\x84 1");
    assert_int_equal(presume(&stage, found), 0); /* one alone says nothing */
    ask(&stage, 1, "one \x81\x22\x93\x84 end");
    answer(&stage, 1, "\x81\x22\x93\x84 1");
    ask(&stage, 1, "two \x71\x12\x83\x94 end");
    answer(&stage, 1, "\x71\x12\x83\x94 2");
    assert_int_equal(presume(&stage, found), 1);
    assert_int_equal(found[0].offset, 0);
    assert_int_equal(found[0].length, 4);
    assert_int_equal(found[0].echo_offset, 4);
    ask(&stage, 1, "get able"); /* text is what is asked for */
    answer(&stage, 1, "able");
    ask(&stage, 1, "get door");
    answer(&stage, 1, "door");
    assert_int_equal(presume(&stage, found), 0);
}

/* However long the recording is: in the last of it, as in the first. */
static void test_presumed_in_all(void **state)
{
    struct stage stage = {.type = SOCK_DGRAM};
    struct range found[PRESUMED_MAX];
    const struct conversation_table *conversation;

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        char request[] = "get 0000", response[] = "0000 is it";

        for (int j = 0; j < 4; j++)
            request[4 + j] = response[j] = (char)(0x81 + (i * 2654435761U >> j * 7) % 113);
        ask(&stage, 1, request);
        answer(&stage, 1, response);
    }
    assert_int_equal(messages_table(&stage.messages, NULL, &stage.table), 0);
    assert_int_equal(presume_echoes(stage.table, found), 1);
    conversation = &stage.table->conversations[0];
    assert_int_equal(conversation->count, 1000);
    assert_int_equal(conversation->exchanges[999].request.messages[0].ranges.count, 1);
    assert_int_equal(conversation->exchanges[999].response.messages[0].ranges.count, 1);
    table_free(stage.table);
    messages_free(&stage.messages);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_order_first),
        cmocka_unit_test(test_by_content_then),
        cmocka_unit_test(test_conversations),
        cmocka_unit_test(test_who_only_looks_takes_nothing),
        cmocka_unit_test(test_streams_in_pieces),
        cmocka_unit_test(test_a_shorter_one_when_no_more_comes),
        cmocka_unit_test(test_an_unknown_one_ends_a_stream),
        cmocka_unit_test(test_the_beginning_of_an_unknown_one_is_near_to_what_begins_so),
        cmocka_unit_test(test_a_request_that_is_cut_off_is_near_to_what_begins_so),
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_answers_between_messages_of_a_request),
        cmocka_unit_test(test_volatile_bytes_and_echoes),
        cmocka_unit_test(test_an_echo_of_another_length),
        cmocka_unit_test(test_numbers_of_a_stream),
        cmocka_unit_test(test_no_number),
        cmocka_unit_test(test_words_of_a_stream),
        cmocka_unit_test(test_an_echo_of_another_framing),
        cmocka_unit_test(test_what_is_redacted_can_be_any),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_answers_that_nobody_takes),
        cmocka_unit_test(test_presumed_echoes),
        cmocka_unit_test(test_presumed_in_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
