/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/endpoint.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/text.h"
#include "capture/tree.h"

/* An endpoint by one of the ways to know it; entries that are overtaken are replaced. */
struct known {
    uint64_t token;
    char *name; /* or an address, with that of its peer where it is connected; or a file's name */
    struct endpoint *endpoint;
};

static int compare_inode(const void *a, const void *b)
{
    return tree_compare_numbers(((const struct endpoint *)a)->facts.inode,
                                ((const struct endpoint *)b)->facts.inode);
}

static int compare_token(const void *a, const void *b)
{
    return tree_compare_numbers(((const struct known *)a)->token, ((const struct known *)b)->token);
}

static int compare_name(const void *a, const void *b)
{
    return strcmp(((const struct known *)a)->name, ((const struct known *)b)->name);
}

bool endpoint_is_inet(const struct endpoint *endpoint)
{
    return endpoint->facts.family != AF_UNIX;
}

bool endpoint_is_connected(const struct endpoint *endpoint)
{
    return endpoint->facts.type != SOCK_DGRAM || endpoint->facts.peer_token ||
           endpoint->facts.peer_inode || endpoint->facts.peer_address[0];
}

bool endpoint_is_with_peer(const struct endpoint *endpoint, const char *address)
{
    return endpoint_is_connected(endpoint) && (endpoint->facts.type != SOCK_DGRAM || !address[0] ||
                                               strcmp(address, endpoint->facts.peer_address) == 0);
}

bool endpoint_is_with_another(const struct endpoint *endpoint, const struct endpoint *one)
{
    return endpoint_is_inet(endpoint) && endpoint->facts.peer_address[0] && one->facts.address[0] &&
           !address_agrees(endpoint->facts.peer_address, one->facts.address);
}

struct endpoint *endpoints_find(const struct endpoints *endpoints, uint64_t inode)
{
    struct endpoint key = {.facts.inode = inode};

    return tree_find(&endpoints->by_inode, &key, compare_inode);
}

static struct endpoint *find_token(const struct endpoints *endpoints, uint64_t token)
{
    struct known key = {.token = token};
    struct known *found = tree_find(&endpoints->by_token, &key, compare_token);

    return found ? found->endpoint : NULL;
}

static struct endpoint *find_name(const struct endpoints *endpoints, const char *name)
{
    struct known key = {.name = (char *)name};
    struct known *found = tree_find(&endpoints->by_name, &key, compare_name);

    return found ? found->endpoint : NULL;
}

/*
 * From where the endpoint is, `seen` was the last to bind the name. But a folder may be shared, as
 * containers do, and be called otherwise elsewhere: who has bound the file since has it now.
 */
static struct endpoint *find_heir(const struct endpoints *endpoints,
                                  const struct endpoint *endpoint, const char *name,
                                  struct endpoint *seen)
{
    char file[ADDRESS_TEXT_SIZE];
    struct endpoint *heir = NULL;

    if (address_file_seen(file, name, endpoint->facts.pid))
        heir = find_name(endpoints, file);
    return heir && heir->number > seen->number ? heir : seen;
}

struct endpoint *endpoints_named(const struct endpoints *endpoints, const struct endpoint *endpoint,
                                 const char *name)
{
    const struct standpoint *standpoint = &endpoint->facts.standpoint;
    struct endpoint *last = find_name(endpoints, name), *found;
    char seen[STANDPOINT_TEXT_SIZE];

    found = standpoint_name(seen, standpoint, name) ? find_name(endpoints, seen) : NULL;
    if (found)
        return last->number > found->number ? find_heir(endpoints, endpoint, name, found) : found;
    return last && standpoints_are_apart(standpoint, &last->facts.standpoint, name) ? NULL : last;
}

static int remember_token(struct endpoints *endpoints, struct endpoint *endpoint,
                          struct endpoint **gone)
{
    struct known key = {.token = endpoint->facts.token};
    struct known *known;
    struct endpoint *before;

    if (!key.token)
        return 0;
    known = tree_get(&endpoints->by_token, &key, sizeof(key), compare_token, NULL);
    if (!known)
        return -ENOMEM;
    before = known->endpoint;
    if (before && before != endpoint && before->facts.token == key.token)
        *gone = before;
    known->endpoint = endpoint;
    return 0;
}

/* The endpoint goes by another token: the one it had is that of nobody that is known. */
static void forget_token(struct endpoints *endpoints, const struct endpoint *endpoint)
{
    struct known key = {.token = endpoint->facts.token};
    struct known *known = tree_find(&endpoints->by_token, &key, compare_token);

    if (known && known->endpoint == endpoint)
        tree_drop(&endpoints->by_token, known, compare_token);
}

static int remember_name(struct endpoints *endpoints, struct endpoint *endpoint, const char *name)
{
    struct known new = {.name = (char *)name, .endpoint = endpoint};
    struct known *known = tree_find(&endpoints->by_name, &new, compare_name);

    if (known) {
        known->endpoint = endpoint;
        return 0;
    }
    new.name = strdup(name);
    if (!new.name)
        return -ENOMEM;
    if (!tree_get(&endpoints->by_name, &new, sizeof(new), compare_name, NULL)) {
        free(new.name);
        return -ENOMEM;
    }
    return 0;
}

