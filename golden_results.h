/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What becomes of the runs that are kept: --check tells what differs, else that is written. */
#ifndef GOLDEN_RESULTS_H
#define GOLDEN_RESULTS_H

#include "run.h"

/*
 * All runs of the command are over: compares them, says what was found, and tells or writes what
 * differs. Returns the status; the user has then been told what is wrong.
 */
enum status golden_results(struct run *run);

#endif
