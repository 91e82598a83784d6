/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Recordings: messages as JSON Lines, as sockfixture-recording(5) describes them. */
#ifndef CAPTURE_RECORDING_H
#define CAPTURE_RECORDING_H

#include <stdio.h>

#include "capture/backend.h"
#include "capture/message.h"

struct recording_writer;

/*
 * Starts a recording in file, which stays the caller's. Returns 0 and a writer in *out, or -errno.
 * recording_end() frees it.
 */
int recording_begin(struct recording_writer **out, FILE *file, char *const *command,
                    const char *backend);
int recording_add(struct recording_writer *writer, const struct message *message);

/* Lets all that was added be read. Returns 0 or -errno. */
int recording_flush(struct recording_writer *writer);

/*
 * Writes the last line and, where file can be sought in, what was lost into the first. losses may
 * be NULL: then nothing more is written, and no part of a line left that could not be written
 * whole. Frees the writer. Returns 0 or -errno.
 */
int recording_end(struct recording_writer *writer, const struct losses *losses);

/* What is wrong with a recording, and where; lines and columns count from 1. */
struct recording_error {
    size_t line;
    size_t column;
    char text[256];
};

struct recording_reader;

/*
 * Reads the first line of file, which stays the caller's. Returns 0 and a reader in *out, or -errno
 * with *error filled. Free it with recording_close().
 */
int recording_open(struct recording_reader **out, FILE *file, struct recording_error *error);
void recording_close(struct recording_reader *reader);

/* What the messages came from; as long as the reader lives. */
const char *recording_backend(const struct recording_reader *reader);

/* The command that was recorded, ending with NULL; as long as the reader lives. */
char *const *recording_command(const struct recording_reader *reader);

/*
 * Hands every message to add, in order. Returns 0, -errno with *error filled, or what add returned
 * with error->text empty.
 */
int recording_read(struct recording_reader *reader,
                   int (*add)(void *context, const struct message *message), void *context,
                   struct recording_error *error);

/*
 * What the recording says was lost; *complete is false when it ends before its last line, as one of
 * which the writer was killed does. A part of a line at its end is then left out.
 */
void recording_losses(const struct recording_reader *reader, struct losses *losses, bool *complete);

#endif
