/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "capture/open_files.h"
#include "capture/rights.h"
#include "capture/text.h"

void say(const char *format, ...)
{
    char line[2048], text[4096];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    text_escape(text, sizeof(text), line, strlen(line));
    fflush(stdout);
    fprintf(stderr, "sockfixture: %s\n", text);
}

enum status say_error(int err, const char *what)
{
    say("%s: %s%s", what, strerror(-err), open_files_hint(err));
    return STATUS_USAGE;
}

/* Most can be put right, but not by who does not know why it is so. */
enum status say_file_error(int err, const char *path)
{
    const char *why = err == -EPERM
                          ? " (immutable, or another user's in a folder where anybody can write?)"
                          : rights_hint(err);

    say("%s: %s%s%s", path, strerror(-err), why, open_files_hint(err));
    return STATUS_USAGE;
}

enum status say_output_error(int err, const char *path)
{
    return say_file_error(err, !path || is_stdout(path) ? "standard output" : path);
}

void say_template_error(const struct template_error *error)
{
    if (error->line)
        say("%s:%zu:%zu: %s", error->name, error->line, error->column, error->text);
    else
        say("%s%s%s", error->name, error->name[0] ? ": " : "", error->text);
}
