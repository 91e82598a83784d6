/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Whichever way the ends know each other, each must find the conversation that the other opened. */
#include "capture/party.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/peer.h"

int party_of(const struct conversation *conversation, const struct endpoint *endpoint)
{
    for (int i = 0; i < 2; i++)
        if (conversation->parties[i].endpoint == endpoint)
            return i;
    /* Another has spoken in the place of this one: see may_stand_in(). */
    return conversation->client == NOBODY ? 1 : !conversation->client;
}

static int set_address(struct end *end, const char *address)
{
    char *copy;

    if (end->address && strcmp(end->address, address) == 0)
        return 0;
    copy = strdup(address);
    if (!copy)
        return -ENOMEM;
    free(end->address);
    end->address = copy;
    return 0;
}

static int party_join(struct party *party, struct endpoint *endpoint)
{
    party->endpoint = endpoint;
    endpoint->parts++;
    party->end.inode = endpoint->facts.inode;
    party->end.pid = endpoint->facts.pid;
    memcpy(party->end.comm, endpoint->facts.comm, COMM_SIZE);
    /* An internet address that the peer uses says more than the wildcard it is bound to. */
    if (party->end.address && party->end.address[0] &&
        (!endpoint->facts.address[0] || endpoint_is_inet(endpoint)))
        return 0;
    return set_address(&party->end, endpoint->facts.address);
}

static void conversation_free(struct conversation *conversation)
{
    order_free(&conversation->order);
    free(conversation->parties[0].end.address);
    free(conversation->parties[1].end.address);
    free(conversation);
}

/* Fills in what is known of an end that is not observed, by the one that is. */
static void describe(struct parties *all, struct end *other, const struct endpoint *endpoint)
{
    if (endpoint_is_with_peer(endpoint, other->address)) {
        other->inode = endpoint->facts.peer_inode;
        other->pid = endpoint->facts.peer_pid;
        memcpy(other->comm, endpoint->facts.peer_comm, COMM_SIZE);
    }
    if (all->peers)
        peers_complete(all->peers, other, endpoint->facts.family);
    /* What is found for a stream's address is the socket that listens, not the peer. */
    if (endpoint->facts.type != SOCK_DGRAM)
        other->inode = endpoint->facts.peer_inode;
}

static struct conversation *conversation_add(struct parties *all, struct endpoint *endpoint,
                                             struct endpoint *peer, const char *address)
{
    struct conversation *conversation = calloc(1, sizeof(*conversation));
    struct party *other;

    if (!conversation)
        return NULL;
    conversation->client = NOBODY;
    order_new(&conversation->order);
    other = &conversation->parties[1];
    if (party_join(&conversation->parties[0], endpoint) || set_address(&other->end, address) ||
        (peer && party_join(other, peer))) {
        conversation_free(conversation);
        return NULL;
    }
    if (!peer)
        describe(all, &other->end, endpoint);
    conversation->at = all->end;
    *all->end = conversation;
    all->end = &conversation->next;
    return conversation;
}

/* True when the other end than peer of one of peer's conversations is, or can be, endpoint. */
static bool can_be(const struct conversation *conversation, const struct endpoint *peer,
                   const struct endpoint *endpoint)
{
    const struct party *other = &conversation->parties[!party_of(conversation, peer)];
    const bool connected = endpoint_is_with_peer(peer, other->end.address);

    if (other->endpoint)
        return other->endpoint == endpoint;
    if (other->end.inode && other->end.inode != endpoint->facts.inode)
        return false;
    /* What was not known of a connection when it began may be known by now. */
    if (connected && peer->facts.peer_inode && peer->facts.peer_inode != endpoint->facts.inode)
        return false;
    return connected || (endpoint->facts.address[0] &&
                         address_agrees(other->end.address, endpoint->facts.address));
}

/*
 * Several sockets may have one internet address (SO_REUSEPORT, or one for each client that a server
 * is connected to). Which of them gets what is sent there shows when it speaks: true when endpoint
 * is another one at the address of the server that peer has asked.
 */
