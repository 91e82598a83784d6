/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A tree, and no table: a line of a dump can name the highest number that there is. */
#include "capture/strace_descriptors.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>

#include "capture/strace_process.h"
#include "capture/tree.h"

static int compare_numbers(const void *a, const void *b)
{
    return tree_compare_numbers(((const struct strace_descriptor *)a)->number,
                                ((const struct strace_descriptor *)b)->number);
}

struct strace_descriptors *strace_descriptors_new(void)
{
    struct strace_descriptors *descriptors = calloc(1, sizeof(*descriptors));

    if (descriptors)
        descriptors->users = 1;
    return descriptors;
}

void strace_descriptor_put(struct strace_descriptor *descriptor, struct strace_socket *socket)
{
    if (socket)
        socket->holders++;
    if (descriptor->socket)
        descriptor->socket->holders--;
    descriptor->socket = socket;
}

static void free_one(void *node)
{
    strace_descriptor_put(node, NULL);
    free(node);
}

void strace_descriptors_leave(struct strace_descriptors *descriptors)
{
    if (!descriptors || --descriptors->users)
        return;
    tdestroy(descriptors->tree, free_one);
    free(descriptors);
}

struct putting {
    struct strace_descriptors *to;
    int err;
};

static void put_one(const void *node, VISIT visit, void *closure)
{
    const struct strace_descriptor *from = *(struct strace_descriptor *const *)node;
    struct putting *putting = closure;
    struct strace_descriptor *to;

    if (visit != preorder && visit != leaf)
        return;
    to = strace_descriptor_get(putting->to, from->number);
    if (!to) {
        putting->err = -ENOMEM;
        return;
    }
    strace_descriptor_put(to, from->socket);
    to->closes_on_exec = from->closes_on_exec;
}

struct strace_descriptors *strace_descriptors_copy(const struct strace_descriptors *from)
{
    struct putting putting = {strace_descriptors_new(), 0};

    if (!putting.to)
        return NULL;
    twalk_r(from->tree, put_one, &putting);
    if (putting.err) {
        strace_descriptors_leave(putting.to);
        return NULL;
    }
    return putting.to;
}

int strace_descriptors_catch_up(struct strace_descriptors *descriptors,
                                const struct strace_descriptors *late)
{
    struct putting putting = {descriptors, 0};

    twalk_r(late->tree, put_one, &putting);
    return putting.err;
}

struct strace_descriptor *strace_descriptor_find(struct strace_descriptors *descriptors,
                                                 int64_t number)
{
    struct strace_descriptor key = {.number = (uint32_t)number};

    if (number < 0 || number >= DESCRIPTOR_MAX)
        return NULL;
    return tree_find(&descriptors->tree, &key, compare_numbers);
}

struct strace_descriptor *strace_descriptor_get(struct strace_descriptors *descriptors,
                                                int64_t number)
{
    struct strace_descriptor key = {.number = (uint32_t)number};

    if (number < 0 || number >= DESCRIPTOR_MAX)
        return NULL;
    return tree_get(&descriptors->tree, &key, sizeof(key), compare_numbers, NULL);
}

/* Closing: the number stays, as what was closed is not to be inherited from where it is open. */

static void shut(struct strace_descriptor *descriptor)
{
    strace_descriptor_put(descriptor, NULL);
    descriptor->closes_on_exec = false;
}

static void exec_one(const void *node, VISIT visit, void *closure)
{
    struct strace_descriptor *descriptor = *(struct strace_descriptor *const *)node;

    (void)closure;
    if ((visit == preorder || visit == leaf) && descriptor->closes_on_exec)
        shut(descriptor);
}

void strace_descriptors_exec(struct strace_descriptors *descriptors)
{
    twalk_r(descriptors->tree, exec_one, NULL);
}

struct closing {
    uint32_t first, last;
    bool just_marks;
};

static void close_one(const void *node, VISIT visit, void *closure)
{
    struct strace_descriptor *descriptor = *(struct strace_descriptor *const *)node;
    const struct closing *closing = closure;

    if ((visit != preorder && visit != leaf) || descriptor->number < closing->first ||
        descriptor->number > closing->last)
        return;
    if (closing->just_marks)
        descriptor->closes_on_exec = true;
    else
        shut(descriptor);
}

void strace_descriptors_close(struct strace_descriptors *descriptors, uint32_t first, uint32_t last,
                              bool just_marks)
{
    struct closing closing = {first, last, just_marks};

    twalk_r(descriptors->tree, close_one, &closing);
}
