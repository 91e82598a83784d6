/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/threads.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

/* Shows the numbers in a directory to the visitor. */
static int visit_numbers(const char *path, thread_visitor *visit, void *context)
{
    DIR *directory = opendir(path);
    struct dirent *entry;
    int err = 0;

    while (!err && directory && (entry = readdir(directory)))
        if (isdigit((unsigned char)entry->d_name[0]))
            err = visit(context, (pid_t)strtol(entry->d_name, NULL, 10));
    if (directory)
        closedir(directory);
    return err;
}

int threads_of(pid_t process, thread_visitor *visit, void *context)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/task", process);
    return visit_numbers(path, visit, context);
}

struct all {
    thread_visitor *visit;
    void *context;
};

static int visit_process(void *context, pid_t process)
{
    const struct all *all = context;

    return threads_of(process, all->visit, all->context);
}

int threads_of_all(thread_visitor *visit, void *context)
{
    struct all all = {visit, context};

    return visit_numbers("/proc", visit_process, &all);
}