static bool may_stand_in(const struct conversation *conversation, const struct endpoint *peer,
                         const struct endpoint *endpoint)
{
    const int client = conversation->client == NOBODY ? 0 : conversation->client;
    const struct party *server = &conversation->parties[!client];
    const char *own = endpoint->facts.address;

    if (endpoint->facts.type != SOCK_DGRAM || !endpoint_is_inet(endpoint) || !server->endpoint ||
        conversation->parties[client].endpoint != peer ||
        standpoints_are_apart(&server->endpoint->facts.standpoint, &endpoint->facts.standpoint,
                              own))
        return false;
    return strcmp(own, server->end.address) == 0 ||
           strcmp(own, server->endpoint->facts.address) == 0 ||
           (endpoint_is_with_another(server->endpoint, peer) &&
            address_agrees(server->end.address, own));
}

static bool can_be_or_stand_in(const struct conversation *conversation, const struct endpoint *peer,
                               const struct endpoint *endpoint)
{
    return can_be(conversation, peer, endpoint) || may_stand_in(conversation, peer, endpoint);
}

/* The conversation that the peer has opened with this endpoint already, if it has. */
static struct conversation *opened_by(const struct endpoint *peer, const struct endpoint *endpoint)
{
    const char *own = endpoint->facts.address;

    if (peer->only && can_be_or_stand_in(peer->only, peer, endpoint))
        return peer->only;
    /* What goes by one address only is known by that; others have to be looked at in turn. */
    if (endpoint_is_inet(endpoint) && !endpoint_is_connected(peer) && own[0] &&
        !address_is_wildcard(own)) {
        struct conversation *known = acquaintances_find(&peer->acquaintances, own);

        return known && can_be_or_stand_in(known, peer, endpoint) ? known : NULL;
    }
    for (const struct joined *each = peer->acquaintances.latest; each; each = each->before)
        if (can_be(each->conversation, peer, endpoint))
            return each->conversation;
    for (const struct joined *each = peer->acquaintances.latest; each; each = each->before)
        if (may_stand_in(each->conversation, peer, endpoint))
            return each->conversation;
    return NULL;
}

/* The endpoint is that party from now on: no other that was told of until now has overtaken it. */
static int stand_in(const struct parties *all, struct party *party, struct endpoint *endpoint)
{
    if (party->endpoint)
        party->endpoint->parts--;
    party->since = all->endpoints.names;
    return party_join(party, endpoint);
}

/* Finds the peer's conversation with this endpoint, or opens one. NULL when there is no memory. */
static struct conversation *join_or_open(struct parties *all, struct endpoint *endpoint,
                                         const char *address)
{
    struct endpoint *peer = endpoints_peer(&all->endpoints, endpoint, address);
    struct conversation *conversation = peer ? opened_by(peer, endpoint) : NULL;
    struct party *own;

    /* A connection that has another end already is an earlier one between the same addresses. */
    if (peer && !conversation && peer->facts.type != SOCK_DGRAM && peer->only)
        peer = NULL;
    if (!conversation)
        conversation = conversation_add(all, endpoint, peer, address);
    if (!conversation)
        return NULL;
    own = &conversation->parties[peer ? !party_of(conversation, peer) : 0];
    if (own->endpoint != endpoint && stand_in(all, own, endpoint))
        return NULL;
    if (peer && peer->facts.type != SOCK_DGRAM && !peer->only)
        peer->only = conversation;
    return conversation;
}

/* True when another observed endpoint has the address by now: the path or port is used again. */
static bool is_overtaken(struct parties *all, const struct endpoint *endpoint,
                         const struct conversation *conversation, const char *name)
{
    const int other = !party_of(conversation, endpoint);
    const struct endpoint *peer = conversation->parties[other].endpoint, *now = NULL;

    /* A client has a port of its own, often of all addresses; several servers may share theirs. */
    if (peer && conversation->client == other)
        now = endpoints_bound(&all->endpoints, endpoint, name);
    else if (peer)
        now = endpoints_named(&all->endpoints, endpoint, name);
    return now && now != peer && now->named > conversation->parties[other].since &&
           !endpoint_is_with_another(now, endpoint);
}

static bool is_peer_of(const struct endpoint *peer, const struct endpoint *endpoint)
{
    return endpoint_is_inet(endpoint)
               ? address_agrees(peer->facts.address, endpoint->facts.peer_address)
               : peer->facts.token == endpoint->facts.peer_token;
}

