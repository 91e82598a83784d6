/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* One line that says how far a recording is, drawn over itself on a terminal or printed when asked.
 */
#ifndef CAPTURE_PROGRESS_H
#define CAPTURE_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct progress {
    uint64_t elapsed; /* nanoseconds since the recording began */
    uint64_t messages;
    uint64_t bytes;
    uint64_t lost;    /* messages */
    size_t exchanges; /* that were answered, when the recording is to end after so many */
    size_t wanted;    /* so many; 0: it is not */
};

enum { PROGRESS_TEXT_SIZE = 192 };

/* Spells progress: `12 messages, 3456 bytes, 0 lost, 00:07`. */
void progress_print(char text[PROGRESS_TEXT_SIZE], const struct progress *progress);

struct progress_line {
    FILE *file;
    bool live;       /* it is drawn while the recording goes on */
    bool drawn;      /* it stands on the terminal now */
    uint64_t redraw; /* not before so many nanoseconds have elapsed */
};

/*
 * Begins a line on file, which stays the caller's. It is live if wanted, and if file is a terminal
 * that can do it: want it where nobody else writes to the terminal meanwhile.
 */
void progress_line_begin(struct progress_line *line, FILE *file, bool live);

/*
 * Draws the line if it is live, but no more often than a person wants to read it, and not over what
 * another program shows while we are in the background.
 */
void progress_line_draw(struct progress_line *line, const struct progress *progress);

/* Prints the line for good: somebody asked. */
void progress_line_print(struct progress_line *line, const struct progress *progress);

/* Removes what is drawn: before anything else is said, and at the end. */
void progress_line_erase(struct progress_line *line);

#endif
