/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* When a child ends, its children become ours: so it goes on until there is none. */
#include "capture/manifest/reap.h"

#include <ctype.h>
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "capture/clock.h"
#include "capture/proc.h"

#define GRACE (5 * SECOND)
#define PAUSE (10 * MILLISECOND)

static bool is_child(pid_t pid)
{
    unsigned long long parent;
    char status[4096];

    return proc_read(pid, "status", status, sizeof(status)) > 0 &&
           proc_field(status, "\nPPid:", 10, &parent) && (pid_t)parent == getpid();
}

static void signal_children(int signal)
{
    DIR *folder = opendir("/proc");
    struct dirent *entry;

    while (folder && (entry = readdir(folder))) {
        pid_t pid = isdigit((unsigned char)entry->d_name[0]) ? (pid_t)atol(entry->d_name) : 0;

        /* Only we reap our children, so this number is still the child's. */
        if (pid > 0 && is_child(pid))
            kill(pid, signal);
    }
    if (folder)
        closedir(folder);
}

/* Takes those that have ended, and says if there were any. Returns whether there are others. */
static bool reap_ended(bool *any)
{
    pid_t pid;

    for (*any = false; (pid = waitpid(-1, NULL, WNOHANG)) > 0; *any = true)
        ;
    return pid == 0;
}

static void pause_shortly(void)
{
    const struct timespec moment = {.tv_nsec = PAUSE};

    nanosleep(&moment, NULL);
}

void reap_all(void)
{
    const uint64_t begin = clock_monotonic();
    bool any, is_new = true, is_late = false;

    while (reap_ended(&any)) {
        is_late = is_late || clock_monotonic() - begin > GRACE;
        if (is_late || is_new || any)
            signal_children(is_late ? SIGKILL : SIGTERM);
        if (is_new)
            signal_children(SIGCONT); /* those that are stopped are to hear of it, too */
        is_new = false;
        pause_shortly();
    }
}