bool party_is_connected(const struct conversation *conversation, int which)
{
    const struct endpoint *endpoint = conversation->parties[which].endpoint;
    const struct party *other = &conversation->parties[!which];

    if (!endpoint || !endpoint_is_connected(endpoint))
        return false;
    if (endpoint->facts.type != SOCK_DGRAM)
        return true;
    return other->endpoint ? is_peer_of(other->endpoint, endpoint)
                           : endpoint_is_with_peer(endpoint, other->end.address);
}

/* Nothing has been said with whoever the endpoint's peer is: that is known now. */
static int introduce(struct parties *all, struct conversation *only, struct party *other,
                     const struct endpoint *endpoint)
{
    const char *address = endpoint->facts.peer_address;
    struct endpoint *peer = endpoints_peer(&all->endpoints, endpoint, address);

    if (set_address(&other->end, address))
        return -ENOMEM;
    if (peer && !peer->only) {
        peer->only = only;
        return party_join(other, peer);
    }
    describe(all, &other->end, endpoint);
    return 0;
}

/*
 * The endpoint has got a peer: what it had with another before is over. What was begun when there
 * was none, and in which nothing has been said, is with this one. Returns 0 or -ENOMEM.
 */
static int meet(struct parties *all, struct endpoint *endpoint)
{
    struct conversation *only = endpoint->met ? endpoint->only : NULL;
    struct party *other = only ? &only->parties[!party_of(only, endpoint)] : NULL;
    bool is_over;

    endpoint->met = false;
    if (!only)
        return 0;
    is_over = other->endpoint ? !is_peer_of(other->endpoint, endpoint)
                              : other->end.address[0] &&
                                    strcmp(other->end.address, endpoint->facts.peer_address) != 0;
    if (is_over)
        endpoint->only = NULL;
    return is_over || other->endpoint || only->client != NOBODY
               ? 0
               : introduce(all, only, other, endpoint);
}

/* The one that the endpoint's connection is: with a datagram's sender it may have begun before. */
static struct conversation *connected_conversation(struct parties *all, struct endpoint *endpoint)
{
    const char *peer = endpoint->facts.peer_address;

    if (meet(all, endpoint))
        return NULL;
    if (!endpoint->only && endpoint->facts.type == SOCK_DGRAM && peer[0]) {
        endpoint->only = acquaintances_find(&endpoint->acquaintances, peer);
        if (endpoint->only && is_overtaken(all, endpoint, endpoint->only, peer))
            endpoint->only = NULL;
    }
    if (endpoint->only)
        return endpoint->only;
    endpoint->only = join_or_open(all, endpoint, peer);
    /* It may be connected to another, and then to this one again. */
    if (endpoint->only && endpoint->facts.type == SOCK_DGRAM && peer[0] &&
        acquaintances_add(&endpoint->acquaintances, peer, endpoint->only))
        return NULL;
    return endpoint->only;
}

static bool leads_to(const char *address, const char *file, uint32_t pid)
{
    char now[ADDRESS_TEXT_SIZE];

    return address_file(now, address, pid) && strcmp(now, file) == 0;
}

/*
 * The conversation with whoever has that file, by whatever path. The number of a file that is gone
 * is used again: then the path that was known leads there no more.
 */
static struct conversation *find_by_file(struct parties *all, const struct endpoint *endpoint,
                                         const char *file)
{
    struct conversation *conversation = acquaintances_find(&endpoint->acquaintances, file);
    const struct end *end;

    if (!conversation || is_overtaken(all, endpoint, conversation, file))
        return NULL;
    end = &conversation->parties[!party_of(conversation, endpoint)].end;
    return leads_to(end->address, file, endpoint->facts.pid) ||
                   leads_to(end->address, file, end->pid)
               ? conversation
               : NULL;
}

