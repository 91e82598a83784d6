/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Fixtures: what a template can name of a table, and that the built-in ones hold it all. */
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
#include <jansson.h>

#include "emit/fixture.h"

#define SAID(text)                                                                                 \
    {                                                                                              \
        .data = (uint8_t *)(uintptr_t)text, .length = sizeof(text) - 1                             \
    }
#define SIDE(list)                                                                                 \
    {                                                                                              \
        .messages = list, .count = sizeof(list) / sizeof(*list)                                    \
    }

static char address[] = "/run/x.sock";
static char program[] = "/usr/bin/chronyc";
static char option[] = "-h";
static char path[] = "/tmp/a b";
static char word[] = "ntpdata";
static char *const command[] = {program, option, path, word, NULL};

static int print_text(const struct fixture *fixture, struct language *language, char **result)
{
    struct template_error error;
    size_t length;
    FILE *out = open_memstream(result, &length);
    int status;

    assert_non_null(out);
    status = fixture_print(fixture, language, out, &error);
    if (status)
        print_error("%s:%zu:%zu: %s\n", error.name, error.line, error.column, error.text);
    fclose(out);
    return status;
}

static void assert_gives(const struct fixture *fixture, const char *source, const char *expected)
{
    struct language *language;
    struct template_error error;
    char *result;

    assert_int_equal(language_parse(&language, "test", source, strlen(source), &error), 0);
    assert_int_equal(print_text(fixture, language, &result), 0);
    assert_string_equal(result, expected);
    free(result);
    language_free(language);
}

static char *print_language(const struct fixture *fixture, const char *name)
{
    struct language *language;
    struct template_error error;
    char *result;

    assert_int_equal(language_find(&language, NULL, name, &error), 0);
    assert_int_equal(print_text(fixture, language, &result), 0);
    language_free(language);
    return result;
}

/* Ancillary data with one control message, of descriptors or, with none, of credentials. */
static struct ancillary *ancillary_of(const uint8_t *kinds, size_t count)
{
    struct ancillary *ancillary = NULL;
    struct control control = {.kind = CONTROL_CREDENTIALS, .credentials = {4321, 1000, 100}};

    if (count > 0) {
        control = (struct control){.kind = CONTROL_DESCRIPTORS, .descriptors.count = count};
        memcpy(control.descriptors.kinds, kinds, count);
    }
    assert_int_equal(ancillary_add(&ancillary, &control), 0);
    return ancillary;
}

static void names_what_is_carried(void **state)
{
    static const uint8_t kinds[] = {KIND_SOCKET, KIND_FILE, KIND_FILE, KIND_FILE, KIND_PIPE};
    struct carried carried[] = {{.ancillary = ancillary_of(kinds, 1)},
                                {.offset = 2, .ancillary = ancillary_of(NULL, 0)},
                                {.offset = 3, .ancillary = ancillary_of(kinds, 5)}};
    struct said request[] = {SAID("abcdef")}, response[] = {SAID("")};
    struct exchange exchanges[] = {{.request = SIDE(request), .response = SIDE(response)}};
    struct conversation_table conversation = {
        .type = SOCK_STREAM, .server.address = address, .exchanges = exchanges, .count = 1};
    struct table table = {.conversations = &conversation, .count = 1};
    struct fixture fixture = {.table = &table, .command = command};

    (void)state;
    request[0].carried = carried;
    request[0].carried_count = 3;
    assert_gives(&fixture,
                 "{{#conversations}}{{#exchanges}}{{#sides}}{{#messages}}<{{#ancillary}}{{.}};"
                 "{{/ancillary}}>{{/messages}}{{/sides}}{{/exchanges}}{{/conversations}}",
                 "<with 1 file descriptor (socket);at byte 2 with credentials (uid 1000, gid 100);"
                 "at byte 3 with 5 file descriptors (socket, 3 x file, pipe);><>");
    assert_gives(&fixture,
                 "{{#conversations}}{{#exchanges}}{{#request.messages}}{{#descriptors}}{{offset}}:"
                 "{{count}}:{{kinds}}:{{#kinds}}{{name}}{{^last}},{{/last}}{{/kinds}}{{^last}} "
                 "{{/last}}{{/descriptors}}{{/request.messages}}{{/exchanges}}{{/conversations}}",
                 "0:1:socket:socket 3:5:socket, 3 x file, pipe:socket,file,file,file,pipe");
    assert_gives(&fixture,
                 "{{#conversations}}{{#exchanges}}{{#request.messages}}{{#credentials}}{{offset}}:"
                 "{{uid}}:{{gid}}{{/credentials}}{{#ancillary_cut}}!{{/ancillary_cut}}"
                 "{{/request.messages}}{{/exchanges}}{{/conversations}}",
                 "2:1000:100");
    carried[1].ancillary->cut = true;
    assert_gives(&fixture,
                 "{{#incomplete}}!{{/incomplete}}{{#conversations}}{{#exchanges}}"
                 "{{#request.messages}}{{#ancillary_cut}}cut{{/ancillary_cut}}{{#incomplete}}!"
                 "{{/incomplete}}{{/request.messages}}{{/exchanges}}{{/conversations}}",
                 "!cut!");
    for (size_t i = 0; i < 3; i++)
        free(carried[i].ancillary);
}

