/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Is a fixture what would be emitted today? */
#ifndef EMIT_FRESH_H
#define EMIT_FRESH_H

#include "emit/fixture.h"

/* The first file of a fixture that does not hold what it would. */
struct stale_file {
    char *path;  /* to be freed; NULL when there is none */
    size_t line; /* the first that differs, counted from 1; 0 when there is no file */
    int error;   /* -errno when it cannot be read, which is no reason not to replace it */
};

/*
 * Compares the fixture at `output`, and the files of messages beside or in it, with what would be
 * emitted. Returns 0 with *stale filled in, or -errno with *error filled in.
 */
int fresh_check(const struct fixture *fixture, struct language *language, const char *output,
                struct stale_file *stale, struct template_error *error);

/*
 * Compares the file at `path` with what it would hold. Returns 0 with *stale filled in, or -ENOMEM.
 */
int fresh_check_bytes(const char *path, const void *data, size_t length, struct stale_file *stale);

#endif
