/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Any text as a user's template. It is refused with a place that it has, or prints a conversation
 * that has some of everything.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "emit/fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Lists in lists multiply, and nobody is harmed by a template of their own that takes for ever. */
enum { DEPTH_MAX = 8, OUTPUT_MAX = 1 << 20 };

static void expect(bool is_so, const char *what)
{
    if (is_so)
        return;
    fprintf(stderr, "%s\n", what);
    abort();
}

/* A conversation of one exchange, with what would end a string or a comment in what it says. */
static struct fixture fixture_of_all(void)
{
    static char program[] = "a\nb", *const command[] = {program, NULL};
    static uint8_t asked[] = "*/ \"\\\0\xff\n -->, and more than a row", answered[] = "answer";
    static struct ancillary credentials = {
        .count = 1, .controls = {{.kind = CONTROL_CREDENTIALS, .credentials = {1, 2, 3}}}};
    static struct carried carried = {.ancillary = &credentials};
    static struct range varies = {.offset = 1, .length = 2, .kind = RANGE_BYTES};
    static struct said request = {.data = asked,
                                  .length = sizeof(asked),
                                  .carried = &carried,
                                  .carried_count = 1},
                       response = {
                           .data = answered, .length = 6, .missing = 1, .ranges = {&varies, 1, 1}};
    static struct exchange exchange = {{&request, 1, 0}, {&response, 1, 2}, 2, 3};
    static struct conversation_table conversation = {
        .family = AF_UNIX,
        .type = SOCK_DGRAM,
        .client = {.address = (char *)"", .pid = 1, .comm = "a*/b"},
        .server = {.address = (char *)"/run/\"x", .pid = 2, .comm = "\xff"},
        .exchanges = &exchange,
        .count = 1,
    };
    static const struct table table = {.conversations = &conversation, .count = 1};

    return (struct fixture){.table = &table, .command = command, .call = "x", .incomplete = true};
}

static size_t count_lines(const char *text, size_t length)
{
    size_t count = 1;

    for (size_t i = 0; i < length; i++)
        count += text[i] == '\n';
    return count;
}

/* How deep sections may stand within one another, whatever their delimiters are. */
static size_t depth(const char *text, size_t length)
{
    size_t now = 0, most = 0;

    for (size_t i = 0; i < length; i++) {
        if (text[i] == '#' || text[i] == '^')
            now++;
        else if (now && i + 3 <= length && memcmp(text + i, "{{/", 3) == 0)
            now--;
        most = now > most ? now : most;
    }
    return most;
}

/* Takes so much, and fails then as a full disk does. */
static ssize_t take(void *left, const char *bytes, size_t size)
{
    size_t *room = left;

    (void)bytes;
    if (size > *room)
        return 0;
    *room -= size;
    return (ssize_t)size;
}

static void print(struct language *language)
{
    struct fixture fixture = fixture_of_all();
    struct template_error error = {0};
    size_t room = OUTPUT_MAX;
    FILE *out = fopencookie(&room, "w", (cookie_io_functions_t){.write = take});

    expect(out, "no memory");
    expect(fixture_print(&fixture, language, out, &error) == 0 || error.text[0], "nothing is said");
    fclose(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct template_error error = {0};
    struct language *language;

    if (depth(text, size) > DEPTH_MAX)
        return 0;
    if (language_parse(&language, "fuzz", text, size, &error)) {
        expect(error.text[0] && error.line <= count_lines(text, size), "a line that is not there");
        return 0;
    }
    print(language);
    language_free(language);
    return 0;
}
