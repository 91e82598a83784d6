/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/ptrace_thread.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>

#include "capture/proc.h"
#include "capture/tree.h"

static int compare_tid(const void *a, const void *b)
{
    return tree_compare_numbers((uint64_t)((const struct thread *)a)->caller.tid,
                                (uint64_t)((const struct thread *)b)->caller.tid);
}

void threads_free(struct threads *threads)
{
    tdestroy(threads->by_tid, free);
    *threads = (struct threads){0};
}

struct thread *threads_find(struct threads *threads, pid_t tid)
{
    struct thread key = {.caller.tid = tid}, *found;

    if (threads->last && threads->last->caller.tid == tid)
        return threads->last;
    found = tree_find(&threads->by_tid, &key, compare_tid);
    if (found)
        threads->last = found;
    return found;
}

struct thread *threads_get(struct threads *threads, pid_t tid)
{
    struct thread key = {.caller.tid = tid}, *thread = threads_find(threads, tid);

    if (!thread)
        thread = tree_get(&threads->by_tid, &key, sizeof(key), compare_tid, NULL);
    if (thread)
        threads->last = thread;
    return thread;
}

void threads_drop(struct threads *threads, struct thread *thread)
{
    threads->last = NULL;
    tree_drop(&threads->by_tid, thread, compare_tid);
}

static void forget_name(const void *node, VISIT visit, void *pid)
{
    struct thread *thread = *(struct thread *const *)node;

    if ((visit == postorder || visit == leaf) && thread->caller.pid == *(const pid_t *)pid)
        thread->named = false;
}

void threads_rename(struct threads *threads, pid_t pid)
{
    twalk_r(threads->by_tid, forget_name, &pid);
}

void thread_identify(struct thread *thread)
{
    unsigned long long pid = 0;
    char text[4096];

    if (!thread->identified && proc_read(thread->caller.tid, "status", text, sizeof(text)) > 0 &&
        proc_field(text, "\nTgid:", 10, &pid) && pid) {
        thread->caller.pid = (pid_t)pid;
        thread->identified = true;
    }
    pid = thread->identified ? (unsigned long long)thread->caller.pid : 0;
    if (!thread->named && pid && proc_read((pid_t)pid, "comm", text, sizeof(text)) >= 0) {
        snprintf(thread->caller.comm, COMM_SIZE, "%.*s", COMM_SIZE - 1, text);
        thread->named = true;
    }
}