/* The endpoint has that name, as seen from where it is. */
static int remember_seen(struct endpoints *endpoints, struct endpoint *endpoint, const char *name)
{
    char seen[STANDPOINT_TEXT_SIZE];

    return standpoint_name(seen, &endpoint->facts.standpoint, name)
               ? remember_name(endpoints, endpoint, seen)
               : 0;
}

/* Most names are that of one endpoint; of the others it counts from where they are seen. */
static int remember_address(struct endpoints *endpoints, struct endpoint *endpoint,
                            const char *name)
{
    struct endpoint *before = find_name(endpoints, name);
    int err = remember_name(endpoints, endpoint, name);

    if (err || !before || before == endpoint)
        return err;
    err = remember_seen(endpoints, before, name);
    return err ? err : remember_seen(endpoints, endpoint, name);
}

/* A connected internet socket is known by both addresses: its own may be that of many. */
static void inet_name(char name[2 * ADDRESS_TEXT_SIZE], const char *own, const char *peer)
{
    stpcpy(stpcpy(stpcpy(name, own), "|"), peer);
}

static int remember(struct endpoints *endpoints, struct endpoint *endpoint, struct endpoint **gone)
{
    char name[2 * ADDRESS_TEXT_SIZE];
    int err = remember_token(endpoints, endpoint, gone);

    if (err)
        return err;
    if (endpoint_is_inet(endpoint) && endpoint->facts.peer_address[0]) {
        inet_name(name, endpoint->facts.address, endpoint->facts.peer_address);
        err = remember_address(endpoints, endpoint, name);
        if (err)
            return err;
    }
    /* What accept() gives shares the address of the listening socket. */
    if (endpoint->facts.type != SOCK_DGRAM || !endpoint->facts.address[0])
        return 0;
    err = remember_address(endpoints, endpoint, endpoint->facts.address);
    if (!err && address_file(name, endpoint->facts.address, endpoint->facts.pid))
        err = remember_name(endpoints, endpoint, name);
    return err;
}

/* Connected to another peer, or another socket: what it says from now on is another conversation.
 */
static bool begins_anew(const struct endpoint_facts *before, const struct endpoint_facts *now)
{
    const bool other_address = strcmp(now->peer_address, before->peer_address) != 0;

    if (now->token != before->token)
        return true;
    if (now->type == SOCK_DGRAM) /* a peer that is known by its token may bind a name yet */
        return now->peer_token != before->peer_token || (other_address && !now->peer_token) ||
               (now->peer_inode && before->peer_inode && now->peer_inode != before->peer_inode);
    return now->family != AF_UNIX && before->peer_address[0] && other_address;
}

static bool has_met(const struct endpoint_facts *before, const struct endpoint_facts *now)
{
    return now->type != SOCK_DGRAM && ((now->peer_token && !before->peer_token) ||
                                       (now->peer_address[0] && !before->peer_address[0]));
}

int endpoints_tell(struct endpoints *endpoints, const struct endpoint_facts *facts,
                   struct endpoint **gone)
{
    struct endpoint key = {.facts = *facts};
    struct endpoint *endpoint;
    bool made;

    *gone = NULL;
    endpoint = tree_get(&endpoints->by_inode, &key, sizeof(key), compare_inode, &made);
    if (!endpoint)
        return -ENOMEM;
    if (!made && begins_anew(&endpoint->facts, facts))
        endpoint->only = NULL;
    if (!made && facts->token != endpoint->facts.token)
        forget_token(endpoints, endpoint);
    if (made || facts->token != endpoint->facts.token)
        endpoint->number = ++endpoints->count;
    if (made || strcmp(facts->address, endpoint->facts.address) != 0)
        endpoint->named = ++endpoints->names;
    if (!made)
        endpoint->met = endpoint->met || has_met(&endpoint->facts, facts);
    endpoint->facts = *facts;
    return remember(endpoints, endpoint, gone);
}

/* The one bound to all addresses, of the same family or, with [::], of either, at that port. */
static struct endpoint *find_wildcard(const struct endpoints *endpoints,
                                      const struct endpoint *endpoint, const char *address)
{
    static const char *const wildcards[] = {"udp:0.0.0.0", "udp:[::]"};
    const char *port = strrchr(address, ':');
    struct endpoint *found = NULL;

    for (size_t i = 0; i < sizeof(wildcards) / sizeof(*wildcards) && !found; i++) {
        char name[ADDRESS_TEXT_SIZE];

        stpcpy(stpcpy(name, wildcards[i]), port);
        if (address_agrees(name, address))
            found = endpoints_named(endpoints, endpoint, name);
        if (found &&
            standpoints_are_apart(&endpoint->facts.standpoint, &found->facts.standpoint, address))
            found = NULL;
    }
    return found;
}

