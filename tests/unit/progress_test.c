/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The line that says how far a recording is, on a terminal and elsewhere. */
#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/progress.h"
#include "capture/terminal.h"

#define SECOND UINT64_C(1000000000)

static const struct progress some = {
    .elapsed = 7 * SECOND, .messages = 12, .bytes = 3456, .lost = 1};

/* A terminal of so many columns, and what it gets. */
struct terminal {
    int screen;
    FILE *file;
};

static struct terminal open_terminal(unsigned short columns, const char *name)
{
    struct winsize size = {.ws_row = 24, .ws_col = columns};
    struct terminal terminal;
    int keyboard;

    assert_int_equal(setenv("TERM", name, 1), 0);
    assert_int_equal(openpty(&terminal.screen, &keyboard, NULL, NULL, &size), 0);
    assert_int_equal(fcntl(terminal.screen, F_SETFL, O_NONBLOCK), 0);
    terminal.file = fdopen(keyboard, "w");
    assert_non_null(terminal.file);
    return terminal;
}

static void close_terminal(struct terminal *terminal)
{
    fclose(terminal->file);
    close(terminal->screen);
}

static void assert_gets(const struct terminal *terminal, const char *expected)
{
    struct pollfd screen = {.fd = terminal->screen, .events = POLLIN};
    char text[1024];
    size_t length = 0;

    /* What is written at once need not be there to read at once. */
    while (length < strlen(expected) && length < sizeof(text) - 1 && poll(&screen, 1, 10000) == 1) {
        ssize_t got = read(terminal->screen, text + length, sizeof(text) - 1 - length);

        if (got <= 0)
            break;
        length += (size_t)got;
    }
    if (!*expected) {
        ssize_t got = read(terminal->screen, text, sizeof(text) - 1);

        length = got > 0 ? (size_t)got : 0;
    }
    text[length] = '\0';
    assert_string_equal(text, expected);
}

static void spells_progress(void **state)
{
    static const struct {
        struct progress progress;
        const char *expected;
    } cases[] = {
        {{0}, "0 messages, 0 bytes, 0 lost, 00:00"},
        {{.elapsed = 61 * SECOND - 1, .messages = 1}, "1 message, 0 bytes, 0 lost, 01:00"},
        {{.elapsed = 3600 * SECOND, .bytes = 1}, "0 messages, 1 byte, 0 lost, 1:00:00"},
        {{.elapsed = 360061 * SECOND, .lost = 1}, "0 messages, 0 bytes, 1 lost, 100:01:01"},
        {{.exchanges = 2, .wanted = 3}, "2 of 3 exchanges, 0 messages, 0 bytes, 0 lost, 00:00"},
        {{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, SIZE_MAX, SIZE_MAX},
         "18446744073709551615 of 18446744073709551615 exchanges, 18446744073709551615 messages, "
         "18446744073709551615 bytes, 18446744073709551615 lost, 5124095:34:33"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char text[PROGRESS_TEXT_SIZE];

        progress_print(text, &cases[i].progress);
        assert_string_equal(text, cases[i].expected);
    }
}

static void draws_over_itself_and_erases(void **state)
{
    struct terminal terminal = open_terminal(80, "xterm");
    struct progress progress = some;
    struct progress_line line;

    (void)state;
    progress_line_begin(&line, terminal.file, true);
    progress_line_erase(&line);
    assert_gets(&terminal, "");
    progress_line_draw(&line, &progress);
    assert_gets(&terminal, "\rsockfixture: 12 messages, 3456 bytes, 1 lost, 00:07\033[K");
    /* No more often than five times a second, unless it was erased. */
    progress.elapsed += SECOND / 10;
    progress.messages++;
    progress_line_draw(&line, &progress);
    assert_gets(&terminal, "");
    progress.elapsed += SECOND / 10;
    progress_line_draw(&line, &progress);
    assert_gets(&terminal, "\rsockfixture: 13 messages, 3456 bytes, 1 lost, 00:07\033[K");
    progress_line_erase(&line);
    assert_gets(&terminal, "\r\033[K");
    progress_line_erase(&line);
    assert_gets(&terminal, "");
    progress_line_draw(&line, &progress);
    assert_gets(&terminal, "\rsockfixture: 13 messages, 3456 bytes, 1 lost, 00:07\033[K");
    /* Whoever asks gets a line that stays. */
    progress_line_print(&line, &progress);
    assert_gets(&terminal, "\r\033[Ksockfixture: 13 messages, 3456 bytes, 1 lost, 00:07\r\n");
    close_terminal(&terminal);
}

static void never_wraps(void **state)
{
    struct terminal terminal = open_terminal(20, "xterm");
    struct progress_line line;

    (void)state;
    progress_line_begin(&line, terminal.file, true);
    progress_line_draw(&line, &some);
    assert_gets(&terminal, "\rsockfixture: 12 mes\033[K");
    close_terminal(&terminal);
}

/* Where it is not wanted, or cannot be drawn over, it is printed when asked for and no more. */
static void is_drawn_only_where_it_can_be(void **state)
{
    static const struct {
        const char *name;
        bool live;
    } cases[] = {{"xterm", false}, {"dumb", true}, {"", true}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct terminal terminal = open_terminal(80, cases[i].name);
        struct progress_line line;

        progress_line_begin(&line, terminal.file, cases[i].live);
        progress_line_draw(&line, &some);
        assert_gets(&terminal, "");
        progress_line_print(&line, &some);
        assert_gets(&terminal, "sockfixture: 12 messages, 3456 bytes, 1 lost, 00:07\r\n");
        close_terminal(&terminal);
    }
}

static void a_file_is_no_terminal(void **state)
{
    char *text;
    size_t size;
    FILE *file = tmpfile();
    struct progress_line line;

    (void)state;
    assert_non_null(file);
    setenv("TERM", "xterm", 1);
    progress_line_begin(&line, file, true);
    progress_line_draw(&line, &some);
    progress_line_erase(&line);
    assert_int_equal(ftell(file), 0);
    assert_false(terminal_draws(file));
    assert_false(terminal_colors(file));
    assert_int_equal(terminal_width(file), 80);
    fclose(file);
    /* Nor is what has no descriptor at all. */
    file = open_memstream(&text, &size);
    assert_non_null(file);
    assert_false(terminal_draws(file));
    fclose(file);
    free(text);
}

static void colors_are_for_terminals_unless_refused(void **state)
{
    struct terminal terminal = open_terminal(80, "xterm");

    (void)state;
    unsetenv("NO_COLOR");
    assert_true(terminal_colors(terminal.file));
    setenv("NO_COLOR", "", 1);
    assert_true(terminal_colors(terminal.file));
    setenv("NO_COLOR", "1", 1);
    assert_false(terminal_colors(terminal.file));
    unsetenv("NO_COLOR");
    setenv("TERM", "dumb", 1);
    assert_false(terminal_colors(terminal.file));
    unsetenv("TERM");
    assert_false(terminal_colors(terminal.file));
    close_terminal(&terminal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spells_progress),
        cmocka_unit_test(draws_over_itself_and_erases),
        cmocka_unit_test(never_wraps),
        cmocka_unit_test(is_drawn_only_where_it_can_be),
        cmocka_unit_test(a_file_is_no_terminal),
        cmocka_unit_test(colors_are_for_terminals_unless_refused),
    };

    return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
