/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/strace_process.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/reader.h"
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

/* Sockets */

static int compare_inode(const void *a, const void *b)
{
    return tree_compare_numbers(((const struct strace_socket *)a)->facts.inode,
                                ((const struct strace_socket *)b)->facts.inode);
}

struct strace_socket *strace_socket_new(struct strace_world *world, uint64_t inode)
{
    struct strace_socket key = {0};

    key.facts.inode = inode ? inode : READER_INODE + ++world->unnumbered;
    key.facts.token = key.facts.inode;
    return tree_get(&world->sockets, &key, sizeof(key), compare_inode, NULL);
}

struct search {
    const struct strace_facts *facts;
    struct strace_socket *found;
};

static void look_at_socket(const void *node, VISIT visit, void *closure)
{
    struct strace_socket *socket = *(struct strace_socket *const *)node;
    struct search *search = closure;
    const struct strace_facts *facts = search->facts;

    if ((visit == preorder || visit == leaf) && socket->facts.family == facts->family &&
        socket->facts.type == facts->type && strcmp(socket->facts.address, facts->address) == 0 &&
        strcmp(socket->facts.peer_address, facts->peer_address) == 0)
        search->found = socket; /* the latest, where there was one before it */
}

struct strace_socket *strace_socket_find(struct strace_world *world,
                                         const struct strace_facts *facts)
{
    struct search search = {.facts = facts};

    if (facts->inode || !facts->address[0] || facts->family == AF_UNIX ||
        (facts->type == SOCK_STREAM && !facts->peer_address[0]))
        return NULL;
    twalk_r(world->sockets, look_at_socket, &search);
    return search.found;
}

static void set_text(struct strace_socket *socket, char to[ADDRESS_TEXT_SIZE], const char *from)
{
    if (strcmp(to, from) == 0)
        return;
    stpcpy(to, from);
    socket->told = false;
}

void strace_socket_address(struct strace_socket *socket, const char *address)
{
    set_text(socket, socket->facts.address, address);
}

void strace_socket_peer(struct strace_socket *socket, const char *address)
{
    set_text(socket, socket->facts.peer_address, address);
}

static void set_peer(struct strace_socket *socket, uint64_t inode)
{
    if (socket->facts.peer_inode == inode)
        return;
    socket->facts.peer_inode = socket->facts.peer_token = inode;
    socket->told = false;
}

void strace_sockets_pair(struct strace_socket *one, struct strace_socket *other)
{
    set_peer(one, other->facts.inode);
    set_peer(other, one->facts.inode);
}

void strace_socket_learn(struct strace_socket *socket, const struct strace_facts *facts)
{
    if (facts->family)
        socket->facts.family = facts->family;
    if (facts->type)
        socket->facts.type = facts->type;
    if (facts->address[0])
        strace_socket_address(socket, facts->address);
    if (facts->peer_address[0])
        strace_socket_peer(socket, facts->peer_address);
    if (facts->peer_inode)
        set_peer(socket, facts->peer_inode);
}

void strace_socket_connected(struct strace_world *world, struct strace_socket *socket)
{
    if (socket->waiting || socket->facts.peer_inode)
        return;
    socket->waiting = true;
    socket->next = NULL;
    *(world->waiting ? &world->last_waiting->next : &world->waiting) = socket;
    world->last_waiting = socket;
}

/* Whether that socket can be at the other end of what was accepted. */
static bool can_be_peer(const struct strace_socket *client, const struct strace_socket *accepted)
{
    const struct endpoint_facts *one = &client->facts, *other = &accepted->facts;

    if (one->type != other->type || one->inode == other->inode)
        return false;
    if (one->peer_inode || other->peer_inode)
        return one->peer_inode == other->inode || other->peer_inode == one->inode;
    if (!address_agrees(one->peer_address, other->address))
        return false;
    return !one->address[0] || !other->peer_address[0] ||
           strcmp(one->address, other->peer_address) == 0;
}

/* A listener hands out connections in the order in which they were made. */
void strace_socket_accepted(struct strace_world *world, struct strace_socket *socket)
{
    struct strace_socket *before = NULL;

    for (struct strace_socket *client = world->waiting; client; client = client->next) {
        if (!can_be_peer(client, socket)) {
            before = client;
            continue;
        }
        *(before ? &before->next : &world->waiting) = client->next;
        if (world->last_waiting == client)
            world->last_waiting = before;
        client->waiting = false;
        strace_sockets_pair(client, socket);
        return;
    }
}

int strace_socket_tell(struct strace_world *world, struct strace_socket *socket,
                       const struct strace_thread *thread)
{
    if (socket->told)
        return 0;
    if (!socket->facts.pid) {
        socket->facts.pid = thread->pid;
        memcpy(socket->facts.comm, thread->comm, COMM_SIZE);
    }
    socket->told = true;
    return world->sink->endpoint(world->sink->context, &socket->facts);
}

/* Datagrams whose sender has no address yet */

/* 64-bit FNV-1a. */
static uint64_t digest(const uint8_t *data, size_t length)
{
    uint64_t hash = 0xcbf29ce484222325;

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ data[i]) * 0x100000001b3;
    return hash;
}

void strace_socket_sent(struct strace_world *world, struct strace_socket *socket, const char *to,
                        const uint8_t *data, size_t length)
{
    const struct endpoint_facts *facts = &socket->facts;

    if (facts->type != SOCK_DGRAM || facts->family == AF_UNIX || facts->address[0])
        return;
    if (!socket->strange) {
        socket->strange = true;
        socket->stranger = world->strangers;
        world->strangers = socket;
    }
    socket->sent = digest(data, length);
    stpcpy(socket->to, to ? to : facts->peer_address);
}

int strace_socket_came(struct strace_world *world, const struct strace_socket *receiver,
                       const char *from, const uint8_t *data, size_t length,
                       const struct strace_thread *thread)
{
    uint64_t content;

    if (!world->strangers || !from || receiver->facts.type != SOCK_DGRAM ||
        receiver->facts.family == AF_UNIX || !receiver->facts.address[0])
        return 0;
    content = digest(data, length);
    for (struct strace_socket **at = &world->strangers; *at; at = &(*at)->stranger) {
        struct strace_socket *socket = *at;

        if (socket->sent != content || !address_agrees(socket->to, receiver->facts.address))
            continue;
        *at = socket->stranger;
        socket->strange = false;
        if (socket->facts.address[0])
            return 0;
        strace_socket_address(socket, from);
        return strace_socket_tell(world, socket, thread);
    }
    return 0;
}

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
