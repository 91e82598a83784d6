/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Tells what has become of the fixtures: in words, or in the format of --diff-format. */
#ifndef MANIFEST_OUTCOME_H
#define MANIFEST_OUTCOME_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "capture/manifest/part.h"
#include "capture/manifest/tell.h"

struct outcome {
    const struct part_task *task;
    struct tell *tell;
    const struct outcome_format *format;
    json_t *list;                             /* of the fixtures, in JSON */
    size_t done, changed, incomplete, failed; /* fixtures */
    int status;
    int err; /* why standard output did not take something, which has been said; or 0 */
};

/* Returns 0, or -errno when that has been said. */
int outcome_begin(struct outcome *outcome, const struct part_task *task, struct tell *tell);

/* Tells of a fixture whose process has ended with `status`. Returns as outcome_begin() does. */
int outcome_add(struct outcome *outcome, size_t index, int status, struct part_files *files);

/* Sums up; so many fixtures were to be made. Returns the exit status of all. */
int outcome_end(struct outcome *outcome, size_t all);

/* Tells, where a program reads it, that none of those for which chosen[] is true could be made, as
 * `why` says. Returns the exit status of all. */
int outcome_none(const struct part_task *task, const bool *chosen, const char *why,
                 struct tell *tell);

#endif
