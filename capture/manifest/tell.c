/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/manifest/tell.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "capture/terminal.h"
#include "capture/text.h"

enum { LINE_SIZE = 2048, OUTPUT_LINES = 50 };

static const char prefix[] = "sockfixture: ";

void tell_begin(struct tell *tell, bool quiet)
{
    *tell = (struct tell){.live = !quiet && terminal_draws(stderr)};
}

void tell_erase(struct tell *tell)
{
    if (!tell->drawn)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    tell->drawn = false;
}

/* With blanks for tabs, which lead elsewhere where something stands before the line. */
static void expand_tabs(char *to, size_t size, const char *text)
{
    enum { TAB = 8 };
    size_t at = 0;

    for (; *text && at + TAB < size; text++) {
        const size_t width = *text == '\t' ? TAB - at % TAB : 1;

        memset(to + at, *text == '\t' ? ' ' : *text, width);
        at += width;
    }
    to[at] = '\0';
}

static void print_line(struct tell *tell, const char *before, const char *text)
{
    char line[2 * LINE_SIZE], expanded[2 * LINE_SIZE];

    expand_tabs(expanded, sizeof(expanded), text);
    text_clean(line, sizeof(line), expanded);
    tell_erase(tell);
    fflush(stdout);
    fprintf(stderr, "%s%s\n", before, line);
}

void tell_say(struct tell *tell, const char *format, ...)
{
    char line[LINE_SIZE];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    print_line(tell, prefix, line);
}

const char *tell_without_name(const char *line)
{
    const size_t length = strlen(prefix);

    return strncmp(line, prefix, length) == 0 ? line + length : line;
}

static size_t count_lines(FILE *file)
{
    size_t count = 0;
    int c;

    rewind(file);
    while ((c = getc(file)) != EOF)
        count += c == '\n';
    return count;
}

/* Hands the lines of the file, but for the first ones, to print_line(). */
static void print_file(struct tell *tell, const char *before, FILE *file, size_t left_out)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t length;

    rewind(file);
    while ((length = getline(&line, &size, file)) > 0) {
        if (left_out > 0) {
            left_out--;
            continue;
        }
        line[length - (line[length - 1] == '\n')] = '\0';
        print_line(tell, before, tell_without_name(line));
    }
    free(line);
}

void tell_words(struct tell *tell, const char *name, FILE *words)
{
    char before[256];

    snprintf(before, sizeof(before), "%s%s: ", prefix, name);
    print_file(tell, before, words, 0);
}

void tell_output(struct tell *tell, FILE *output)
{
    const size_t count = count_lines(output);
    const size_t left_out = count > OUTPUT_LINES ? count - OUTPUT_LINES : 0;

    if (left_out)
        tell_say(tell, "of what commands printed, the last %d lines of %zu:", OUTPUT_LINES, count);
    print_file(tell, "    | ", output, left_out);
}

void tell_progress(struct tell *tell, size_t done, size_t count, const char *now)
{
    char line[LINE_SIZE];

    if (!tell->live)
        return;
    snprintf(line, sizeof(line), "%s%zu of %zu %s%s%s", prefix, done, count,
             text_counted(count, "fixture", "fixtures"), *now ? ", now " : "", now);
    fprintf(stderr, "\r%.*s\033[K", (int)(terminal_width(stderr) - 1), line);
    fflush(stderr);
    tell->drawn = true;
}
