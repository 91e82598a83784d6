/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* For continuous integration: JUnit's XML, and the annotations of GitHub's workflows. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/memory_file.h"
#include "capture/text.h"
#include "emit/report.h"

/* The difference with its bytes, as people see it; NULL when there is no memory. */
static char *describe(const struct report *report, const struct difference *difference)
{
    struct report plain = *report;
    char title[REPORT_TITLE_SIZE], *text = NULL;
    size_t size;
    FILE *out = memory_file_open(&text, &size);

    if (!out)
        return NULL;
    plain.colour = false;
    report_title(report, difference, title);
    fprintf(out, "%s\n", title);
    report_bytes(&plain, difference, out);
    fclose(out);
    return text;
}

/* Characters that a format cannot have as they are, and what stands for them. */
struct substitute {
    char character;
    const char *text;
};

static void print_with(FILE *out, const char *text, const struct substitute *substitutes)
{
    for (; *text; text++) {
        const struct substitute *found = substitutes;

        while (found->text && found->character != *text)
            found++;
        if (found->text)
            fputs(found->text, out);
        else
            putc(*text, out);
    }
}

/* JUnit: every exchange of the recording is a test, and so is every new one. */

/* Text that shows; a newline would be read as a space. */
static void print_attribute(FILE *out, const char *text)
{
    static const struct substitute attribute[] = {{'&', "&amp;"},  {'<', "&lt;"},   {'>', "&gt;"},
                                                  {'"', "&quot;"}, {'\n', "&#10;"}, {0, NULL}};

    print_with(out, text, attribute);
}

/* Text from outside, of any length. */
static void print_escaped(FILE *out, const char *text)
{
    char piece[256];
    size_t done;

    for (size_t length = strlen(text); length > 0; text += done, length -= done) {
        done = text_escape(piece, sizeof(piece), text, length);
        print_attribute(out, piece);
    }
}

