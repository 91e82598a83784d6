/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Datagram sockets that send and have no address yet. What they have sent is kept until it shows,
 * where it is received, from what address it came.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/digest.h"
#include "capture/strace_process.h"

/* What an unanswered socket has sent last is enough to find it by. */
enum { SENT_MAX = 64 };

struct strace_sent {
    struct strace_socket *socket;
    struct strace_sent *later;           /* of what the socket has sent */
    struct strace_sent *before, *behind; /* of what may look the same, in the order of sending */
    uint64_t content;
    char to[];
};

/* What is received at the port that it was sent to, and has that content, is in the same list. */
static struct strace_sent_list *list_of(struct strace_world *world, uint64_t content,
                                        const char *address)
{
    const char *port = strrchr(address, ':');
    uint64_t hash = content + (port ? digest(port, strlen(port)) : 0);

    return &world->sent[hash % SENT_LISTS];
}

/* Forgets what the socket has sent first. */
static void forget_first(struct strace_world *world, struct strace_socket *socket)
{
    struct strace_sent *sent = socket->sent;
    struct strace_sent_list *list = list_of(world, sent->content, sent->to);

    *(sent->before ? &sent->before->behind : &list->first) = sent->behind;
    *(sent->behind ? &sent->behind->before : &list->last) = sent->before;
    socket->sent = sent->later;
    socket->sent_count--;
    free(sent);
}

void strace_stranger_known(struct strace_world *world, struct strace_socket *socket)
{
    while (socket->sent)
        forget_first(world, socket);
}

void strace_strangers_free(struct strace_world *world)
{
    for (size_t i = 0; i < SENT_LISTS; i++)
        while (world->sent[i].first)
            strace_stranger_known(world, world->sent[i].first->socket);
}

int strace_stranger_sent(struct strace_world *world, struct strace_socket *socket, const char *to,
                         const uint8_t *data, size_t length)
{
    const struct endpoint_facts *facts = &socket->facts;
    struct strace_sent_list *list;
    struct strace_sent *sent;

    if (facts->type != SOCK_DGRAM || facts->address[0])
        return 0;
    to = to ? to : facts->peer_address;
    sent = calloc(1, sizeof(*sent) + strlen(to) + 1);
    if (!sent)
        return -ENOMEM;
    sent->socket = socket;
    sent->content = digest(data, length);
    stpcpy(sent->to, to);
    list = list_of(world, sent->content, to);
    sent->before = list->last;
    *(list->last ? &list->last->behind : &list->first) = sent;
    list->last = sent;
    *(socket->sent ? &socket->last_sent->later : &socket->sent) = sent;
    socket->last_sent = sent;
    if (++socket->sent_count > SENT_MAX)
        forget_first(world, socket);
    return 0;
}

/* What was received there may be this, or what follows it in its list; NULL: none of that. */
static struct strace_sent *find_sent(struct strace_sent *sent, uint64_t content,
                                     const struct strace_socket *receiver,
                                     const struct strace_socket *but)
{
    while (sent && (sent->content != content || sent->socket == but ||
                    !address_agrees(sent->to, receiver->facts.address)))
        sent = sent->behind;
    return sent;
}

/* Whether the kernel has chosen the address: of Unix sockets five digits. */
static bool is_chosen(int family, const char *address)
{
    return family != AF_UNIX || (address[0] == '@' && strlen(address) == 6 &&
                                 strspn(address + 1, "0123456789abcdef") == 5);
}

int strace_stranger_came(struct strace_world *world, const struct strace_socket *receiver,
                         const char *from, const uint8_t *data, size_t length,
                         const struct strace_thread *thread)
{
    struct strace_sent *sent;
    struct strace_socket *socket;
    uint64_t content;

    if (!from || !from[0] || receiver->facts.type != SOCK_DGRAM || !receiver->facts.address[0] ||
        !is_chosen(receiver->facts.family, from))
        return 0;
    content = digest(data, length);
    sent =
        find_sent(list_of(world, content, receiver->facts.address)->first, content, receiver, NULL);
    if (!sent || strace_socket_sends_from(world, from))
        return 0;
    socket = sent->socket;
    world->mistakable += find_sent(sent->behind, content, receiver, socket) != NULL;
    strace_socket_address(world, socket, from);
    return strace_socket_tell(world, socket, thread);
}