static void names_what_there_is(void **state)
{
    struct said request[] = {SAID("0123456789abcdefXY")};
    struct said response[] = {SAID("\x01*"), SAID("/\n")};
    struct exchange exchanges[] = {{.request = SIDE(request), .response = SIDE(response)}};
    struct conversation_table conversation = {
        .type = SOCK_DGRAM, .server.address = address, .exchanges = exchanges, .count = 1};
    struct table table = {.conversations = &conversation, .count = 1};
    struct fixture fixture = {.table = &table, .command = command};

    (void)state;
    strcpy(conversation.client.comm, "chronyc");
    assert_gives(&fixture, "{{name}} {{name.pascal}} {{{command}}}",
                 "chronyc ntpdata ChronycNtpdata /usr/bin/chronyc -h '/tmp/a b' ntpdata");
    assert_gives(&fixture, "{{package}} {{lost}}{{#lost}}x{{/lost}}{{#incomplete}}x{{/incomplete}}",
                 "fixture 0");
    assert_gives(&fixture,
                 "{{#conversations}}{{number}} {{table}} {{type}} {{server.address}} "
                 "{{client.address}} {{client.comm}} {{count}}{{/conversations}}",
                 "1 chronyc_ntpdata dgram /run/x.sock  chronyc 1");
    assert_gives(&fixture,
                 "{{#tables}}{{#exchanges}}{{name}}{{#sides}};{{direction}} {{count}} {{length}}"
                 "{{#messages}},{{number}}{{#last}}.{{/last}}{{/messages}}{{/sides}}"
                 "{{/exchanges}}{{/tables}}",
                 "0123456789abcdefXY;request 1 18,1.;response 2 4,1,2.");
    assert_gives(&fixture,
                 "{{#tables}}{{#exchanges}}{{#request.rows}}{{offset}}+{{length}} {{hex}}"
                 "{{^last}}|{{/last}}{{/request.rows}}{{/exchanges}}{{/tables}}",
                 "0+16 30313233343536373839616263646566|16+2 5859");
    assert_gives(&fixture,
                 "{{#tables}}{{#exchanges}}{{#request.rows}}{{offset.hex}} "
                 "{{/request.rows}}{{/exchanges}}{{/tables}}",
                 "00000000 00000010 ");
    assert_gives(&fixture, "{{#tables}}{{#exchanges}}{{response.hex}}{{/exchanges}}{{/tables}}",
                 "012a2f0a");
    assert_gives(&fixture,
                 "{{! strings: go }}{{! not_in_comments: */ }}{{#tables}}{{#exchanges}}"
                 "{{response.text}} {{response.printable}} {{{response.printable}}}"
                 "{{/exchanges}}{{/tables}}",
                 "\\x01*/\\n .*\\x2f. .*/.");
    assert_gives(&fixture, "{{many}}{{#many}}many{{/many}}{{#always_one}}one{{/always_one}}",
                 "many");
}

