/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The files that -r names, opened such that they can be looked at before they are read. */
#ifndef CAPTURE_DUMPS_H
#define CAPTURE_DUMPS_H

#include <stddef.h>
#include <stdint.h>

#include "capture/reader.h"

enum { DUMP_HEAD_SIZE = 1 << 16 };

struct dumps {
    struct dump *at;
    size_t count;
    uint8_t head[DUMP_HEAD_SIZE]; /* how the first that is not empty begins */
    size_t head_size;
};

/*
 * Opens the files; "-" is standard input. Where a path does not exist but PATH.NUMBERs do, as
 * strace -ff makes them, it stands for those. dumps_close() may be called in any case. Returns 0,
 * or -errno with *wrong the path that cannot be opened or read.
 */
int dumps_open(struct dumps *dumps, const char *const *paths, size_t count, const char **wrong);
void dumps_close(struct dumps *dumps);

#endif
