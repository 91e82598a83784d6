/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Whether the program will take the options that a manifest says. */
#ifndef MANIFEST_TRIAL_H
#define MANIFEST_TRIAL_H

#include "capture/manifest/part.h"

/*
 * Finds out, before anything runs, whether all options of the fixtures that are chosen, each by its
 * number, can be. Returns an exit status; upon another than STATUS_DONE *error says why, and where.
 */
int trial_run(const struct part_task *task, const bool *chosen, struct manifest_error *error);

#endif