static void names_reach_through_what_hides_them(void **state)
{
    struct said said[] = {SAID("a"), SAID("b")};
    struct exchange exchanges[] = {{.request = SIDE(said)}, {.request = SIDE(said)}};
    struct conversation_table conversation = {
        .type = SOCK_DGRAM, .server.address = address, .exchanges = exchanges, .count = 2};
    struct table table = {.conversations = &conversation, .count = 1};
    struct fixture fixture = {
        .table = &table, .command = command, .package = "com.example.Two words"};

    (void)state;
    assert_gives(&fixture,
                 "{{#tables}}{{#exchanges}}{{#request.messages}}{{fixture.name}},"
                 "{{conversation.number}},{{#exchange.last}}x{{/exchange.last}},{{message.length}};"
                 "{{/request.messages}}{{/exchanges}}{{/tables}}",
                 "chronyc ntpdata,1,,1;chronyc ntpdata,1,,1;"
                 "chronyc ntpdata,1,x,1;chronyc ntpdata,1,x,1;");
    assert_gives(&fixture, "{{package.dotted_snake}} {{package.dotted_pascal}} {{server.plain}}",
                 "com.example.two_words Com.Example.TwoWords ");
    fixture.package = "My::NTP::two words";
    assert_gives(&fixture, "{{package.colons_pascal}}", "My::NTP::TwoWords");
    assert_gives(&fixture, "{{{command}}} {{command.plain}}",
                 "/usr/bin/chronyc -h '/tmp/a b' ntpdata /usr/bin/chronyc -h _/tmp/a b_ ntpdata");
    assert_gives(&fixture, "{{! escape_also: -\n' }}{{command}}",
                 "/usr/bin/chronyc \\-h \\'/tmp/a b\\' ntpdata");
    assert_gives(&fixture, "{{#tables}}{{count.hex}}{{/tables}}", "00000002");
    assert_gives(&fixture, "{{! styles: one }}{{#style}}{{name}}{{/style}}", "chronyc ntpdata");
}

/* For languages that have no room for a long table, or a long literal, in one piece. */
static void parts_and_blocks_are_whole(void **state)
{
    static const char parts[] =
        "{{#tables}}{{#several_parts}}{{#parts}}{{number}}:{{#exchanges}}"
        "{{#first}}{{number}}-{{/first}}{{#last}}{{number}}{{/last}}{{/exchanges}}"
        "{{^last}},{{/last}}{{/parts}};{{/several_parts}}{{/tables}}";
    enum { LENGTH = 4080 + 17, EXCHANGES = 201 };
    char data[LENGTH];
    struct said said[] = {{.data = (uint8_t *)data, .length = LENGTH}};
    struct exchange exchanges[EXCHANGES];
    struct conversation_table conversation = {
        .type = SOCK_STREAM, .exchanges = exchanges, .count = EXCHANGES};
    struct conversation_table both[] = {{.type = SOCK_STREAM, .exchanges = exchanges, .count = 60},
                                        {.type = SOCK_STREAM, .exchanges = exchanges, .count = 41}};
    struct table table = {.conversations = &conversation, .count = 1};
    struct fixture fixture = {.table = &table};

    (void)state;
    memset(data, 'x', LENGTH);
    for (size_t i = 0; i < EXCHANGES; i++)
        exchanges[i] = (struct exchange){.request = SIDE(said)};
    assert_gives(&fixture, parts, "1:1-100,2:101-200,3:201-201;");
    table = (struct table){.conversations = both, .count = 2};
    assert_gives(&fixture, parts, "1:1-60;1:1-41;");
    both[1].count--;
    assert_gives(&fixture, parts, "");
    table = (struct table){.conversations = &conversation, .count = 1};
    conversation.count = 1;
    assert_gives(&fixture,
                 "{{#tables}}{{^several_parts}}{{#exchanges}}{{#request.messages}}"
                 "{{#several_blocks}}{{#rows}}{{#break}}{{number}}{{/break}}{{/rows}}"
                 "{{/several_blocks}}{{/request.messages}}{{/exchanges}}{{/several_parts}}"
                 "{{/tables}}",
                 "255");
    said[0].length = 4080;
    assert_gives(&fixture,
                 "{{#tables}}{{#exchanges}}{{#request.messages}}"
                 "{{^several_blocks}}one{{#rows}}{{#break}}{{number}}{{/break}}{{/rows}}"
                 "{{/several_blocks}}{{/request.messages}}{{/exchanges}}{{/tables}}",
                 "one");
}

