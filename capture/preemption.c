/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/preemption.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

/* From then on, x86 and arm64 have no other mode. */
enum { ALWAYS_SINCE = 7 };

static bool read_line(const char *path, char *line, int size)
{
    FILE *file = fopen(path, "re");
    bool got = file && fgets(line, size, file);

    if (file)
        fclose(file);
    return got;
}

bool preemption_is_everywhere(void)
{
    char line[4096];
    struct utsname kernel;

    /* What is in use stands in parentheses: none voluntary (full) lazy */
    if (read_line("/sys/kernel/debug/sched/preempt", line, sizeof(line)))
        return strstr(line, "(full)") || strstr(line, "(lazy)");
    uname(&kernel);
    if (!strstr(kernel.version, "PREEMPT_DYNAMIC")) /* decided when it was built */
        return strstr(kernel.version, "PREEMPT");
    if (read_line("/proc/cmdline", line, sizeof(line)) && strstr(line, "preempt="))
        return strstr(line, "preempt=full") || strstr(line, "preempt=lazy");
    return strtol(kernel.release, NULL, 10) >= ALWAYS_SINCE;
}
