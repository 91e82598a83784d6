/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Which sockets of a trace are the two ends of a connection. strace may say so; otherwise a
 * listener hands out connections in the order in which they were made. Of internet sockets more may
 * show later: as long as nothing has been said, what their order says is put right by their
 * addresses.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/digest.h"
#include "capture/strace_process.h"
#include "capture/text.h"

/* Those that wait */

/* Where a client waits for what is accepted at that address, or the other way round. */
static struct strace_door *door_of(struct strace_world *world, const char *address)
{
    const char *port = text_begins(address, "tcp:") ? strrchr(address, ':') : address;

    return &world->doors[digest(port, strlen(port)) % DOORS];
}

static void queue_remove(struct strace_socket *socket)
{
    struct strace_queue *queue = socket->queue;
    struct strace_socket *before = NULL;

    if (!queue)
        return;
    for (struct strace_socket *each = queue->first; each != socket; each = each->next)
        before = each;
    *(before ? &before->next : &queue->first) = socket->next;
    if (queue->last == socket)
        queue->last = before;
    if (queue->alike == socket)
        queue->alike = before;
    queue->count--;
    socket->queue = NULL;
}

static void queue_add(struct strace_queue *queue, struct strace_socket *socket)
{
    queue_remove(socket); /* a dump may say that a socket was accepted twice */
    socket->queue = queue;
    socket->next = NULL;
    *(queue->first ? &queue->last->next : &queue->first) = socket;
    queue->last = socket;
    queue->count++;
}

/* Choosing the other end */

static bool is_accepted(const struct strace_socket *socket)
{
    return socket->facts.role == ROLE_ACCEPTED;
}

/* Whether the one's own address is what the other has been told. */
static bool is_known(const struct strace_socket *client, const struct strace_socket *accepted)
{
    return client->facts.address[0] && accepted->facts.peer_address[0];
}

/* Whether that socket can be at the other end of what was accepted. */
static bool can_be_peer(const struct strace_socket *client, const struct strace_socket *accepted)
{
    const struct endpoint_facts *one = &client->facts, *other = &accepted->facts;

    if (one->type != other->type || one->inode == other->inode)
        return false;
    if (one->peer_inode || other->peer_inode)
        return one->peer_inode == other->inode || other->peer_inode == one->inode;
    return address_agrees(one->peer_address, other->address) &&
           (!is_known(client, accepted) || address_agrees(other->peer_address, one->address));
}

/* The same of one that waits. What was accepted before the client connected is another's. */
static bool can_meet(const struct strace_socket *waiting, const struct strace_socket *newcomer)
{
    if (is_accepted(newcomer))
        return can_be_peer(waiting, newcomer);
    return waiting->accepted >= newcomer->connecting && can_be_peer(newcomer, waiting);
}

/*
 * The first that can meet the newcomer of those that lead the queue and are alike: of a crowd, each
 * that is accepted would otherwise be compared with all that wait.
 */
static struct strace_socket *choose_alike(struct strace_queue *queue,
                                          const struct strace_socket *newcomer)
{
    struct strace_socket *each = queue->alike ? queue->alike->next : queue->first;

    for (; each && each->several && !each->facts.address[0]; each = each->next)
        queue->alike = each;
    if (!queue->alike)
        return NULL;
    for (each = queue->first; !can_meet(each, newcomer); each = each->next)
        if (each == queue->alike)
            return NULL;
    return each;
}

/*
 * The one of those that wait whose addresses tell that it is the other end; else the one that has
 * waited longest. Where there is another that it could be, all of them are marked as such; but not
 * Unix sockets, which tell no more than their order.
 */
static struct strace_socket *choose(struct strace_queue *queue,
                                    const struct strace_socket *newcomer)
{
    struct strace_socket *first = choose_alike(queue, newcomer);
    struct strace_socket *each = queue->alike ? queue->alike->next : queue->first;

    for (; each; each = each->next) {
        if (!can_meet(each, newcomer))
            continue;
        if (newcomer->facts.family == AF_UNIX ||
            (is_accepted(newcomer) ? is_known(each, newcomer) : is_known(newcomer, each)))
            return each;
        if (first)
            first->several = each->several = true;
        else
            first = each;
    }
    return first;
}

/* Pairing */

/* What was guessed is certain by now, or given up. */
static void settle(struct strace_socket *socket)
{
    struct strace_socket *other = socket->guess;

    if (!other)
        return;
    socket->guess = other->guess = NULL;
    socket->told = other->told = false;
}

