/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The file or folder that a fixture is written to, with the files of messages beside it. */
#ifndef FIXTURE_FILE_H
#define FIXTURE_FILE_H

#include "emit/fresh.h"
#include "run.h"

/* All return the status; the user has then been told what is wrong. */

/* Before anything runs: what cannot be written should be known by then. */
enum status fixture_file_open(struct run *run);

/* Writes the fixture, if one is wanted, of the table. */
enum status fixture_file_write(struct run *run);

/* The same, but a fixture that is what it would become stays as it is. */
enum status fixture_file_renew(struct run *run);

/* Finds a file of the fixture that is not what would be written; its path is the caller's. */
enum status fixture_file_find_stale(const struct run *run, struct stale_file *stale);

#endif
