/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/processor.h"

#include <stdlib.h>
#include <string.h>

#include "capture/proc.h"

enum { FIELD = 39 }; /* of /proc/PID/stat: proc(5) */

/* The processor that the thread ran on last; CPU_SETSIZE when that is not known. */
static unsigned last_of(pid_t thread)
{
    char text[1024];
    const char *at = proc_read(thread, "stat", text, sizeof(text)) > 0 ? strrchr(text, ')') : NULL;

    for (int field = 2; at && field < FIELD; field++)
        at = strchr(at + 1, ' ');
    return at ? (unsigned)strtoul(at, NULL, 10) : CPU_SETSIZE;
}

void processor_join(struct processor *processor, pid_t thread)
{
    unsigned at = last_of(thread);
    cpu_set_t only;

    if (at >= CPU_SETSIZE || (processor->joined && processor->at == at))
        return;
    processor_leave(processor);
    if (sched_getaffinity(0, sizeof(processor->allowed), &processor->allowed) ||
        !CPU_ISSET(at, &processor->allowed))
        return;
    CPU_ZERO(&only);
    CPU_SET(at, &only);
    processor->joined = !sched_setaffinity(0, sizeof(only), &only);
    processor->at = at;
}

void processor_leave(struct processor *processor)
{
    if (processor->joined)
        sched_setaffinity(0, sizeof(processor->allowed), &processor->allowed);
    processor->joined = false;
}
