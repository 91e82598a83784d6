/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The fixture of a run whose language a writer of ours writes, and no template. */
#ifndef WRITING_H
#define WRITING_H

#include "emit/fresh.h"
#include "run.h"

/* Sets run->writer if the language asked for has one. What is wrong has been said. */
enum status writing_choose(struct run *run);

/* Begins to write what comes; where there is no writer, nothing is done. */
enum status writing_begin(struct run *run, const char *backend);

/* Completes what a writer writes, but for its name. */
enum status writing_end(struct run *run);

/* The same of messages that were kept. */
enum status writing_make(struct run *run, const struct messages *messages, const char *backend);

/* Whether the file holds what would be written of them; its path is in *stale when it does not. */
enum status writing_find_stale(struct run *run, const struct messages *messages,
                               const char *backend, struct stale_file *stale);

#endif
