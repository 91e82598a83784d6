/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* From the options that say what to observe, to the scope of the recording. */
#ifndef SCOPE_OPTIONS_H
#define SCOPE_OPTIONS_H

#include "capture/message.h"
#include "capture/scope.h"
#include "options.h"

enum { SCOPE_WRONG_SIZE = 1024 };

/*
 * Makes the scope; options must outlive it. Returns 0, or -errno with, in wrong, what to tell the
 * user. scope_free() is to be called in any case.
 */
int scope_from_options(struct scope_request *scope, const struct options *options,
                       char wrong[SCOPE_WRONG_SIZE]);

/* What stands for the command where none is run: the options that say what is watched. */
struct watch_words {
    char *at[2 * (4 * OPTION_WORDS + SCOPE_PIDS) + 2]; /* ends with NULL */
    char names[SCOPE_PIDS][COMM_SIZE + 1]; /* of processes, as numbers mean nothing later */
    size_t count;
};

/* They point into themselves and into the options. */
void watch_words_make(struct watch_words *words, const struct options *options,
                      const struct scope_request *scope);

#endif
