/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Plays the conversations below tests/unit/frames, in one piece and in many. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
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
#include "capture/text.h"

#define CASES "tests/unit/frames"

enum {
    CASES_MAX = 256,
    MESSAGES_MAX = 64,
    SHOWN_MAX = 400, /* bytes of a message; of longer ones the length is shown */
    CUTS_MAX = 500,  /* of a message; a longer one is not cut at every byte */
};

struct script {
    char path[256];
    int line;
    struct framing framing;
    struct message messages[MESSAGES_MAX];
    size_t count;
};

static void wrong_line(const struct script *script, const char *why)
{
    fail_msg("%s:%d: %s", script->path, script->line, why);
}

/* Reading a script */

/* Writes what a quoted string stands for; *text is then what is behind it. */
static void unquote(const struct script *script, const char **text, FILE *out)
{
    const char *from = *text + 1;
    unsigned byte;

    for (; *from != '"'; from++) {
        if (!*from)
            wrong_line(script, "no end of the string");
        if (*from != '\\') {
            putc(*from, out);
        } else if (sscanf(from, "\\x%2x", &byte) == 1) {
            putc((int)byte, out);
            from += 3;
        } else {
            from++;
            putc(*from == 'r' ? '\r' : *from == 'n' ? '\n' : *from, out);
        }
    }
    *text = from + 1;
}

/* The same, as often as it says. */
static void read_string(const struct script *script, const char **text, FILE *out)
{
    char *once = NULL;
    size_t length, times = 1;
    FILE *piece = open_memstream(&once, &length);

    assert_non_null(piece);
    unquote(script, text, piece);
    fclose(piece);
    if (strncmp(*text, " * ", 3) == 0)
        times = strtoul(*text + 3, (char **)text, 10);
    while (times--)
        assert_int_equal(fwrite(once, 1, length, out), length);
    free(once);
}

static void read_message(struct script *script, const char *text)
{
    static const struct ancillary carried;
    static struct end client = {.address = (char *)""}, server = {.address = (char *)"/s"};
    struct message *message = &script->messages[script->count++];
    char *data = NULL;
    FILE *out;

    if (script->count > MESSAGES_MAX)
        wrong_line(script, "too many messages");
    *message = (struct message){
        .conversation = 1,
        .direction = *text == '>' ? REQUEST : RESPONSE,
        .family = AF_UNIX,
        .type = SOCK_STREAM,
        .sent = *text == '>',
        .self = &client,
        .peer = &server,
    };
    out = open_memstream(&data, &message->length);
    assert_non_null(out);
    for (text++; *text && *text != '\n';) {
        if (*text == ' ')
            text++;
        else if (*text == '"')
            read_string(script, &text, out);
        else if (strncmp(text, "lost=", 5) == 0)
            message->lost = strtoul(text + 5, (char **)&text, 10);
        else if (strncmp(text, "carries", 7) == 0) {
            message->ancillary = &carried;
            text += 7;
        } else if (strncmp(text, "missing=", 8) == 0)
            message->missing = strtoul(text + 8, (char **)&text, 10);
        else
            wrong_line(script, "what is that?");
    }
    fclose(out);
    message->data = (uint8_t *)data;
}

static void read_script(struct script *script, const char *name)
{
    char *line = NULL;
    size_t size = 0;
    FILE *file;

    memset(script, 0, sizeof(*script));
    snprintf(script->path, sizeof(script->path), CASES "/%s/script", name);
    file = fopen(script->path, "re");
    if (!file)
        fail_msg("%s: %s", script->path, strerror(errno));
    for (script->line = 1; getline(&line, &size, file) > 0; script->line++) {
        if (strncmp(line, "frame ", 6) == 0) {
            line[strcspn(line, "\n")] = '\0';
            if (framing_parse(&script->framing, line + 6))
                wrong_line(script, "no such framing");
        } else if (*line == '>' || *line == '<') {
            read_message(script, line);
        } else if (*line != '#' && *line != '\n') {
            wrong_line(script, "what is that?");
        }
    }
    assert_non_null(script->framing.framer);
    free(line);
    fclose(file);
}

static void free_script(struct script *script)
{
    for (size_t i = 0; i < script->count; i++)
        free((uint8_t *)script->messages[i].data);
}

/* Printing what came of it */