static struct conversation *find_or_open(struct parties *all, struct endpoint *endpoint,
                                         const char *name)
{
    struct conversation *conversation;
    char file[ADDRESS_TEXT_SIZE];
    bool has_file;

    if (endpoint_is_with_peer(endpoint, name ? name : ""))
        return connected_conversation(all, endpoint);
    /* Received with no way to tell from whom: from the only one there is, if there is only one. */
    if (!name && endpoint->talks == 1)
        return endpoint->acquaintances.latest->conversation;
    name = name ? name : "";
    conversation = acquaintances_find(&endpoint->acquaintances, name);
    if (conversation && !is_overtaken(all, endpoint, conversation, name))
        return conversation;
    /* One socket may go by several paths: an answer need not come from the path asked. */
    has_file = address_file(file, name, endpoint->facts.pid);
    conversation = has_file ? find_by_file(all, endpoint, file) : NULL;
    if (!conversation) {
        conversation = join_or_open(all, endpoint, name);
        if (!conversation ||
            (has_file && acquaintances_add(&endpoint->acquaintances, file, conversation)))
            return NULL;
        endpoint->talks++;
    }
    return acquaintances_add(&endpoint->acquaintances, name, conversation) ? NULL : conversation;
}

struct conversation *parties_conversation(struct parties *all, struct endpoint *endpoint,
                                          const char *name)
{
    struct conversation *conversation = find_or_open(all, endpoint, name);
    struct party *own =
        conversation ? &conversation->parties[party_of(conversation, endpoint)] : NULL;

    /* Another may have stood in for this one before. */
    return own && own->endpoint != endpoint && stand_in(all, own, endpoint) ? NULL : conversation;
}

void parties_heard(struct parties *all, struct conversation *conversation,
                   const struct endpoint *endpoint)
{
    struct party *other = &conversation->parties[!party_of(conversation, endpoint)];
    struct end *end = &other->end;

    if (!all->peers || other->endpoint || endpoint->facts.type != SOCK_DGRAM ||
        endpoint_is_inet(endpoint))
        return;
    if (peers_is_there(end->pid))
        return;
    end->pid = 0;
    end->inode = 0;
    end->comm[0] = '\0';
    peers_complete(all->peers, end, endpoint->facts.family);
}

int party_learn(struct party *party)
{
    if (!party->endpoint || party->end.address[0] || !party->endpoint->facts.address[0])
        return 0;
    return set_address(&party->end, party->endpoint->facts.address);
}

int parties_other_observed(struct parties *all, struct conversation *conversation,
                           const struct endpoint *endpoint)
{
    struct party *other = &conversation->parties[!party_of(conversation, endpoint)];
    struct endpoint *found;

    if (other->endpoint)
        return 1;
    found = other->end.address[0] ? endpoints_bound(&all->endpoints, endpoint, other->end.address)
                                  : NULL;
    if (!found || found->facts.type != SOCK_DGRAM || found == endpoint)
        return 0;
    return party_join(other, found) ? -ENOMEM : 1;
}

/* Whether nothing can be said in the conversation any more, nor is to be told of it. */
static bool is_over(const struct conversation *conversation)
{
    for (int i = 0; i < 2; i++) {
        const struct endpoint *endpoint = conversation->parties[i].endpoint;

        if (endpoint && (!endpoint->gone || endpoint->parts > 1))
            return false;
    }
    return order_is_empty(&conversation->order) && !conversation->senders;
}

static void conversation_drop(struct parties *all, struct conversation *conversation)
{
    *conversation->at = conversation->next;
    if (conversation->next)
        conversation->next->at = conversation->at;
    else
        all->end = conversation->at;
    conversation_free(conversation);
}

/*
 * A connected Unix socket is there for as long as its peer is, so when its token is used again, no
 * peer of it can come to be observed. Of others that is not so: what they sent may be received yet.
 */
void parties_gone(struct parties *all, struct endpoint *endpoint)
{
    struct conversation *only = endpoint->only;

    endpoint->gone = true;
    if (endpoint->facts.family != AF_UNIX || endpoint->facts.type == SOCK_DGRAM ||
        (only ? !is_over(only) : endpoint->parts > 0))
        return;
    if (!only) {
        endpoints_forget(&all->endpoints, endpoint);
        return;
    }
    for (int i = 0; i < 2; i++)
        if (only->parties[i].endpoint)
            endpoints_forget(&all->endpoints, only->parties[i].endpoint);
    conversation_drop(all, only);
}

int parties_new(struct parties *all, bool past)
{
    *all = (struct parties){.end = &all->first, .endpoints.past = past};
    return past ? 0 : peers_new(&all->peers);
}

void parties_free(struct parties *all)
{
    while (all->first) {
        struct conversation *conversation = all->first;

        all->first = conversation->next;
        conversation_free(conversation);
    }
    endpoints_free(&all->endpoints);
    peers_free(all->peers);
}
