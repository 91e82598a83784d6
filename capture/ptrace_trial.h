/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Whether a process can be recorded by ptrace here. */
#ifndef CAPTURE_PTRACE_TRIAL_H
#define CAPTURE_PTRACE_TRIAL_H

#include "capture/backend.h"

/* Returns 0, or -errno with, in reason, what was refused and why. */
int ptrace_trial(char reason[REASON_SIZE]);

#endif