static void separate(struct strace_socket *socket)
{
    struct strace_socket *other = socket->guess;

    settle(socket);
    socket->facts.peer_inode = socket->facts.peer_token = 0;
    other->facts.peer_inode = other->facts.peer_token = 0;
}

static void pair(struct strace_socket *client, struct strace_socket *accepted)
{
    queue_remove(client);
    queue_remove(accepted);
    settle(client);
    settle(accepted);
    strace_sockets_pair(client, accepted);
    if (client->facts.family == AF_UNIX || is_known(client, accepted))
        return;
    client->guess = accepted;
    accepted->guess = client;
    client->several = accepted->several = client->several || accepted->several;
}

/* Pairs the socket with one that waits; where there is none, it waits itself. */
static void seek(struct strace_world *world, struct strace_socket *socket)
{
    bool accepted = is_accepted(socket);
    struct strace_door *door =
        door_of(world, accepted ? socket->facts.address : socket->facts.peer_address);
    struct strace_socket *other = choose(accepted ? &door->clients : &door->accepted, socket);

    if (other) {
        pair(accepted ? other : socket, accepted ? socket : other);
        return;
    }
    queue_add(accepted ? &door->accepted : &door->clients, socket);
    if (door->accepted.count > EARLY_MAX)
        queue_remove(door->accepted.first);
}

void strace_socket_connected(struct strace_world *world, struct strace_socket *socket,
                             uint64_t began, bool pending)
{
    socket->connecting = began;
    socket->pending = pending;
    if (!socket->queue && !socket->facts.peer_inode)
        seek(world, socket);
}

void strace_socket_accepted(struct strace_world *world, struct strace_socket *socket,
                            uint64_t ended)
{
    socket->accepted = ended;
    seek(world, socket);
}

void strace_socket_refused(struct strace_world *world, struct strace_socket *socket)
{
    struct strace_socket *accepted = socket->guess;

    if (!socket->pending || socket->said)
        return;
    socket->pending = false;
    queue_remove(socket);
    if (!accepted)
        return;
    separate(socket);
    seek(world, accepted);
}

/* Guesses */

/* What was accepted from the address that the client turns out to have; NULL when nothing was. */
static struct strace_socket *find_accepted(struct strace_world *world,
                                           const struct strace_socket *client)
{
    static const char *const hosts[] = {"0.0.0.0", "[::]"};
    const char *server = client->facts.peer_address, *port = strrchr(server, ':');
    const char *own = client->facts.address;
    struct strace_socket *found = strace_socket_addressed(world, server, own);
    char any[ADDRESS_TEXT_SIZE];

    for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts) && !found && port; i++) {
        snprintf(any, sizeof(any), "tcp:%s%s", hosts[i], port);
        found = strace_socket_addressed(world, any, own);
    }
    return found && is_accepted(found) ? found : NULL;
}

/* The client is another's than was guessed: who was taken for that one's gets what it leaves. */
static void exchange(struct strace_world *world, struct strace_socket *client)
{
    struct strace_socket *accepted = client->guess, *right = find_accepted(world, client);
    struct strace_socket *other = right && !right->said ? right->guess : NULL;

    separate(client);
    if (other)
        separate(other);
    if (right && !right->facts.peer_inode)
        pair(client, right);
    else
        seek(world, client);
    if (other && can_be_peer(other, accepted)) {
        other->several = true;
        pair(other, accepted);
        return;
    }
    if (other)
        seek(world, other);
    seek(world, accepted);
}

void strace_socket_check(struct strace_world *world, struct strace_socket *socket)
{
    struct strace_socket *client = is_accepted(socket) ? socket->guess : socket;
    struct strace_socket *accepted = is_accepted(socket) ? socket : socket->guess;

    if (socket->queue)
        socket->queue->alike = NULL; /* it may be one of these no longer */
    if (!socket->guess || !is_known(client, accepted))
        return;
    if (address_agrees(accepted->facts.peer_address, client->facts.address)) {
        settle(socket);
    } else if (!socket->said) {
        exchange(world, client);
    } else {
        world->guessed += !socket->several; /* else it is counted already */
        settle(socket);
    }
}

void strace_socket_says(struct strace_world *world, struct strace_socket *socket, bool sends)
{
    struct strace_socket *other = socket->guess;

    /* Who the client is shows when that is seen, which it will be when it receives this. */
    if (!other || socket->said || (is_accepted(socket) && sends && socket->several))
        return;
    socket->said = other->said = true;
    socket->told = other->told = false;
    world->guessed += socket->several;
}

bool strace_socket_is_guess(const struct strace_socket *socket)
{
    return socket->guess && socket->several && !socket->said;
}