/* The second time, they are of another side, of which no range is left from the first. */
static void marks_of_a_side_stand_where_its_messages_do(void **state)
{
    struct range range = {.offset = 1, .length = 2};
    struct said said[] = {SAID("abc"), SAID("defg"), SAID("hijkl")};
    struct exchange exchange = {.request = SIDE(said), .response = {.messages = said, .count = 2}};
    struct conversation_table conversation = {
        .type = SOCK_STREAM, .exchanges = &exchange, .count = 1};
    struct table table = {.conversations = &conversation, .count = 1};
    struct fixture fixture = {.table = &table};

    (void)state;
    said[0].ranges = (struct ranges){&range, 1, 1};
    said[2].ranges = (struct ranges){&range, 1, 1};
    assert_gives(&fixture,
                 "{{#tables}}{{#exchanges}}{{#sides}}{{#rows}}{{{dump}}}\n{{marks}}\n{{/rows}}"
                 "{{/sides}}{{/exchanges}}{{/tables}}",
                 "6162 6364 6566 6768 696a 6b6c            abcdefghijkl\n"
                 "  ^^ ^^             ^^^^                  ^^     ^^\n"
                 "6162 6364 6566 67                        abcdefg\n"
                 "  ^^ ^^                                   ^^\n");
}

/* What one asks for of another side or message, inside what was asked for of the first. */
static void what_is_asked_for_within_hides_nothing(void **state)
{
    struct range varies = {.offset = 0, .length = 1};
    struct said request[] = {SAID("0123456789"), SAID("abcdefghij")};
    struct said response[] = {SAID("a"), SAID("b")};
    struct exchange exchanges[] = {{.request = SIDE(request), .response = SIDE(response)}};
    struct conversation_table conversation = {
        .type = SOCK_DGRAM, .server.address = address, .exchanges = exchanges, .count = 1};
    struct table table = {.conversations = &conversation, .count = 1};
    struct fixture fixture = {.table = &table, .command = command};

    (void)state;
    assert_int_equal(ranges_add(&response[1].ranges, varies), 0);
    assert_gives(&fixture,
                 "{{#tables}}{{#exchanges}}{{#request.rows}}{{response.hex}}:{{c_text}}{{^last}}, "
                 "{{/last}}{{/request.rows}}{{/exchanges}}{{/tables}}",
                 "6162:0123456789abcdef, 6162:ghij");
    assert_gives(&fixture,
                 "{{! width: 16 }}{{#tables}}{{#exchanges}}{{#request.lines}}{{#response.lines}}"
                 "{{text}}{{/response.lines}}:{{text}}{{^last}}, {{/last}}{{/request.lines}}"
                 "{{/exchanges}}{{/tables}}",
                 "ab:0123456789abcdef, ab:ghij");
    assert_gives(&fixture,
                 "{{#tables}}{{#exchanges}}{{#request.c_text}}{{response.c_text}}:{{.}}"
                 "{{/request.c_text}}{{/exchanges}}{{/tables}}",
                 "ab:0123456789abcdefghij");
    assert_gives(&fixture,
                 "{{#tables}}{{#exchanges}}{{#request.messages}}{{#mask.rows}}"
                 "{{#response.messages}}{{mask.hex}}{{/response.messages}}:{{hex}} {{/mask.rows}}"
                 "{{/request.messages}}{{/exchanges}}{{/tables}}",
                 "ff00:ffffffffffffffffffff ff00:ffffffffffffffffffff ");
    ranges_free(&response[1].ranges);
}

static void comment_ends_are_seen_across_pieces(void **state)
{
    enum { LENGTH = 3 * 4096 };
    char data[LENGTH];
    struct said request[] = {{.data = (uint8_t *)data, .length = LENGTH}};
    struct exchange exchanges[] = {{.request = SIDE(request)}};
    struct conversation_table conversation = {
        .type = SOCK_STREAM, .exchanges = exchanges, .count = 1};
    struct table table = {.conversations = &conversation, .count = 1};
    struct fixture fixture = {.table = &table};
    char *result;

    (void)state;
    for (size_t i = 0; i < LENGTH; i++)
        data[i] = "*/-"[i % 3];
    for (int shift = 0; shift < 3; shift++) {
        struct template_error error;
        struct language *language;
        const char *source =
            "{{#tables}}{{#exchanges}}{{request.printable}}{{/exchanges}}{{/tables}}";

        request[0].length = (size_t)(LENGTH - shift);
        request[0].data = (uint8_t *)data + shift;
        assert_int_equal(language_parse(&language, "test", source, strlen(source), &error), 0);
        assert_int_equal(print_text(&fixture, language, &result), 0);
        assert_null(strstr(result, "*/"));
        assert_true(strlen(result) > LENGTH);
        free(result);
        language_free(language);
    }
}

