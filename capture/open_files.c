/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/open_files.h"

#include <errno.h>
#include <stdint.h>
#include <sys/resource.h>

/* A backend takes about forty at most. */
enum { ENOUGH = 64 };

const char *open_files_hint(int error)
{
    return error == -EMFILE ? " (ulimit -n sets how many)" : "";
}

size_t open_files_room(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit))
        return SIZE_MAX;
    return limit.rlim_cur > ENOUGH ? (size_t)(limit.rlim_cur - ENOUGH) : 0;
}

bool open_files_are_few(void)
{
    struct rlimit limit;

    return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < ENOUGH;
}
