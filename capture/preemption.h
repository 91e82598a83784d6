/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Where the kernel takes the processor from a thread that is in it. Where it does so in a BPF
 * program, it leaves that program out for all other threads on this processor meanwhile.
 */
#ifndef CAPTURE_PREEMPTION_H
#define CAPTURE_PREEMPTION_H

#include <stdbool.h>

/* What a kernel says of itself, a line each; NULL when that cannot be read. */
struct preemption_signs {
    const char *release; /* uname -r */
    const char *version; /* uname -v */
    const char *modes;   /* /sys/kernel/debug/sched/preempt */
    const char *words;   /* /proc/cmdline */
};

/* Whether such a kernel does it anywhere, as far as it shows; where it does not, what is usual. */
bool preemption_shows(const struct preemption_signs *signs);

/* Whether this kernel does it anywhere, and so in programs that trampolines call. */
bool preemption_is_everywhere(void);

/* Whether it does it in programs at tracepoints, too. */
bool preemption_is_in_tracepoints(void);

#endif
