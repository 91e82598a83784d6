/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The file that a recording is written to, as messages come or all at once. */
#ifndef RECORDING_FILE_H
#define RECORDING_FILE_H

#include "run.h"

/* All return the status; the user has then been told what is wrong. Without -w they do nothing. */

enum status recording_file_open(struct run *run);

/* Begins the recording in the file, which has to be open. */
enum status recording_file_begin(struct run *run, const char *backend);

/*
 * What will be compared with other runs, or with what is there: the first run of it is kept in the
 * file until that is done, so that it can be seen, and is found when we are killed. Not when
 * secrets are to be redacted, which have to be found before.
 */
enum status recording_file_draft(struct run *run, const char *backend);
enum status recording_file_end_draft(struct run *run);

/* Writes down what was lost, and has the file take the place of an older one. */
enum status recording_file_end(struct run *run);

/*
 * What was recorded before it had to end is kept where it can be seen: cut short, as its reader
 * will say. Where there is no message, or no file of its own, or it is one run of several, there is
 * nothing to keep, and the status is that of an error.
 */
enum status recording_file_keep(struct run *run);

/* All at once: begins, writes the messages, ends. What was drafted is gone. */
enum status recording_file_write(struct run *run, const struct messages *messages,
                                 const char *backend);

#endif
