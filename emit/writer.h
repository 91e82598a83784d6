/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Languages that no template can write: C does, and message by message as they come, so that what
 * is written can be read while the recording goes on.
 */
#ifndef EMIT_WRITER_H
#define EMIT_WRITER_H

#include <stddef.h>
#include <stdio.h>

#include "capture/backend.h"
#include "capture/exchange.h"
#include "capture/frame.h"
#include "capture/message.h"
#include "emit/wrap.h"

/* All that is pointed to stays the caller's and must outlive the writing. */
struct writer_options {
    char *const *command; /* ends with NULL, or is NULL when it is not known */
    const char *backend;
    const struct framing *framing; /* NULL: streams are not framed */
    const char *dissector;         /* NULL: the writer's own choice */
    struct wrapping wrapping;      /* what to put around each message */
};

struct writing;

struct writer {
    const char *name;
    const char *extension;
    const char *description;

    /* Begins to write to file, which stays the caller's. Returns 0 and *out, or -errno. */
    int (*begin)(struct writing **out, FILE *file, const struct writer_options *options);

    /* Writes a message; writing is a struct writing. What it takes is as for table_add(). */
    int (*add)(void *writing, const struct message *message);

    /*
     * No more will come, and this is what is missing in all; NULL when that has an end that nobody
     * knows, and is to be read as such. Counts in *cut the messages that the
     * format could not hold whole. Returns 0 or -errno.
     */
    int (*end)(struct writing *writing, const struct losses *losses, size_t *cut);

    /* The conversations without their exchanges, for what is wrong with their frames. */
    const struct table *(*table)(const struct writing *writing);
    void (*free)(struct writing *writing);
};

/* All there are; ends with NULL. */
extern const struct writer *const writers[];

/* The writer of that name, or whose files end like that path's; NULL when there is none. */
const struct writer *writer_find(const char *name);
const struct writer *writer_for_file(const char *path);

extern const struct writer writer_pcapng;

#endif
