/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Saying things to the user: one line each, in which nothing can drive the terminal. */
#ifndef SAY_H
#define SAY_H

#include "emit/template.h"
#include "options.h"

/* As printf(); what is longer than 2047 bytes is cut. What was printed before is there before it.
 */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says what went wrong, and with what; err is -errno. Returns STATUS_USAGE. */
enum status say_error(int err, const char *what);

/* The same of a file that the user named, with why it may be so where that is hard to see. */
enum status say_file_error(int err, const char *path);

/* The same of a file to write to: "-" and NULL are standard output. */
enum status say_output_error(int err, const char *path);

/* Says where in a template something is wrong, and what. */
void say_template_error(const struct template_error *error);

#endif
