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

static void descriptors_leave(struct strace_descriptors *descriptors)
{
    if (!descriptors || --descriptors->users)
        return;
    free(descriptors->at);
    free(descriptors);
}

static struct strace_descriptors *descriptors_new(void)
{
    struct strace_descriptors *descriptors = calloc(1, sizeof(*descriptors));

    if (descriptors)
        descriptors->users = 1;
    return descriptors;
}

static struct strace_descriptors *descriptors_copy(const struct strace_descriptors *from)
{
    struct strace_descriptors *copy = descriptors_new();
    size_t size = from->count * sizeof(*from->at);

    if (!copy || !size)
        return copy;
    copy->at = malloc(size);
    if (!copy->at) {
        free(copy);
        return NULL;
    }
    memcpy(copy->at, from->at, size);
    copy->count = from->count;
    return copy;
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
    thread->descriptors = descriptors_new();
    if (!thread->descriptors) {
        tree_drop(&world->threads, thread, compare_tid);
        return NULL;
    }
    world->thread_count++;
    return thread;
}

static void thread_empty(struct strace_thread *thread)
{
    descriptors_leave(thread->descriptors);
    free(thread->begun);
}

void strace_thread_drop(struct strace_world *world, struct strace_thread *thread)
{
    thread_empty(thread);
    tree_drop(&world->threads, thread, compare_tid);
    world->thread_count--;
}

int strace_thread_rename(struct strace_world *world, struct strace_thread *thread, uint32_t tid)
{
    struct strace_thread *renamed = strace_thread_get(world, tid);

    if (!renamed)
        return -ENOMEM;
    descriptors_leave(renamed->descriptors);
    *renamed = *thread;
    renamed->tid = renamed->pid = tid;
    tree_drop(&world->threads, thread, compare_tid);
    world->thread_count--;
    return 0;
}

struct only {
    bool cloning; /* of these alone */
    struct strace_thread *thread;
    size_t count;
};

static void look_for_only(const void *node, VISIT visit, void *closure)
{
    struct strace_thread *thread = *(struct strace_thread *const *)node;
    struct only *only = closure;

    if ((visit != preorder && visit != leaf) ||
        (only->cloning && !(thread->clones && thread->begun)))
        return;
    only->thread = thread;
    only->count++;
}

struct strace_thread *strace_thread_only(struct strace_world *world)
{
    struct only only = {0};

    if (world->thread_count == 1)
        twalk_r(world->threads, look_for_only, &only);
    return only.thread;
}

struct strace_thread *strace_thread_cloning(struct strace_world *world)
{
    struct only only = {.cloning = true};

    twalk_r(world->threads, look_for_only, &only);
    return only.count == 1 ? only.thread : NULL;
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

int strace_thread_inherit(struct strace_thread *thread, const struct strace_thread *parent,
                          bool shares, bool same_process)
{
    struct strace_descriptors *descriptors = parent->descriptors;

    if (thread == parent)
        return 0;
    if (shares)
        descriptors->users++;
    else
        descriptors = descriptors_copy(descriptors);
    if (!descriptors)
        return -ENOMEM;
    descriptors_leave(thread->descriptors);
    thread->descriptors = descriptors;
    thread->pid = same_process ? parent->pid : thread->tid;
    memcpy(thread->comm, parent->comm, COMM_SIZE);
    thread->placed = true;
    return 0;
}

/* Descriptors */

struct strace_descriptor *strace_descriptor(struct strace_thread *thread, int64_t number)
{
    struct strace_descriptors *all = thread->descriptors;
    struct strace_descriptor *more;
    size_t count = all->count ? all->count : 16;

    if (number < 0 || number >= DESCRIPTOR_MAX)
        return NULL;
    if ((size_t)number < all->count)
        return &all->at[number];
    while (count <= (size_t)number)
        count *= 2;
    more = realloc(all->at, count * sizeof(*more));
    if (!more)
        return NULL;
    memset(more + all->count, 0, (count - all->count) * sizeof(*more));
    all->at = more;
    all->count = count;
    return &all->at[number];
}

void strace_descriptors_exec(struct strace_thread *thread)
{
    for (size_t i = 0; i < thread->descriptors->count; i++)
        if (thread->descriptors->at[i].closes_on_exec)
            thread->descriptors->at[i] = (struct strace_descriptor){0};
}

/* All of it */

static void thread_free(void *node)
{
    thread_empty(node);
    free(node);
}

void strace_world_free(struct strace_world *world)
{
    tdestroy(world->threads, thread_free);
    tdestroy(world->sockets, free);
    *world = (struct strace_world){0};
}
