/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A clock of the day that is set an hour back each time somebody looks at it, but for the first. */
#include <dlfcn.h>
#include <stddef.h>
#include <time.h>

int clock_gettime(clockid_t clock, struct timespec *time)
{
    static int (*real)(clockid_t, struct timespec *);
    static time_t back;
    int result;

    if (!real)
        real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    result = real(clock, time);
    if (clock == CLOCK_REALTIME) {
        time->tv_sec -= back;
        back += 3600;
    }
    return result;
}