static void print_side(FILE *out, const struct side *side)
{
    char text[4 * SHOWN_MAX + 1];

    if (side->lost)
        fprintf(out, " lost=%zu", side->lost);
    if (side->count == 0)
        fputs(" -", out);
    for (size_t i = 0; i < side->count; i++) {
        const struct said *said = &side->messages[i];

        fputs(i ? ", " : " ", out);
        if (said->length > SHOWN_MAX) {
            fprintf(out, "(%zu bytes)", said->length);
        } else {
            text_escape(text, sizeof(text), said->data, said->length);
            fprintf(out, "\"%s\"", text);
        }
        if (said->missing)
            fprintf(out, "+%zu", said->missing);
        if (said->unframed)
            fputs("?", out);
        for (size_t j = 0; j < said->carried_count; j++)
            fprintf(out, "@%zu", said->carried[j].offset);
    }
}

static char *print_table(const struct table *table)
{
    const struct conversation_table *conversation = &table->conversations[0];
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    assert_int_equal(table->count, 1);
    for (size_t i = 0; i < conversation->count; i++) {
        print_side(out, &conversation->exchanges[i].request);
        fputs(" =>", out);
        print_side(out, &conversation->exchanges[i].response);
        fputs("\n", out);
    }
    for (int i = REQUEST; i <= RESPONSE; i++)
        if (conversation->wrong[i].why)
            fprintf(out, "%s, byte %" PRIu64 ": %s\n", i == REQUEST ? "request" : "response",
                    conversation->wrong[i].at, conversation->wrong[i].why);
    fclose(out);
    return text;
}

/* Playing it */

/* Adds some bytes of a message, in a copy of just their size: a sanitizer sees who reads past it.
 */
static void add_piece(struct table *table, const struct message *message, size_t from, size_t to)
{
    struct message piece = *message;
    uint8_t *data = malloc(to - from + 1);

    assert_non_null(data);
    memcpy(data + 1, message->data + from, to - from);
    piece.data = data + 1;
    piece.length = to - from;
    if (from > 0) {
        piece.lost = 0;
        piece.ancillary = NULL;
    }
    if (to < message->length)
        piece.missing = 0;
    assert_int_equal(table_add(table, &piece), 0);
    free(data);
}

struct cuts {
    size_t message; /* the one to be cut in two; SIZE_MAX: none */
    size_t at;      /* where; 0: at every byte, and so every message */
};

static char *play(const struct script *script, struct cuts cuts)
{
    struct table *table;
    char *text;

    assert_int_equal(table_new(&table), 0);
    table_frame(table, &script->framing);
    for (size_t i = 0; i < script->count; i++) {
        const struct message *message = &script->messages[i];
        size_t from = 0;

        if (cuts.at == 0 && cuts.message != SIZE_MAX)
            for (; from + 1 < message->length; from++)
                add_piece(table, message, from, from + 1);
        else if (cuts.message == i)
            for (; from < cuts.at; from = cuts.at)
                add_piece(table, message, from, cuts.at);
        add_piece(table, message, from, message->length);
    }
    assert_int_equal(table_finish(table), 0);
    text = print_table(table);
    table_free(table);
    return text;
}

static char *read_whole(const char *path)
{
    FILE *file = fopen(path, "re");
    char *text = NULL;
    size_t size = 0;

    if (!file)
        fail_msg("%s: %s", path, strerror(errno));
    if (getdelim(&text, &size, '\0', file) < 0)
        fail_msg("%s: is empty", path);
    fclose(file);
    return text;
}

static void check(const struct script *script, const char *expected, struct cuts cuts)
{
    char *actual = play(script, cuts);
    bool same = strcmp(actual, expected) == 0;

    if (!same)
        fprintf(stderr, "%s, message %zu cut at %zu: expected\n%s\nbut it came to\n%s\n",
                script->path, cuts.message + 1, cuts.at, expected, actual);
    free(actual);
    assert_true(same);
}

static void plays_as_expected(void **state)
{
    char path[256], *expected;
    struct script script;

    read_script(&script, *state);
    snprintf(path, sizeof(path), CASES "/%s/expected", (const char *)*state);
    expected = read_whole(path);
    check(&script, expected, (struct cuts){.message = SIZE_MAX});
    check(&script, expected, (struct cuts){.at = 0});
    for (size_t i = 0; i < script.count; i++) {
        size_t length = script.messages[i].length;

        for (size_t at = 1; at < length; at += 1 + length / CUTS_MAX)
            check(&script, expected, (struct cuts){.message = i, .at = at});
    }
    free(expected);
    free_script(&script);
}

/* The command line */