struct endpoint *endpoints_bound(struct endpoints *endpoints, const struct endpoint *endpoint,
                                 const char *address)
{
    struct endpoint *found = endpoints_named(endpoints, endpoint, address), *wildcard;

    if (!text_begins(address, "udp:"))
        return found;
    wildcard = find_wildcard(endpoints, endpoint, address);
    /*
     * Both have the port. One that has a peer is a client's, and if it is the older one, it is gone
     * as a rule: else the other could not have got its port. Without a peer it is a server's, and
     * goes before the one of all addresses; so does one with a peer if that is who asks.
     */
    if (!wildcard || (found && !endpoint_is_with_another(found, endpoint) &&
                      (found->number >= wildcard->number || !found->facts.peer_address[0])))
        return found;
    return endpoints->past || hosts_are_reached(&endpoints->hosts, address, endpoint->facts.pid)
               ? wildcard
               : found;
}

/* The one bound to what endpoint calls address: one socket may go by several paths. */
static struct endpoint *find_address(struct endpoints *endpoints, const struct endpoint *endpoint,
                                     const char *address)
{
    struct endpoint *found = endpoints_bound(endpoints, endpoint, address);
    char file[ADDRESS_TEXT_SIZE];

    return found || !address_file(file, address, endpoint->facts.pid) ? found
                                                                      : find_name(endpoints, file);
}

/* Who connects is told of before it can be gone, so of two ends that is the older one. */
static bool was_accepted_first(const struct endpoint *one, const struct endpoint *other)
{
    return one->facts.role == ROLE_ACCEPTED && one->number < other->number;
}

/*
 * Where neither knows the other's inode, that their tokens name each other may be chance: each can
 * have got the token of the other's real peer, which is gone. If a client has got that of what was
 * accepted, their addresses do not fit; if it has got a client's, what was accepted is the older
 * one, which it never is of two ends that belong together.
 */
static bool fits(const struct endpoint *endpoint, const struct endpoint *peer)
{
    const struct endpoint_facts *own = &endpoint->facts, *other = &peer->facts;

    return other->peer_token == own->token &&
           (own->role != other->role || own->role == ROLE_UNKNOWN) &&
           strcmp(own->address, other->peer_address) == 0 &&
           strcmp(own->peer_address, other->address) == 0 && !was_accepted_first(endpoint, peer) &&
           !was_accepted_first(peer, endpoint);
}

/*
 * Tokens are used again, inodes are not: an inode that is known decides. That of a peer is not
 * known before it is accepted, nor once it is closed. A closed one may itself have told the inode
 * of this end; but when a client is closed before it is accepted, neither end knows that of the
 * other.
 */
static bool is_peer(const struct endpoint *endpoint, const struct endpoint *peer)
{
    if (endpoint->facts.peer_inode)
        return peer->facts.inode == endpoint->facts.peer_inode;
    if (peer->facts.peer_inode)
        return peer->facts.peer_inode == endpoint->facts.inode;
    return peer->facts.peer_token && fits(endpoint, peer);
}

struct endpoint *endpoints_peer(struct endpoints *endpoints, const struct endpoint *endpoint,
                                const char *address)
{
    const struct endpoint_facts *facts = &endpoint->facts;
    char name[2 * ADDRESS_TEXT_SIZE];
    struct endpoint *peer = NULL;

    if (facts->type == SOCK_DGRAM && address[0] && !endpoint_is_with_peer(endpoint, address))
        return find_address(endpoints, endpoint, address);
    if (facts->peer_token)
        peer = find_token(endpoints, facts->peer_token);
    else if (facts->peer_inode)
        peer = endpoints_find(endpoints, facts->peer_inode);
    if (peer && !is_peer(endpoint, peer))
        peer = NULL; /* the token of a socket that is gone */
    if (peer || facts->peer_token || facts->peer_inode)
        return peer;
    if (endpoint_is_inet(endpoint) && facts->peer_address[0]) {
        inet_name(name, facts->peer_address, facts->address);
        peer = endpoints_named(endpoints, endpoint, name);
    }
    if (!peer && facts->type == SOCK_DGRAM && address[0])
        peer = find_address(endpoints, endpoint, address);
    return peer;
}

static void endpoint_free(void *node)
{
    struct endpoint *endpoint = node;

    acquaintances_free(&endpoint->acquaintances);
    parcels_free(&endpoint->parcels);
    free(endpoint);
}

void endpoints_forget(struct endpoints *endpoints, struct endpoint *endpoint)
{
    acquaintances_free(&endpoint->acquaintances);
    parcels_free(&endpoint->parcels);
    tree_drop(&endpoints->by_inode, endpoint, compare_inode);
}

static void known_free(void *node)
{
    free(((struct known *)node)->name);
    free(node);
}

void endpoints_free(struct endpoints *endpoints)
{
    tdestroy(endpoints->by_token, known_free);
    tdestroy(endpoints->by_name, known_free);
    tdestroy(endpoints->by_inode, endpoint_free);
    hosts_free(&endpoints->hosts);
    *endpoints = (struct endpoints){0};
}
