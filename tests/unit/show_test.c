/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Messages for people: what is printed, in which colours, and that nothing else drives the screen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <cmocka.h>

#include "capture/show.h"

static const struct end client = {.address = (char *)"", .pid = 123, .comm = "chronyc"};
static const struct end server = {
    .address = (char *)"/run/chrony/chronyd.sock", .pid = 77, .comm = "chronyd"};

static struct message sample(enum direction direction, const char *data, size_t length)
{
    return (struct message){
        .time = UINT64_C(45296789012345), /* 12:34:56.789012345 on the first day */
        .direction = direction,
        .family = AF_UNIX,
        .type = SOCK_DGRAM,
        .sent = direction == REQUEST,
        .self = &client,
        .peer = &server,
        .data = (const uint8_t *)data,
        .length = length,
    };
}

static void assert_shows(const struct message *message, bool colors, const char *expected)
{
    char *text;
    size_t size;
    FILE *file = open_memstream(&text, &size);

    assert_non_null(file);
    show_message(file, message, colors);
    fclose(file);
    assert_string_equal(text, expected);
    free(text);
}

static void shows_who_and_what(void **state)
{
    struct message message = sample(REQUEST, "\x06\x01\0\0~tracking \x7f\xff\r\n+Z", 20);

    (void)state;
    message.type = SOCK_STREAM;
    assert_shows(&message, false,
                 "12:34:56.789012 chronyc[123] > chronyd[77] /run/chrony/chronyd.sock stream 20\n"
                 "\t0x0000:  0601 0000 7e74 7261 636b 696e 6720 7fff  ....~tracking ..\n"
                 "\t0x0010:  0d0a 2b5a                                ..+Z\n");
    message = sample(RESPONSE, "0123456789abcdef", 16);
    assert_shows(&message, false,
                 "12:34:56.789012 chronyd[77] > chronyc[123] /run/chrony/chronyd.sock dgram 16\n"
                 "\t0x0000:  3031 3233 3435 3637 3839 6162 6364 6566  0123456789abcdef\n");
    message = sample(REQUEST, "abc", 3);
    assert_shows(&message, false,
                 "12:34:56.789012 chronyc[123] > chronyd[77] /run/chrony/chronyd.sock dgram 3\n"
                 "\t0x0000:  6162 63                                  abc\n");
}

static void shows_what_is_not_there(void **state)
{
    struct message message = sample(REQUEST, NULL, 0);

    (void)state;
    message.type = SOCK_SEQPACKET;
    assert_shows(
        &message, false,
        "12:34:56.789012 chronyc[123] > chronyd[77] /run/chrony/chronyd.sock seqpacket 0\n");
    message = sample(REQUEST, "ab", 2);
    message.missing = 100;
    message.lost = 3;
    assert_shows(&message, false,
                 "12:34:56.789012 chronyc[123] > chronyd[77] /run/chrony/chronyd.sock dgram 102, "
                 "100 missing, 3 lost before\n"
                 "\t0x0000:  6162                                     ab\n");
}

/* An end of which nothing but its address is known, or not even that. */
static void shows_ends_by_what_is_known(void **state)
{
    struct end unknown = {.address = (char *)""}, address = {.address = (char *)"@odd \\x00"};
    struct end nameless = {.address = (char *)"", .pid = 5};
    struct message message = sample(REQUEST, NULL, 0);

    (void)state;
    message.self = &unknown;
    message.peer = &address;
    assert_shows(&message, false, "12:34:56.789012 ? > @odd \\x00 @odd \\x00 dgram 0\n");
    message.self = &address;
    message.peer = &nameless;
    assert_shows(&message, false, "12:34:56.789012 @odd \\x00 > ?[5] dgram 0\n");
}

static void tells_directions_by_colour(void **state)
{
    struct message message = sample(REQUEST, "a", 1);

    (void)state;
    assert_shows(&message, true,
                 "12:34:56.789012 \033[36mchronyc[123] > chronyd[77]\033[0m "
                 "/run/chrony/chronyd.sock dgram 1\n"
                 "\t\033[2m0x0000:\033[0m  61                                       a\n");
    message = sample(RESPONSE, "a", 1);
    assert_shows(&message, true,
                 "12:34:56.789012 \033[32mchronyd[77] > chronyc[123]\033[0m "
                 "/run/chrony/chronyd.sock dgram 1\n"
                 "\t\033[2m0x0000:\033[0m  61                                       a\n");
}

/* Names and bytes that would clear the screen, or end the line. */
static void nothing_from_outside_drives_the_terminal(void **state)
{
    struct end evil = {
        .address = (char *)"/a\033[2J\n\xc2\x9b", .pid = 1, .comm = "\033c\nb\r\x7f"};
    struct message message;
    uint8_t data[256];
    char *text;
    size_t size;
    FILE *file = open_memstream(&text, &size);

    (void)state;
    assert_non_null(file);
    for (int i = 0; i < 256; i++)
        data[i] = (uint8_t)i;
    message = sample(REQUEST, (char *)data, sizeof(data));
    message.self = message.peer = &evil;
    show_message(file, &message, false);
    fclose(file);
    for (const char *each = text; *each; each++)
        assert_true((*each >= 0x20 && *each < 0x7f) || *each == '\n' || *each == '\t');
    assert_non_null(strstr(text, "\\x1bc\\x0ab\\x0d\\x7f[1] > "));
    assert_non_null(strstr(text, " /a\\x1b[2J\\x0a\\xc2\\x9b dgram 256\n"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_who_and_what),
        cmocka_unit_test(shows_what_is_not_there),
        cmocka_unit_test(shows_ends_by_what_is_known),
        cmocka_unit_test(tells_directions_by_colour),
        cmocka_unit_test(nothing_from_outside_drives_the_terminal),
    };

    setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests_name("show", tests, NULL, NULL);
}
