/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/open_files.h"

#include <errno.h>
#include <sys/resource.h>

/* A backend takes about forty at most. */
enum { ENOUGH = 64 };

const char *open_files_hint(int error)
{
    return error == -EMFILE ? " (ulimit -n sets how many)" : "";
}

bool open_files_are_few(void)
{
    struct rlimit limit;

    return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < ENOUGH;
}
