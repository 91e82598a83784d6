/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Tells what differs from a recording: to people, and to programs that run tests. */
#ifndef EMIT_REPORT_H
#define EMIT_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "capture/difference.h"
#include "emit/names.h"

/* What is told. Nothing in it is the report's own. */
struct report {
    const char *recording; /* its path; NULL when there is none */
    const struct table *old, *now;
    const struct names *old_names, *now_names;
    const struct differences *differences;
    const char *stale; /* a fixture that is not what the recording emits; or NULL */
    size_t stale_line; /* the first of its lines that differs, counted from 1; 0: it is not there */
    const char *outdated; /* what is wrong with the recording, whatever differs; or NULL */
    const char *file;     /* where the fixture is asked for, which annotations are put at */
    size_t line;          /* counted from 1 */
    bool colour;
    const char *part; /* the fixture of a manifest that this is a part of the report on; or NULL */
    const char *output; /* the fixture's file that was compared, in a part; or NULL */
};

/* Prints a report. Returns 0 or -ENOMEM; what the file does not take, ferror() tells. */
typedef int report_printer(const struct report *report, FILE *out);

/* The format of that name, or NULL. */
report_printer *report_find(const char *name);

/* Their names in the order of the table; NULL past the last one. */
const char *report_name(size_t index);

report_printer report_text, report_json, report_junit, report_github;

/* What stands around the parts of a report on several fixtures. */
void report_junit_begin(FILE *out);
void report_junit_end(FILE *out);

/* Says of a fixture that it could not be compared, and why, in lines of text that shows. */
void report_junit_error(const char *fixture, const char *text, FILE *out);
void report_github_error(const char *file, size_t line, const char *title, const char *text,
                         FILE *out);

enum { REPORT_TITLE_SIZE = 512 };

/* The following put one line of text that shows in `out`: only a format's own signs are left to
 * escape. */

/* Says in one line which exchange differs, and how. */
void report_title(const struct report *report, const struct difference *difference,
                  char out[REPORT_TITLE_SIZE]);

/* The name of the exchange that the difference is about. */
void report_exchange(const struct report *report, const struct difference *difference,
                     char out[NAMES_SIZE]);

/* Says which fixture is not what the recording emits. */
void report_stale(const struct report *report, char out[REPORT_TITLE_SIZE]);

/* Says what is wrong with the recording. */
void report_outdated(const struct report *report, char out[REPORT_TITLE_SIZE]);

/* Shows the bytes of the difference side by side. */
void report_bytes(const struct report *report, const struct difference *difference, FILE *out);

#endif
