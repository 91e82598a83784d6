/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A file that is either what it was before, or the whole of what was written. */
#ifndef CAPTURE_OUTPUT_H
#define CAPTURE_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

struct output {
    FILE *file;      /* write here */
    char *buffer;    /* the file's own */
    char *path;      /* NULL for standard output */
    bool beside;     /* it gets its name when it is complete, ... */
    char *temporary; /* ... and has this one until then, if any; */
    bool shown;      /* or it has its name already */
};

/* Whether that is standard output: "-", or what the system calls it. */
bool output_is_stdout(const char *path);

/*
 * Opens path for writing. A regular file is written beside itself; devices, pipes and what a
 * descriptor leads to (/dev/stderr) are written to as they are. Returns 0, or -errno and leaves
 * *output alone: -EPERM when somebody else put such a thing, or a link to it, where anybody can.
 */
int output_open(struct output *output, const char *path);

/*
 * Lets the file be seen while it is written, and be found when we are killed: under its own name if
 * nothing has that, else as PATH.part, or PATH.part.1 and so on. Returns 0 or -errno.
 */
int output_show(struct output *output);

/* The name under which the file can be seen; NULL when it cannot. */
const char *output_seen_as(const struct output *output);

/* Ends what cannot be completed, and leaves it where it can be seen. */
void output_keep(struct output *output);

/* Completes the file and puts it in its place. Returns 0, or -errno: then nothing has changed. */
int output_commit(struct output *output);

/* Ends what was not committed; does nothing after output_commit(). */
void output_discard(struct output *output);

#endif
