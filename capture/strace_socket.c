/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The sockets of a trace: which is which, who is at the other end, and what the sink knows of them.
 */
#include <string.h>
#include <sys/socket.h>

#include "capture/digest.h"
#include "capture/reader.h"
#include "capture/strace_process.h"
#include "capture/text.h"
#include "capture/tree.h"

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

/* Internet and datagram sockets by their addresses */

/* Those of datagrams are looked for by their own address alone, and UDP's may be bound to all. */
static struct strace_socket **bucket_of(struct strace_world *world, const char *address,
                                        const char *peer)
{
    const char *own = text_begins(address, "udp:") ? strrchr(address, ':') : address;
    uint64_t hash = digest(own, strlen(own));

    if (text_begins(address, "tcp:"))
        hash += 31 * digest(peer, strlen(peer));
    return &world->addressed[hash % ADDRESSED_SIZE];
}

static void address_add(struct strace_world *world, struct strace_socket *socket)
{
    struct strace_socket **bucket;

    if ((socket->facts.family == AF_UNIX && socket->facts.type != SOCK_DGRAM) ||
        !socket->facts.address[0])
        return;
    bucket = bucket_of(world, socket->facts.address, socket->facts.peer_address);
    socket->next_addressed = *bucket;
    *bucket = socket;
}

static void address_remove(struct strace_world *world, const struct strace_socket *socket)
{
    struct strace_socket **at = bucket_of(world, socket->facts.address, socket->facts.peer_address);

    while (*at && *at != socket)
        at = &(*at)->next_addressed;
    if (*at)
        *at = socket->next_addressed;
}

/* The latest with these addresses, of that family or any (0). */
static struct strace_socket *find_addressed(struct strace_world *world, int family, int type,
                                            const char *address, const char *peer)
{
    struct strace_socket *each = *bucket_of(world, address, peer);

    while (each && ((family && each->facts.family != family) || each->facts.type != type ||
                    strcmp(each->facts.address, address) != 0 ||
                    strcmp(each->facts.peer_address, peer) != 0))
        each = each->next_addressed;
    return each;
}

struct strace_socket *strace_socket_find(struct strace_world *world,
                                         const struct strace_facts *facts)
{
    if (facts->inode || !facts->address[0] || facts->family == AF_UNIX ||
        (facts->type == SOCK_STREAM && !facts->peer_address[0]))
        return NULL;
    return find_addressed(world, facts->family, facts->type, facts->address, facts->peer_address);
}

struct strace_socket *strace_socket_addressed(struct strace_world *world, const char *address,
                                              const char *peer)
{
    return find_addressed(world, 0, SOCK_STREAM, address, peer);
}

bool strace_socket_sends_from(struct strace_world *world, const char *address)
{
    struct strace_socket *each = *bucket_of(world, address, "");

    while (each && (!each->holders || each->facts.type != SOCK_DGRAM ||
                    !address_agrees(address, each->facts.address)))
        each = each->next_addressed;
    return each;
}

static void set_text(struct strace_world *world, struct strace_socket *socket,
                     char to[ADDRESS_TEXT_SIZE], const char *from)
{
    if (strcmp(to, from) == 0)
        return;
    address_remove(world, socket);
    stpcpy(to, from);
    address_add(world, socket);
    socket->told = false;
    strace_socket_check(world, socket);
}

void strace_socket_address(struct strace_world *world, struct strace_socket *socket,
                           const char *address)
{
    set_text(world, socket, socket->facts.address, address);
    strace_stranger_known(world, socket);
}

void strace_socket_peer(struct strace_world *world, struct strace_socket *socket,
                        const char *address)
{
    set_text(world, socket, socket->facts.peer_address, address);
}

static void set_peer(struct strace_socket *socket, uint64_t inode)
{
    if (socket->facts.peer_inode == inode)
        return;
    socket->facts.peer_inode = socket->facts.peer_token = inode;
    socket->told = false;
}

void strace_socket_meet(struct strace_world *world, struct strace_socket *socket)
{
    const char *address = socket->facts.peer_address;
    struct strace_socket *each = *bucket_of(world, address, "");

    while (each && (!each->holders || each->facts.family != socket->facts.family ||
                    each->facts.type != SOCK_DGRAM || strcmp(each->facts.address, address) != 0))
        each = each->next_addressed;
    if (each)
        set_peer(socket, each->facts.inode);
}

void strace_sockets_pair(struct strace_socket *one, struct strace_socket *other)
{
    set_peer(one, other->facts.inode);
    set_peer(other, one->facts.inode);
}

void strace_socket_learn(struct strace_world *world, struct strace_socket *socket,
                         const struct strace_facts *facts)
{
    if (facts->family)
        socket->facts.family = facts->family;
    if (facts->type)
        socket->facts.type = facts->type;
    if (facts->address[0] && !socket->moved)
        strace_socket_address(world, socket, facts->address);
    if (facts->peer_address[0] && !socket->moved)
        strace_socket_peer(world, socket, facts->peer_address);
    if (facts->peer_inode)
        set_peer(socket, facts->peer_inode);
}

int strace_socket_tell(struct strace_world *world, struct strace_socket *socket,
                       const struct strace_thread *thread)
{
    struct endpoint_facts facts;

    if (socket->told)
        return 0;
    if (!socket->facts.pid) {
        socket->facts.pid = thread->pid;
        memcpy(socket->facts.comm, thread->comm, COMM_SIZE);
    }
    socket->told = true;
    facts = socket->facts;
    if (strace_socket_is_guess(socket))
        facts.peer_inode = facts.peer_token = 0;
    return world->sink->endpoint(world->sink->context, &facts);
}
