/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Makes the chosen fixtures, several at a time, and tells of each in the order of the manifest. */
#ifndef MANIFEST_RUNNER_H
#define MANIFEST_RUNNER_H

#include <stdbool.h>

#include "capture/manifest/part.h"
#include "capture/manifest/stage.h"
#include "capture/manifest/tell.h"

/*
 * Makes all fixtures for which chosen[] is true, on a stage that has begun. Returns the exit status
 * of all; when the stage was interrupted, what had not begun by then is left out.
 */
int runner_run(const struct part_task *task, const bool *chosen, struct stage *stage,
               struct tell *tell);

#endif
