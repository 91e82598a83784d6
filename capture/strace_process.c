/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/strace_process.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "capture/tree.h"

/* Threads */

static int compare_tid(const void *a, const void *b)
{
    return tree_compare_numbers(((const struct strace_thread *)a)->tid,
                                ((const struct strace_thread *)b)->tid);
}

struct strace_thread *strace_thread_find(struct strace_world *world, uint32_t tid)
{
    struct strace_thread key = {.tid = tid};

    return tree_find(&world->threads, &key, compare_tid);
}

struct strace_thread *strace_thread_get(struct strace_world *world, uint32_t tid)
{
    struct strace_thread key = {.tid = tid, .pid = tid}, *thread;
    bool made;

    thread = tree_get(&world->threads, &key, sizeof(key), compare_tid, &made);
    if (!thread || !made)
        return thread;
    thread->descriptors = strace_descriptors_new();
    if (!thread->descriptors) {
        tree_drop(&world->threads, thread, compare_tid);
        return NULL;
    }
    thread->placed = !world->thread_count++;
    return thread;
}

static void take_first(const void *node, VISIT visit, void *closure)
{
    struct strace_thread **thread = closure;

    if (visit == preorder || visit == leaf)
        *thread = *(struct strace_thread *const *)node;
}

struct strace_thread *strace_thread_only(struct strace_world *world)
{
    struct strace_thread *thread = NULL;

    if (world->thread_count == 1)
        twalk_r(world->threads, take_first, &thread);
    return thread;
}

/* Calls that have not returned */

void strace_thread_begin(struct strace_world *world, struct strace_thread *thread, char *text,
                         bool clones)
{
    thread->begun = text;
    thread->clones = clones;
    if (!clones)
        return;
    thread->next_cloning = world->cloning;
    world->cloning = thread;
}

char *strace_thread_end(struct strace_world *world, struct strace_thread *thread)
{
    struct strace_thread **at = &world->cloning;
    char *text = thread->begun;

    while (thread->clones && *at != thread)
        at = &(*at)->next_cloning;
    if (thread->clones)
        *at = thread->next_cloning;
    thread->clones = false;
    thread->begun = NULL;
    return text;
}

struct strace_thread *strace_thread_cloning(struct strace_world *world)
{
    return world->cloning && !world->cloning->next_cloning ? world->cloning : NULL;
}

void strace_thread_drop(struct strace_world *world, struct strace_thread *thread)
{
    free(strace_thread_end(world, thread));
    strace_descriptors_leave(thread->descriptors);
    tree_drop(&world->threads, thread, compare_tid);
    world->thread_count--;
}

int strace_thread_rename(struct strace_world *world, struct strace_thread *thread, uint32_t tid)
{
    struct strace_thread *renamed = strace_thread_get(world, tid);
    bool clones = thread->clones;
    char *text;

    if (!renamed)
        return -ENOMEM;
    text = strace_thread_end(world, thread);
    strace_descriptors_leave(renamed->descriptors);
    *renamed = *thread;
    renamed->tid = renamed->pid = tid;
    strace_thread_begin(world, renamed, text, clones);
    tree_drop(&world->threads, thread, compare_tid);
    world->thread_count--;
    return 0;
}

static void count_sending(const void *node, VISIT visit, void *closure)
{
    const struct strace_thread *thread = *(struct strace_thread *const *)node;
    size_t *count = closure;

    if (visit == preorder || visit == leaf)
        *count += thread->sends && thread->begun;
}

size_t strace_threads_sending(struct strace_world *world)
{
    size_t count = 0;

    twalk_r(world->threads, count_sending, &count);
    return count;
}

/* What the thread has done with descriptors that nobody knew to be its parent's. */
static int catch_up(struct strace_descriptors *descriptors, const struct strace_thread *thread)
{
    if (thread->executed)
        strace_descriptors_exec(descriptors);
    return strace_descriptors_catch_up(descriptors, thread->descriptors);
}

int strace_thread_inherit(struct strace_thread *thread, const struct strace_thread *parent,
                          bool shares, bool same_process)
{
    struct strace_descriptors *descriptors = parent->descriptors;

    if (thread == parent)
        return 0;
    if (shares && !thread->executed)
        descriptors->users++;
    else
        descriptors = strace_descriptors_copy(descriptors);
    if (!descriptors || catch_up(descriptors, thread)) {
        strace_descriptors_leave(descriptors);
        return -ENOMEM;
    }
    strace_descriptors_leave(thread->descriptors);
    thread->descriptors = descriptors;
    thread->pid = same_process ? parent->pid : thread->tid;
    if (!thread->comm[0])
        memcpy(thread->comm, parent->comm, COMM_SIZE);
    thread->placed = true;
    return 0;
}

int strace_thread_put(struct strace_thread *thread, int64_t descriptor,
                      struct strace_socket *socket, bool closes_on_exec)
{
    struct strace_descriptor *at = strace_descriptor_get(thread->descriptors, descriptor);

    if (!at)
        return descriptor < 0 || descriptor >= DESCRIPTOR_MAX ? 0 : -ENOMEM;
    strace_descriptor_put(at, socket);
    at->closes_on_exec = closes_on_exec;
    return 0;
}

void strace_thread_exec(struct strace_thread *thread)
{
    strace_descriptors_exec(thread->descriptors);
    thread->executed = true;
}

/* All of it */

static void thread_free(void *node)
{
    struct strace_thread *thread = node;

    strace_descriptors_leave(thread->descriptors);
    free(thread->begun);
    free(thread);
}

void strace_world_free(struct strace_world *world)
{
    strace_strangers_free(world);
    tdestroy(world->threads, thread_free);
    tdestroy(world->sockets, free);
    *world = (struct strace_world){0};
}
