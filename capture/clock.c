/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/clock.h"

#include <limits.h>
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

int clock_timeout(uint64_t left)
{
    const uint64_t milliseconds = left / MILLISECOND + (left % MILLISECOND != 0);

    if (left == UINT64_MAX)
        return -1;
    return milliseconds < INT_MAX ? (int)milliseconds : INT_MAX;
}
