/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the manifest says of a fixture, as the words of a command line. */
#ifndef MANIFEST_WORDS_H
#define MANIFEST_WORDS_H

#include <jansson.h>
#include <stddef.h>

#include "capture/manifest/manifest.h"

struct words {
    char **at; /* ends with NULL; NULL while there are none */
    size_t count;
};

/* Adds a copy of the word. Returns 0 or -ENOMEM. */
int words_add(struct words *words, const char *word);

/* Adds a command: its words, or the shell with its text. Returns 0 or -ENOMEM. */
int words_add_command(struct words *words, const json_t *command);
void words_clear(struct words *words);

/*
 * Adds the command line that records a fixture: what all are told with (`first`, ends with NULL),
 * what the manifest says, and the command. `backend` (or NULL) comes before what the manifest says.
 * Returns 0 or -ENOMEM.
 */
int words_record(struct words *words, const struct manifest *manifest, const json_t *fixture,
                 const char *const *first, const char *backend);

/* The same for the one that makes one of its files of the recording. */
int words_emit(struct words *words, const json_t *fixture, const json_t *emit,
               const char *const *first);

/* Adds the variables that the manifest sets for the fixture, as NAME=VALUE, or NAME for none. */
int words_environment(struct words *words, const struct manifest *manifest, const json_t *fixture);

#endif
