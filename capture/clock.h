/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The time of day, as it goes on from the beginning of a recording: nobody can set it meanwhile. */
#ifndef CAPTURE_CLOCK_H
#define CAPTURE_CLOCK_H

#include <stdint.h>

/* In nanoseconds, as all times are. */
#define MILLISECOND UINT64_C(1000000)
#define SECOND      (1000 * MILLISECOND)

/* What to add to the kernel's monotonic clock to get the time of day now; nanoseconds. */
uint64_t clock_epoch(void);

/* The monotonic clock; nanoseconds. */
uint64_t clock_monotonic(void);

/* So much time as poll() takes it: milliseconds, rounded up; -1 for UINT64_MAX, which is no end. */
int clock_timeout(uint64_t left);

#endif
