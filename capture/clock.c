/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/clock.h"

#include <time.h>

static uint64_t look_at(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

uint64_t clock_epoch(void)
{
    return look_at(CLOCK_REALTIME) - look_at(CLOCK_MONOTONIC);
}

uint64_t clock_monotonic(void)
{
    return look_at(CLOCK_MONOTONIC);
}