static void lines_are_as_wide_as_what_stands_in_them(void **state)
{
    struct said request[] = {SAID("0123456789abc")};
    struct exchange exchanges[] = {{.request = SIDE(request)}};
    struct conversation_table conversation = {
        .type = SOCK_STREAM, .exchanges = exchanges, .count = 1};
    struct table table = {.conversations = &conversation, .count = 1};
    struct fixture fixture = {.table = &table};
    static const char source[] = "{{! width: 16 }}{{#tables}}{{#exchanges}}{{#request.lines}}"
                                 "{{text}}{{^last}}, {{/last}}{{/request.lines}}{{/exchanges}}"
                                 "{{/tables}}";

    (void)state;
    assert_gives(&fixture, source, "0123456789abc");
    fixture.bytes = BYTES_HEX;
    assert_gives(&fixture, source,
                 "\\060\\061\\062\\063, \\064\\065\\066\\067, \\070\\071\\141\\142, \\143");
}

/* Where no notation keeps the bytes, text is what can be seen of them, and no markup. */
static void bytes_as_plain_text_are_escaped(void **state)
{
    struct said request[] = {SAID("<a href=\"x\">")};
    struct exchange exchanges[] = {{.request = SIDE(request)}};
    struct conversation_table conversation = {
        .type = SOCK_STREAM, .exchanges = exchanges, .count = 1};
    struct table table = {.conversations = &conversation, .count = 1};
    struct fixture fixture = {.table = &table};

    (void)state;
    assert_gives(&fixture,
                 "{{! strings: html }}{{#tables}}{{#exchanges}}{{#request.lines}}{{text}} "
                 "{{{text}}}{{/request.lines}}{{/exchanges}}{{/tables}}",
                 "&#x3c;a href=&#x22;x&#x22;&#x3e; <a href=\"x\">");
    assert_gives(&fixture,
                 "{{! strings: go }}{{! text: printable }}{{#tables}}{{#exchanges}}"
                 "{{request.text}}{{/exchanges}}{{/tables}}",
                 "<a href=\\\"x\\\">");
}

