/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What this process may do beyond what its user may. */
#ifndef CAPTURE_CAPABILITY_H
#define CAPTURE_CAPABILITY_H

#include <stdbool.h>

/* Whether it has this one in effect, or CAP_SYS_ADMIN, which stands for all that BPF takes. */
bool capability_has(unsigned capability);

/*
 * Gives up for good what is of no use once everything is attached: all but the few that are used
 * while it records, and any way to get more. Returns 0 or -errno.
 */
int capability_drop(void);

#endif
