/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/preemption.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "capture/text.h"

/* From then on x86 and arm64 are preemptible everywhere, and so are programs at tracepoints. */
enum { ALWAYS_SINCE = 7 };

static bool is_since(const char *release)
{
    return strtol(release, NULL, 10) >= ALWAYS_SINCE;
}

/* The mode that the kernel's command line asks for, the last time it does; "" when it does not. */
static void mode_asked(const char *words, char *mode, size_t size)
{
    static const char word[] = "preempt=";

    *mode = '\0';
    for (const char *at = words; *at; at += strcspn(at, " \n")) {
        at += strspn(at, " \n");
        if (text_begins(at, word))
            snprintf(mode, size, "%.*s", (int)strcspn(at, " \n"), at);
    }
}

bool preemption_shows(const struct preemption_signs *signs)
{
    char mode[32] = "";

    if (signs->modes) /* what is in use stands in parentheses: none voluntary (full) lazy */
        return strstr(signs->modes, "(full)") || strstr(signs->modes, "(lazy)");
    if (is_since(signs->release))
        return true;
    if (!strstr(signs->version, "PREEMPT_DYNAMIC")) /* decided when it was built */
        return strstr(signs->version, "PREEMPT");
    if (signs->words)
        mode_asked(signs->words, mode, sizeof(mode));
    return !strcmp(mode, "preempt=full") || !strcmp(mode, "preempt=lazy");
}

static const char *read_line(const char *path, char *line, int size)
{
    FILE *file = fopen(path, "re");
    const char *got = file ? fgets(line, size, file) : NULL;

    if (file)
        fclose(file);
    return got;
}

bool preemption_is_everywhere(void)
{
    char modes[64], words[4096];
    struct utsname kernel;

    uname(&kernel);
    return preemption_shows(&(struct preemption_signs){
        .release = kernel.release,
        .version = kernel.version,
        .modes = read_line("/sys/kernel/debug/sched/preempt", modes, sizeof(modes)),
        .words = read_line("/proc/cmdline", words, sizeof(words)),
    });
}

bool preemption_is_in_tracepoints(void)
{
    struct utsname kernel;

    uname(&kernel);
    return is_since(kernel.release) && preemption_is_everywhere();
}