static void nothing_differs_from_empty(void **state)
{
    struct said nothing[] = {SAID("")};
    struct exchange exchanges[] = {{.request = SIDE(nothing)}, {.response = SIDE(nothing)}};
    struct conversation_table conversation = {
        .type = SOCK_STREAM, .server.address = address, .exchanges = exchanges, .count = 2};
    struct table table = {.conversations = &conversation, .count = 1};
    struct fixture fixture = {.table = &table, .command = command};
    static const struct {
        const char *language;
        const char *none;
        const char *empty;
    } cases[] = {
        {"go", "\t\tresponse: nil,\n", "\t\trequest: []byte{},\n"},
        {"rust", "        response: None,\n", "        request: Some(\n"},
        {"python", "        response=None,\n", "        request=b\"\",\n"},
        {"json", "\"responses\": []\n", "\"length\": 0,\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char *result = print_language(&fixture, cases[i].language);

        assert_non_null(strstr(result, cases[i].none));
        assert_non_null(strstr(result, cases[i].empty));
        free(result);
    }
    assert_gives(
        &fixture,
        "{{#tables}}{{#exchanges}}{{#request.hex}}hex{{/request.hex}}{{^request.printable}}"
        "empty{{/request.printable}}{{#request.python_bytes}} {{.}} {{/request.python_bytes}}"
        "{{/exchanges}}{{/tables}}",
        "empty b\"\" empty b\"\" ");
}

static void says_what_is_missing(void **state)
{
    struct said request[] = {{.data = (uint8_t *)address, .length = 3, .missing = 1234}};
    struct exchange exchanges[] = {{.request = SIDE(request), .response = {.lost = 567}}};
    struct conversation_table conversation = {
        .type = SOCK_STREAM, .exchanges = exchanges, .count = 1};
    struct table table = {.conversations = &conversation, .count = 1};
    struct fixture fixture = {.table = &table, .lost = 89};
    static const struct {
        const char *language;
        const char *missing;
        const char *lost;
        const char *all;
    } cases[] = {
        {"go", "incomplete: 1234 more", "Incomplete: 567 messages", "Of 89 lost messages"},
        {"rust", "incomplete: 1234 more", "Incomplete: 567 messages", "Of 89 lost messages"},
        {"python", "incomplete: 1234 more", "Incomplete: 567 messages", "Of 89 lost messages"},
        {"json", "\"missing\": 1234", "\"lost_responses\": 567", "\"lost\": 89"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char *result = print_language(&fixture, cases[i].language);

        assert_non_null(strstr(result, cases[i].missing));
        assert_non_null(strstr(result, cases[i].lost));
        assert_non_null(strstr(result, cases[i].all));
        free(result);
    }
}

static void says_what_is_no_whole_frame(void **state)
{
    struct said request[] = {{.data = (uint8_t *)address, .length = 3, .unframed = true}};
    struct said response[] = {{.data = (uint8_t *)address, .length = 3}};
    struct exchange exchanges[] = {{.request = SIDE(request), .response = SIDE(response)}};
    struct conversation_table conversation = {
        .type = SOCK_STREAM, .exchanges = exchanges, .count = 1};
    struct table table = {.conversations = &conversation, .count = 1};
    struct fixture fixture = {.table = &table};
    static const struct {
        const char *language;
        const char *mark;
        const char *all;
    } cases[] = {
        {"go", "3 bytes; not a whole frame", "// Incomplete: not everything"},
        {"rust", "3 bytes; not a whole frame", "// Incomplete: not everything"},
        {"python", "3 bytes; not a whole frame", "# Incomplete: not everything"},
        {"json", "\"unframed\": true", "\"incomplete\": true,\n    \"lost\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char *result = print_language(&fixture, cases[i].language);
        const char *mark = strstr(result, cases[i].mark);

        assert_non_null(mark);
        assert_null(strstr(mark + 1, cases[i].mark));
        assert_non_null(strstr(result, cases[i].all));
        free(result);
    }
}

static void tables_have_names_of_their_own(void **state)
{
    struct exchange exchanges[2] = {0};
    struct conversation_table conversations[12];
    struct table table = {.conversations = conversations, .count = 12};
    struct fixture fixture = {.table = &table, .name = "int1"};

    (void)state;
    for (size_t i = 0; i < 12; i++)
        conversations[i] =
            (struct conversation_table){.type = SOCK_STREAM, .exchanges = exchanges, .count = 2};
    assert_gives(&fixture, "{{! identifiers: camel }}{{#tables}}{{table}} {{/tables}}",
                 "int11 int12 int13 int14 int15 int16 int17 int18 int19 int110 int111 int112 ");
    table.count = 2;
    assert_gives(&fixture,
                 "{{! identifiers: camel }}{{#tables}}{{table.string}} {{table.plain}} "
                 "{{table.snake}} {{table.package_pascal}} {{table.atom}} {{/tables}}",
                 "int11 int11 int1_1 Int11 int11 int12 int12 int1_2 Int12 int12 ");
    assert_gives(&fixture, "{{#tables}}{{#exchanges}}{{name}} {{/exchanges}}{{/tables}}",
                 "int1 1 int1 2 int1 2.1 int1 2.2 ");
    table.count = 1;
    assert_gives(&fixture, "{{#tables}}{{table}} {{#exchanges}}{{name}} {{/exchanges}}{{/tables}}",
                 "int1 int1 1 int1 2 ");
}

static void no_conversation_makes_an_empty_table(void **state)
{
    struct table table = {0};
    struct fixture fixture = {.table = &table, .command = command};
    struct template_error error;
    struct language *language;
    size_t index = 0;
    char *result;

    (void)state;
    assert_gives(&fixture,
                 "{{#conversations}}x{{/conversations}}{{#tables}}{{table}} {{count}} "
                 "exchange{{#count.plural}}s{{/count.plural}}{{/tables}}",
                 "chronyc_ntpdata 0 exchanges");
    while (language_next(&language, NULL, &index, &error) == 1) {
        assert_int_equal(print_text(&fixture, language, &result), 0);
        /* A line for each message, and nothing else. */
        assert_true(strlen(result) > 0 || !strcmp(language->name, "hexstring"));
        free(result);
        language_free(language);
    }
}

static void json_is_json(void **state)
{
    static uint8_t bytes[256];
    struct said request[] = {{.data = bytes, .length = sizeof(bytes)}, SAID("\"\\*/")};
    struct exchange exchanges[] = {{.request = SIDE(request)}, {.response = SIDE(request)}};
    struct conversation_table conversations[] = {
        {.type = SOCK_STREAM, .server.address = address, .exchanges = exchanges, .count = 2},
        {.type = SOCK_STREAM, .exchanges = NULL}};
    struct table table = {.conversations = conversations, .count = 2};
    struct fixture fixture = {.table = &table, .command = command};
    json_error_t error;
    char *result;
    json_t *json;

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)i;
    result = print_language(&fixture, "json");
    json = json_loads(result, JSON_REJECT_DUPLICATES, &error);
    if (!json)
        fail_msg("%d:%d: %s", error.line, error.column, error.text);
    assert_int_equal(json_array_size(json_object_get(json, "conversations")), 2);
    json_decref(json);
    free(result);
}

static void names_come_from_the_command(void **state)
{
    struct table table = {0};
    struct fixture fixture = {.table = &table};
    char quote[] = "it's";
    char dangerous[] = "./\xff\"\\\n*";
    char *const quoted[] = {quote, word, (char[]){""}, NULL};
    char *const bad[] = {dangerous, NULL};

    (void)state;
    assert_gives(&fixture, "{{name}}|{{command}}", "table|");
    fixture.command = quoted;
    assert_gives(&fixture, "{{{name}}}|{{{command}}}", "it's ntpdata|'it'\\''s' ntpdata ''");
    fixture.command = bad;
    assert_gives(&fixture, "{{{name}}}", "_____");
    fixture.name = "given";
    assert_gives(&fixture, "{{{name}}}", "given");
}

static void failed_writes_are_told(void **state)
{
    struct said request[] = {SAID("a")};
    struct exchange exchanges[1000];
    struct conversation_table conversation = {
        .type = SOCK_STREAM, .exchanges = exchanges, .count = 1000};
    struct table table = {.conversations = &conversation, .count = 1};
    struct fixture fixture = {.table = &table};
    struct template_error error;
    struct language *language;
    size_t index = 0;
    FILE *out;

    (void)state;
    for (size_t i = 0; i < 1000; i++)
        exchanges[i] = (struct exchange){.request = SIDE(request)};
    while (language_next(&language, NULL, &index, &error) == 1) {
        out = fopen("/dev/full", "w");
        if (!out)
            skip();
        assert_int_equal(fixture_print(&fixture, language, out, &error), -ENOSPC);
        assert_string_equal(error.text, strerror(ENOSPC));
        fclose(out);
        language_free(language);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_what_is_carried),
        cmocka_unit_test(names_what_there_is),
        cmocka_unit_test(names_reach_through_what_hides_them),
        cmocka_unit_test(parts_and_blocks_are_whole),
        cmocka_unit_test(marks_of_a_side_stand_where_its_messages_do),
        cmocka_unit_test(what_is_asked_for_within_hides_nothing),
        cmocka_unit_test(comment_ends_are_seen_across_pieces),
        cmocka_unit_test(lines_are_as_wide_as_what_stands_in_them),
        cmocka_unit_test(bytes_as_plain_text_are_escaped),
        cmocka_unit_test(nothing_differs_from_empty),
        cmocka_unit_test(says_what_is_missing),
        cmocka_unit_test(says_what_is_no_whole_frame),
        cmocka_unit_test(tables_have_names_of_their_own),
        cmocka_unit_test(no_conversation_makes_an_empty_table),
        cmocka_unit_test(json_is_json),
        cmocka_unit_test(names_come_from_the_command),
        cmocka_unit_test(failed_writes_are_told),
    };

    return cmocka_run_group_tests_name("fixture", tests, NULL, NULL);
}