static int print_failure(const struct report *report, const struct difference *difference,
                         FILE *out)
{
    static const struct substitute body[] = {
        {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {0, NULL}};
    char title[REPORT_TITLE_SIZE], *text = describe(report, difference);

    if (!text)
        return -ENOMEM;
    report_title(report, difference, title);
    fputs("      <failure message=\"", out);
    print_attribute(out, title);
    fputs("\">", out);
    print_with(out, text, body);
    fputs("</failure>\n", out);
    free(text);
    return 0;
}

static void begin_case(const struct report *report, const char *name, FILE *out)
{
    fputs("    <testcase classname=\"", out);
    print_escaped(out, report->recording ? report->recording
                       : report->part    ? report->part
                                         : "fixture");
    fputs("\" name=\"", out);
    print_escaped(out, name);
    fputs("\">\n", out);
}

/* Differences are in the order of the exchanges; *next is the first that was not printed. */
static int print_case(const struct report *report, size_t conversation, size_t index, size_t *next,
                      FILE *out)
{
    const struct exchange *exchange = &report->old->conversations[conversation].exchanges[index];
    const struct differences *differences = report->differences;
    char name[NAMES_SIZE];
    int err = 0;

    names_get(report->old_names, conversation, index, name);
    begin_case(report, name, out);
    for (; *next < differences->count && !err; ++*next) {
        const struct difference *difference = &differences->items[*next];

        if (difference->old && difference->old != exchange)
            break;
        if (difference->old) /* those that are new come behind */
            err = print_failure(report, difference, out);
    }
    fputs("    </testcase>\n", out);
    return err;
}

static int print_added(const struct report *report, const struct difference *difference, FILE *out)
{
    char name[NAMES_SIZE];
    int err;

    report_exchange(report, difference, name);
    begin_case(report, name, out);
    err = print_failure(report, difference, out);
    fputs("    </testcase>\n", out);
    return err;
}

static void print_message(const char *title, FILE *out)
{
    fputs("      <failure message=\"", out);
    print_attribute(out, title);
    fputs("\"/>\n", out);
}

/* The recording is a test of its own only when something is wrong with it. */
static void print_outdated(const struct report *report, FILE *out)
{
    char title[REPORT_TITLE_SIZE];

    report_outdated(report, title);
    begin_case(report, report->recording, out);
    print_message(title, out);
    fputs("    </testcase>\n", out);
}

/* A fixture that is not what the recording emits, or one of a part that is. */
static void print_output(const struct report *report, FILE *out)
{
    char title[REPORT_TITLE_SIZE];

    begin_case(report, report->stale ? report->stale : report->output, out);
    if (report->stale) {
        report_stale(report, title);
        print_message(title, out);
    }
    fputs("    </testcase>\n", out);
}

void report_junit_begin(FILE *out)
{
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n", out);
}

void report_junit_end(FILE *out)
{
    fputs("</testsuites>\n", out);
}

static void begin_suite(const char *name, size_t tests, size_t failures, size_t errors, FILE *out)
{
    fputs("  <testsuite name=\"", out);
    print_escaped(out, name);
    fprintf(out, "\" tests=\"%zu\" failures=\"%zu\"", tests, failures);
    if (errors)
        fprintf(out, " errors=\"%zu\"", errors);
    fputs(">\n", out);
}

void report_junit_error(const char *fixture, const char *text, FILE *out)
{
    begin_suite(fixture, 1, 0, 1, out);
    fputs("    <testcase classname=\"", out);
    print_escaped(out, fixture);
    fputs("\" name=\"", out);
    print_escaped(out, fixture);
    fputs("\">\n      <error message=\"", out);
    print_attribute(out, text);
    fputs("\"/>\n    </testcase>\n  </testsuite>\n", out);
}

static size_t count_failures(const struct report *report, size_t *added)
{
    const struct differences *differences = report->differences;
    size_t failures = (report->stale != NULL) + (report->outdated != NULL);

    *added = 0;
    for (size_t i = 0; i < differences->count; i++) {
        *added += !differences->items[i].old;
        /* Those of one exchange follow each other, and are the failures of one test. */
        failures += !i || !differences->items[i].old ||
                    differences->items[i].old != differences->items[i - 1].old;
    }
    return failures;
}

int report_junit(const struct report *report, FILE *out)
{
    const bool has_output = report->stale || report->output;
    size_t added, failures = count_failures(report, &added);
    const size_t tests = (report->old ? table_exchanges(report->old) : 0) + added +
                         (report->outdated != NULL) + has_output;
    size_t next = 0;
    int err = 0;

    if (!report->part)
        report_junit_begin(out);
    begin_suite(report->part ? report->part : "sockfixture", tests, failures, 0, out);
    for (size_t i = 0; report->old && i < report->old->count; i++)
        for (size_t j = 0; j < report->old->conversations[i].count && !err; j++)
            err = print_case(report, i, j, &next, out);
    for (size_t i = 0; i < report->differences->count && !err; i++)
        if (!report->differences->items[i].old)
            err = print_added(report, &report->differences->items[i], out);
    if (report->outdated)
        print_outdated(report, out);
    if (has_output)
        print_output(report, out);
    fputs("  </testsuite>\n", out);
    if (!report->part)
        report_junit_end(out);
    return err;
}

/* GitHub: a line for each difference, in which a newline and what it separates are spelled. */

void report_github_error(const char *file, size_t line, const char *title, const char *text,
                         FILE *out)
{
    static const struct substitute data[] = {{'%', "%25"}, {'\r', "%0D"}, {'\n', "%0A"}, {0, NULL}};
    static const struct substitute property[] = {{'%', "%25"}, {'\r', "%0D"}, {'\n', "%0A"},
                                                 {':', "%3A"}, {',', "%2C"},  {0, NULL}};

    fputs("::error", out);
    if (file) {
        fputs(" file=", out);
        print_with(out, file, property);
        fprintf(out, ",line=%zu,title=", line);
    } else {
        fputs(" title=", out);
    }
    print_with(out, title, property);
    fputs("::", out);
    print_with(out, text, data);
    putc('\n', out);
}

int report_github(const struct report *report, FILE *out)
{
    char title[REPORT_TITLE_SIZE];

    for (size_t i = 0; i < report->differences->count; i++) {
        char *text = describe(report, &report->differences->items[i]);

        if (!text)
            return -ENOMEM;
        text[strlen(text) - 1] = '\0'; /* the last line's end */
        report_title(report, &report->differences->items[i], title);
        report_github_error(report->file, report->line, title, text, out);
        free(text);
    }
    if (report->outdated) {
        report_outdated(report, title);
        report_github_error(report->file, report->line, "a recording is not up to date", title,
                            out);
    }
    if (report->stale) {
        report_stale(report, title);
        report_github_error(report->file, report->line, "a fixture is not up to date", title, out);
    }
    return 0;
}
