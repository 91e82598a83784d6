/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The lines of strace's output, and what stands before each call: whose it is, and when it was. */
#ifndef CAPTURE_STRACE_LINES_H
#define CAPTURE_STRACE_LINES_H

#include "capture/reader.h"

struct strace_line {
    const char *text; /* what is behind thread and time */
    uint32_t tid;     /* 0: not told */
    uint64_t time;    /* nanoseconds; since the epoch, midnight or the first line; or 0 */
    uint64_t began;   /* the same, of a call that took a while: time is when it returned */
    bool timed;
    bool exact; /* to more than a second, and comparable between files */
};

/* What is carried from one line to the next. */
struct strace_clock {
    uint64_t last;
    uint64_t days; /* midnights passed */
};

/* Takes apart what stands before a call. */
void strace_line_parse(struct strace_line *line, const char *text, struct strace_clock *clock);

/* The files that are read as one, by time. */
struct strace_source {
    const struct dump *dump;
    uint32_t tid; /* by the file's name; 0: not told */
    size_t number;
    char *text;
    size_t room;
    size_t length;
    bool there;   /* a line is there */
    bool has_end; /* and its newline */
    struct strace_line line;
    struct strace_clock clock;
};

/* Reads the source's next line. Returns 0 or -errno, with what is wrong told. */
int strace_source_next(struct strace_source *source, struct reading *reading);

#endif