static void reads_what_frame_says(void **state)
{
    static const struct {
        const char *text;
        int result;
        struct frame_length length;
    } cases[] = {
        {"line", 0, {0}},
        {"nul", 0, {0}},
        {"crlf", 0, {0}},
        {"http", 0, {0}},
        {"dbus", 0, {0}},
        {"resp", 0, {0}},
        {"postgres", 0, {0}},
        {"len:0:4", 0, {.size = 4}},
        {"len:2:1:le", 0, {.offset = 2, .size = 1, .little_endian = true}},
        {"len:0:2:be", 0, {.size = 2}},
        {"len:4:8:+12", 0, {.offset = 4, .size = 8, .more = 12}},
        {"len:0:3:le:-3", 0, {.size = 3, .little_endian = true, .more = -3}},
        {"len:65535:4", 0, {.offset = 65535, .size = 4}},
        {"", -ENOENT, {0}},
        {"lines", -ENOENT, {0}},
        {"lin", -ENOENT, {0}},
        {"HTTP", -ENOENT, {0}},
        {"http:", -EINVAL, {0}},
        {"line:4", -EINVAL, {0}},
        {"len", -EINVAL, {0}},
        {"len:", -EINVAL, {0}},
        {"len:0", -EINVAL, {0}},
        {"len:0:", -EINVAL, {0}},
        {"len:0:0", -EINVAL, {0}},
        {"len:0:5", -EINVAL, {0}},
        {"len:0:9", -EINVAL, {0}},
        {"len:-1:4", -EINVAL, {0}},
        {"len:65536:4", -EINVAL, {0}},
        {"len:0:4:", -EINVAL, {0}},
        {"len:0:4:4", -EINVAL, {0}},
        {"len:0:4:+", -EINVAL, {0}},
        {"len:0:4:+4:le", -EINVAL, {0}},
        {"len:0:4:me", -EINVAL, {0}},
        {"len:0:4:lest", -EINVAL, {0}},
        {"len:0:4:+99999999999999999999", -EINVAL, {0}},
        {"len: 0:4", -EINVAL, {0}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct framing framing = {0};
        int result = framing_parse(&framing, cases[i].text);

        if (result != cases[i].result)
            fail_msg("%s gave %d", cases[i].text, result);
        if (result)
            continue;
        assert_memory_equal(framing.framer->name, cases[i].text, strcspn(cases[i].text, ":"));
        assert_int_equal(framing.length.offset, cases[i].length.offset);
        assert_int_equal(framing.length.size, cases[i].length.size);
        assert_int_equal(framing.length.little_endian, cases[i].length.little_endian);
        assert_int_equal(framing.length.more, cases[i].length.more);
    }
}

/* Only streams are cut; whatever has a boundary keeps it. */
static void leaves_datagrams_alone(void **state)
{
    struct end end = {.address = (char *)""};
    struct message message = {.conversation = 1,
                              .family = AF_UNIX,
                              .type = SOCK_DGRAM,
                              .self = &end,
                              .peer = &end,
                              .data = (const uint8_t *)"a\nb\n",
                              .length = 4};
    struct framing framing;
    struct table *table;

    (void)state;
    assert_int_equal(framing_parse(&framing, "line"), 0);
    for (int i = 0; i < 2; i++, message.type = SOCK_SEQPACKET) {
        assert_int_equal(table_new(&table), 0);
        table_frame(table, &framing);
        assert_int_equal(table_add(table, &message), 0);
        assert_int_equal(table_finish(table), 0);
        assert_int_equal(table_exchanges(table), 1);
        assert_int_equal(table->conversations[0].exchanges[0].request.count, 1);
        assert_int_equal(table->conversations[0].exchanges[0].request.messages[0].length, 4);
        table_free(table);
    }
}

static int is_case(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && strcmp(entry->d_name, "README") != 0;
}

static void no_cases(void **state)
{
    (void)state;
    fail_msg("%s: no cases (tests run in the root of the repository)", CASES);
}

int main(void)
{
    const struct CMUnitTest others[] = {
        cmocka_unit_test(reads_what_frame_says),
        cmocka_unit_test(leaves_datagrams_alone),
    };
    struct CMUnitTest tests[CASES_MAX] = {0};
    struct dirent **entries = NULL;
    int found = scandir(CASES, &entries, is_case, alphasort);
    size_t count = 0;
    int failed;

    for (; count < sizeof(others) / sizeof(*others); count++)
        tests[count] = others[count];
    for (int i = 0; i < found && count < CASES_MAX; i++)
        tests[count++] = (struct CMUnitTest){.name = entries[i]->d_name,
                                             .test_func = plays_as_expected,
                                             .initial_state = entries[i]->d_name};
    if (found <= 0)
        tests[count++] = (struct CMUnitTest){.name = CASES, .test_func = no_cases};
    failed = _cmocka_run_group_tests("frame", tests, count, NULL, NULL);
    for (int i = 0; i < found; i++)
        free(entries[i]);
    free(entries);
    return failed;
}
