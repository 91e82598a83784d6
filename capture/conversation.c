/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * An endpoint knows its peer by a token (the kernel's name of the socket), by inode, or only by
 * address, depending on backend and socket; whichever it is, each of the two must find the
 * conversation that the other one opened.
 *
 * Order: what two ends sent is captured by two processes, and an answer can be recorded before the
 * call that sent the request has returned. A backend says `begin` when such a call is entered; from
 * then on the conversation holds back what comes later until that call is done.
 */
#include "capture/conversation.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/late.h"
#include "capture/peer.h"

/* Past this, a conversation no longer waits for a call that has not returned. */
#define HELD_BYTES_MAX ((size_t)64 << 20)

enum { NOBODY = -1 };

struct conversation;

/* A conversation that an endpoint takes part in, by the address it knows the other end by. */
struct acquaintance {
    char *address;
    struct conversation *conversation;
    struct acquaintance *next; /* of the same endpoint */
};

/*
 * Messages of one content that observed endpoints sent to one that receives from anybody, less
 * those that it received: a datagram's receiver need not be told who sent it.
 */
struct parcel {
    uint64_t digest;
    int64_t count;
};

struct endpoint {
    struct endpoint_facts facts;
    struct conversation *only; /* of an endpoint that talks to one peer alone */
    void *acquaintances;       /* a tree by address, of an endpoint that may talk to many */
    struct acquaintance *first;
    size_t talks;   /* how many conversations those are */
    void *parcels;  /* a tree by digest */
    size_t inbound; /* calls that are sending to it right now */
};

/* One of the two ends: an observed endpoint, or what an observed one knows of its peer. */
struct party {
    struct end end;
    struct endpoint *endpoint;
};

/* A message kept until those before it are known. */
struct held_message {
    struct held_message *next;
    struct message_facts facts;
    int party;
    uint8_t data[];
};

/* A call and the messages it moved, in their place in the conversation. */
struct held_call {
    struct held_call *next;
    struct held_message *first, **end;
    struct sender *sender; /* the thread that is still in the call; NULL when it is done */
};

struct conversation {
    struct conversation *next;
    struct party parties[2];
    int client; /* which of the parties; NOBODY until the first message */
    uint32_t number;
    struct held_call *held, **held_end;
    size_t held_bytes;
};

/* A thread in a sending call that others might answer before it returns. */
struct sender {
    uint32_t tid;
    uint64_t call;
    struct conversation *conversation;
    struct held_call *held; /* NULL when the conversation no longer waits for it */
    struct endpoint *to;    /* the observed endpoint it sends to; or NULL */
};

/* An endpoint by one of the ways to know it; entries that are overtaken are replaced. */
struct known {
    uint64_t number; /* a token */
    char *name;      /* or an address, with that of its peer where it is connected */
    struct endpoint *endpoint;
};

struct conversations {
    struct conversation_options options;
    struct sink sink;
    struct late *late;
    void *by_inode; /* struct endpoint */
    void *by_token; /* struct known */
    void *by_name;  /* struct known */
    void *senders;  /* struct sender, by tid */
    struct conversation *all, **all_end;
    struct peers *peers;
    uint32_t count;
};

/* Trees */

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_inode(const void *a, const void *b)
{
    return compare_numbers(((const struct endpoint *)a)->facts.inode,
                           ((const struct endpoint *)b)->facts.inode);
}

static int compare_token(const void *a, const void *b)
{
    return compare_numbers(((const struct known *)a)->number, ((const struct known *)b)->number);
}

static int compare_name(const void *a, const void *b)
{
    return strcmp(((const struct known *)a)->name, ((const struct known *)b)->name);
}

static int compare_tid(const void *a, const void *b)
{
    return compare_numbers(((const struct sender *)a)->tid, ((const struct sender *)b)->tid);
}

static int compare_digest(const void *a, const void *b)
{
    return compare_numbers(((const struct parcel *)a)->digest, ((const struct parcel *)b)->digest);
}

static int compare_acquaintance(const void *a, const void *b)
{
    return strcmp(((const struct acquaintance *)a)->address,
                  ((const struct acquaintance *)b)->address);
}

/*
 * The node of the tree equal to key, made by calloc of size bytes and filled from key where there
 * is none yet (*made says so). NULL when there is no memory.
 */
static void *tree_get(void **tree, const void *key, size_t size,
                      int (*compare)(const void *, const void *), bool *made)
{
    void **found = tfind(key, tree, compare);
    void *node;

    *made = false;
    if (found)
        return *found;
    node = malloc(size);
    if (!node)
        return NULL;
    memcpy(node, key, size);
    if (!tsearch(node, tree, compare)) {
        free(node);
        return NULL;
    }
    *made = true;
    return node;
}

/* Who is who */

static struct endpoint *endpoint_find(struct conversations *all, uint64_t inode)
{
    struct endpoint key = {.facts.inode = inode};
    struct endpoint **found = tfind(&key, &all->by_inode, compare_inode);

    return found ? *found : NULL;
}

static struct endpoint *by_token(struct conversations *all, uint64_t token)
{
    struct known key = {.number = token};
    struct known **found = tfind(&key, &all->by_token, compare_token);

    return found ? (*found)->endpoint : NULL;
}

static struct endpoint *by_name(struct conversations *all, const char *name)
{
    struct known key = {.name = (char *)name};
    struct known **found = tfind(&key, &all->by_name, compare_name);

    return found ? (*found)->endpoint : NULL;
}

static int remember_token(struct conversations *all, struct endpoint *endpoint)
{
    struct known key = {.number = endpoint->facts.token};
    struct known *known;
    bool made;

    if (!key.number)
        return 0;
    known = tree_get(&all->by_token, &key, sizeof(key), compare_token, &made);
    if (!known)
        return -ENOMEM;
    known->endpoint = endpoint;
    return 0;
}

static int remember_name(struct conversations *all, struct endpoint *endpoint, const char *name)
{
    struct known key = {.name = (char *)name};
    struct known *known;
    bool made;

    known = tree_get(&all->by_name, &key, sizeof(key), compare_name, &made);
    if (!known)
        return -ENOMEM;
    if (made) {
        known->name = strdup(name);
        if (!known->name) {
            known->name = key.name;
            tdelete(&key, &all->by_name, compare_name);
            free(known);
            return -ENOMEM;
        }
    }
    known->endpoint = endpoint;
    return 0;
}

static bool is_inet(const struct endpoint *endpoint)
{
    return endpoint->facts.family != AF_UNIX;
}

/* Talks to one peer for as long as it lives, or until it is connected to another. */
static bool is_connected(const struct endpoint *endpoint)
{
    return endpoint->facts.type != SOCK_DGRAM || endpoint->facts.peer_token ||
           endpoint->facts.peer_inode || endpoint->facts.peer_address[0];
}

/* A connected internet socket is known by both addresses: its own may be that of many. */
static void inet_name(char name[2 * ADDRESS_TEXT_SIZE], const char *own, const char *peer)
{
    stpcpy(stpcpy(stpcpy(name, own), "|"), peer);
}

static int remember_endpoint(struct conversations *all, struct endpoint *endpoint)
{
    char name[2 * ADDRESS_TEXT_SIZE];
    int err = remember_token(all, endpoint);

    if (err)
        return err;
    if (is_inet(endpoint) && endpoint->facts.peer_address[0]) {
        inet_name(name, endpoint->facts.address, endpoint->facts.peer_address);
        err = remember_name(all, endpoint, name);
        if (err)
            return err;
    }
    /* What accept() gives shares the address of the listening socket. */
    if (endpoint->facts.type != SOCK_DGRAM || !endpoint->facts.address[0])
        return 0;
    err = remember_name(all, endpoint, endpoint->facts.address);
    if (!err && address_file(name, endpoint->facts.address, endpoint->facts.pid))
        err = remember_name(all, endpoint, name);
    return err;
}

/* The observed endpoint bound to address, or to all addresses at its port. */
static struct endpoint *bound_to(struct conversations *all, const char *address)
{
    static const char *const wildcards[] = {"0.0.0.0", "[::]"};
    struct endpoint *found = by_name(all, address);
    const char *port;

    if (found || strncmp(address, "udp:", 4) != 0)
        return found;
    port = strrchr(address, ':');
    for (size_t i = 0; i < sizeof(wildcards) / sizeof(*wildcards) && !found; i++) {
        char name[ADDRESS_TEXT_SIZE];

        stpcpy(stpcpy(stpcpy(name, "udp:"), wildcards[i]), port);
        found = by_name(all, name);
    }
    return found;
}

/* The same for what pid calls address: one socket may go by several paths. */
static struct endpoint *by_address(struct conversations *all, const char *address, unsigned pid)
{
    struct endpoint *found = bound_to(all, address);
    char file[ADDRESS_TEXT_SIZE];

    return found || !address_file(file, address, pid) ? found : by_name(all, file);
}

/* The observed endpoint at the other end of this one, when that is known and observed. */
static struct endpoint *peer_of(struct conversations *all, const struct endpoint *endpoint,
                                const char *address)
{
    const struct endpoint_facts *facts = &endpoint->facts;
    char name[2 * ADDRESS_TEXT_SIZE];
    struct endpoint *peer = NULL;

    if (facts->peer_token)
        peer = by_token(all, facts->peer_token);
    else if (facts->peer_inode)
        peer = endpoint_find(all, facts->peer_inode);
    if (peer && facts->peer_inode && peer->facts.inode != facts->peer_inode)
        peer = NULL; /* the token of a socket that is gone */
    if (peer || facts->peer_token || facts->peer_inode)
        return peer;
    if (is_inet(endpoint) && facts->peer_address[0]) {
        inet_name(name, facts->peer_address, facts->address);
        peer = by_name(all, name);
    }
    if (!peer && facts->type == SOCK_DGRAM && address[0])
        peer = by_address(all, address, facts->pid);
    return peer;
}

/* Conversations */

static int party_of(const struct conversation *conversation, const struct endpoint *endpoint)
{
    return conversation->parties[0].endpoint == endpoint ? 0 : 1;
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
    party->end.inode = endpoint->facts.inode;
    party->end.pid = endpoint->facts.pid;
    memcpy(party->end.comm, endpoint->facts.comm, COMM_SIZE);
    /* An internet address that the peer uses says more than the wildcard it is bound to. */
    if (party->end.address && party->end.address[0] &&
        (!endpoint->facts.address[0] || is_inet(endpoint)))
        return 0;
    return set_address(&party->end, endpoint->facts.address);
}

static void conversation_free(struct conversation *conversation)
{
    while (conversation->held) {
        struct held_call *call = conversation->held;

        conversation->held = call->next;
        while (call->first) {
            struct held_message *message = call->first;

            call->first = message->next;
            free(message);
        }
        free(call);
    }
    free(conversation->parties[0].end.address);
    free(conversation->parties[1].end.address);
    free(conversation);
}

/* From now on the endpoint's messages to and from that address belong to the conversation. */
static int acquaint(struct endpoint *endpoint, const char *address,
                    struct conversation *conversation)
{
    struct acquaintance key = {.address = (char *)address};
    struct acquaintance **found = tfind(&key, &endpoint->acquaintances, compare_acquaintance);
    struct acquaintance *acquaintance;
    bool made;

    if (found) {
        (*found)->conversation = conversation;
        return 0;
    }
    acquaintance = malloc(sizeof(*acquaintance));
    if (!acquaintance)
        return -ENOMEM;
    acquaintance->conversation = conversation;
    acquaintance->address = strdup(address);
    if (!acquaintance->address || !tree_get(&endpoint->acquaintances, acquaintance,
                                            sizeof(*acquaintance), compare_acquaintance, &made)) {
        free(acquaintance->address);
        free(acquaintance);
        return -ENOMEM;
    }
    /* The tree has a copy of its own; the list keeps this one, and owns the address. */
    acquaintance->next = endpoint->first;
    endpoint->first = acquaintance;
    return 0;
}

static struct conversation *conversation_add(struct conversations *all, struct endpoint *endpoint,
                                             struct endpoint *peer, const char *address)
{
    struct conversation *conversation = calloc(1, sizeof(*conversation));
    struct party *other;

    if (!conversation)
        return NULL;
    conversation->client = NOBODY;
    conversation->held_end = &conversation->held;
    other = &conversation->parties[1];
    if (party_join(&conversation->parties[0], endpoint) || set_address(&other->end, address) ||
        (peer && party_join(other, peer))) {
        conversation_free(conversation);
        return NULL;
    }
    if (!peer) {
        other->end.inode = is_connected(endpoint) ? endpoint->facts.peer_inode : 0;
        other->end.pid = is_connected(endpoint) ? endpoint->facts.peer_pid : 0;
        peers_complete(all->peers, &other->end, endpoint->facts.family);
        /* What is found for a stream's address is the socket that listens, not the peer. */
        if (endpoint->facts.type != SOCK_DGRAM)
            other->end.inode = endpoint->facts.peer_inode;
    }
    *all->all_end = conversation;
    all->all_end = &conversation->next;
    return conversation;
}

/* True when the other end than peer of one of peer's conversations is, or can be, endpoint. */
static bool can_be(const struct conversation *conversation, const struct endpoint *peer,
                   const struct endpoint *endpoint)
{
    const struct party *other = &conversation->parties[!party_of(conversation, peer)];

    if (other->endpoint)
        return other->endpoint == endpoint;
    if (other->end.inode && other->end.inode != endpoint->facts.inode)
        return false;
    return is_connected(peer) || (endpoint->facts.address[0] &&
                                  address_agrees(other->end.address, endpoint->facts.address));
}

/* The conversation that the peer has opened with this endpoint already, if it has. */
static struct conversation *opened_by(const struct endpoint *peer, const struct endpoint *endpoint)
{
    if (peer->only && can_be(peer->only, peer, endpoint))
        return peer->only;
    for (struct acquaintance *each = peer->first; each; each = each->next)
        if (can_be(each->conversation, peer, endpoint))
            return each->conversation;
    return NULL;
}

/* Finds the peer's conversation with this endpoint, or opens one. NULL when there is no memory. */
static struct conversation *join_or_open(struct conversations *all, struct endpoint *endpoint,
                                         const char *address)
{
    struct endpoint *peer = peer_of(all, endpoint, address);
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
    if (!own->endpoint && party_join(own, endpoint))
        return NULL;
    if (peer && peer->facts.type != SOCK_DGRAM && !peer->only)
        peer->only = conversation;
    return conversation;
}

static struct conversation *acquainted(const struct endpoint *endpoint, const char *address)
{
    struct acquaintance key = {.address = (char *)address};
    struct acquaintance **found = tfind(&key, &endpoint->acquaintances, compare_acquaintance);

    return found ? (*found)->conversation : NULL;
}

/* True when another observed endpoint has the address by now: the path or port is used again. */
static bool is_overtaken(struct conversations *all, const struct endpoint *endpoint,
                         const struct conversation *conversation, const char *name)
{
    const struct endpoint *peer = conversation->parties[!party_of(conversation, endpoint)].endpoint;
    const struct endpoint *now = peer ? by_name(all, name) : NULL;

    return now && now != peer;
}

/* The one that the endpoint's connection is: with a datagram's sender it may have begun before. */
static struct conversation *connected_conversation(struct conversations *all,
                                                   struct endpoint *endpoint)
{
    const char *peer = endpoint->facts.peer_address;

    if (!endpoint->only && endpoint->facts.type == SOCK_DGRAM && peer[0]) {
        endpoint->only = acquainted(endpoint, peer);
        if (endpoint->only && is_overtaken(all, endpoint, endpoint->only, peer))
            endpoint->only = NULL;
    }
    if (endpoint->only)
        return endpoint->only;
    endpoint->only = join_or_open(all, endpoint, peer);
    /* It may be connected to another, and then to this one again. */
    if (endpoint->only && endpoint->facts.type == SOCK_DGRAM && peer[0] &&
        acquaint(endpoint, peer, endpoint->only))
        return NULL;
    return endpoint->only;
}

/*
 * The conversation that a message of this endpoint belongs to; name is the address that its call
 * named or was given, NULL when there was none.
 */
static struct conversation *conversation_of(struct conversations *all, struct endpoint *endpoint,
                                            const char *name)
{
    struct conversation *conversation;
    char file[ADDRESS_TEXT_SIZE];
    bool has_file;

    if (is_connected(endpoint) && (!name || strcmp(name, endpoint->facts.peer_address) == 0 ||
                                   endpoint->facts.type != SOCK_DGRAM))
        return connected_conversation(all, endpoint);
    /* Received with no way to tell from whom: from the only one there is, if there is only one. */
    if (!name && endpoint->talks == 1)
        return endpoint->first->conversation;
    name = name ? name : "";
    conversation = acquainted(endpoint, name);
    if (conversation && !is_overtaken(all, endpoint, conversation, name))
        return conversation;
    /* One socket may go by several paths: an answer need not come from the path asked. */
    has_file = address_file(file, name, endpoint->facts.pid);
    conversation = has_file ? acquainted(endpoint, file) : NULL;
    if (conversation && is_overtaken(all, endpoint, conversation, file))
        conversation = NULL;
    if (!conversation) {
        conversation = join_or_open(all, endpoint, name);
        if (!conversation || (has_file && acquaint(endpoint, file, conversation)))
            return NULL;
        endpoint->talks++;
    }
    return acquaint(endpoint, name, conversation) ? NULL : conversation;
}

/* Telling client from server */

static int choose_client(const struct conversations *all, const struct conversation *conversation,
                         int first_speaker)
{
    int connected = NOBODY, chosen = NOBODY;
    int connections = 0, matches = 0;

    for (int i = 0; i < 2; i++) {
        const struct party *party = &conversation->parties[i];

        if (party->endpoint && party->endpoint->facts.role == ROLE_ACCEPTED)
            return !i;
        if (party->endpoint && party->endpoint->facts.role == ROLE_CONNECTED) {
            connected = i;
            connections++;
        }
        if (all->options.server && address_matches(party->end.address, all->options.server)) {
            chosen = i;
            matches++;
        }
    }
    if (connections == 1)
        return connected;
    return matches == 1 ? !chosen : first_speaker;
}

/* Delivery */

/* An endpoint that had no address may have been given one by sending. */
static int party_learn(struct party *party)
{
    if (!party->endpoint || party->end.address[0] || !party->endpoint->facts.address[0])
        return 0;
    return set_address(&party->end, party->endpoint->facts.address);
}

static int deliver(struct conversations *all, struct conversation *conversation, int party,
                   const struct message_facts *facts)
{
    struct end self;
    struct message message = {
        .time = facts->time,
        .family = AF_UNIX,
        .sent = facts->sent,
        .tid = facts->tid,
        .self = &self,
        .peer = &conversation->parties[!party].end,
        .data = facts->data,
        .length = facts->length,
        .missing = facts->missing,
        .lost = facts->lost,
    };
    struct endpoint *endpoint = conversation->parties[party].endpoint;

    if (party_learn(&conversation->parties[0]) || party_learn(&conversation->parties[1]))
        return -ENOMEM;
    if (conversation->client == NOBODY) {
        conversation->client = choose_client(all, conversation, facts->sent ? party : !party);
        conversation->number = ++all->count;
    }
    self = conversation->parties[party].end;
    self.pid = facts->pid;
    memcpy(self.comm, facts->comm, COMM_SIZE);
    message.family = endpoint->facts.family;
    message.type = endpoint->facts.type;
    message.conversation = conversation->number;
    message.direction = (party == conversation->client) == facts->sent ? REQUEST : RESPONSE;
    return all->options.message(all->options.context, &message);
}

/* Holding back */

static struct held_call *hold_call(struct conversation *conversation, struct sender *sender)
{
    struct held_call *call = calloc(1, sizeof(*call));

    if (!call)
        return NULL;
    call->end = &call->first;
    call->sender = sender;
    *conversation->held_end = call;
    conversation->held_end = &call->next;
    return call;
}

static int hold_message(struct conversation *conversation, struct held_call *call, int party,
                        const struct message_facts *facts)
{
    struct held_message *message = malloc(sizeof(*message) + facts->length);

    if (!message)
        return -ENOMEM;
    message->next = NULL;
    message->party = party;
    message->facts = *facts;
    message->facts.name = NULL;
    message->facts.data = message->data;
    if (facts->length)
        memcpy(message->data, facts->data, facts->length);
    *call->end = message;
    call->end = &message->next;
    conversation->held_bytes += sizeof(*message) + facts->length;
    return 0;
}

/* Hands on what waits for no call before it; with force, all. */
static int release(struct conversations *all, struct conversation *conversation, bool force)
{
    int err = 0;

    while (!err && conversation->held && (!conversation->held->sender || force)) {
        struct held_call *call = conversation->held;
        struct held_message *message;

        while (!err && (message = call->first)) {
            err = deliver(all, conversation, message->party, &message->facts);
            conversation->held_bytes -= sizeof(*message) + message->facts.length;
            call->first = message->next;
            free(message);
        }
        if (err)
            return err;
        if (call->sender)
            call->sender->held = NULL;
        conversation->held = call->next;
        if (!conversation->held)
            conversation->held_end = &conversation->held;
        free(call);
    }
    return 0;
}

static struct sender *sender_find(struct conversations *all, uint32_t tid)
{
    struct sender key = {.tid = tid};
    struct sender **found = all->senders ? tfind(&key, &all->senders, compare_tid) : NULL;

    return found ? *found : NULL;
}

/* The thread's call is over: nothing need wait for it any more. */
static int sender_done(struct conversations *all, struct sender *sender)
{
    struct conversation *conversation = sender->conversation;

    if (sender->held)
        sender->held->sender = NULL;
    if (sender->to)
        sender->to->inbound--;
    tdelete(sender, &all->senders, compare_tid);
    free(sender);
    return release(all, conversation, false);
}

/* Datagrams of which the receiver cannot tell who sent them */

/* 64-bit FNV-1a: told apart are messages in flight to one socket, not adversaries. */
static uint64_t digest(const struct message_facts *facts)
{
    uint64_t hash = 0xcbf29ce484222325;

    for (size_t i = 0; i < facts->length; i++)
        hash = (hash ^ facts->data[i]) * 0x100000001b3;
    return hash;
}

static int parcel_count(struct endpoint *to, uint64_t content, int64_t more)
{
    struct parcel key = {.digest = content};
    struct parcel *parcel;
    bool made;

    parcel = tree_get(&to->parcels, &key, sizeof(key), compare_digest, &made);
    if (!parcel)
        return -ENOMEM;
    parcel->count += more;
    if (parcel->count == 0) {
        tdelete(parcel, &to->parcels, compare_digest);
        free(parcel);
    }
    return 0;
}

/*
 * Takes what an endpoint received, when it may be from anybody, for what an observed one sent: by
 * its sender, if that is known to be observed, else, if nothing tells the sender, by its content.
 * Returns 1 when it is that, 0 when not, or -errno.
 */
static int parcel_received(struct endpoint *to, const struct message_facts *facts, bool known)
{
    struct parcel key = {.digest = digest(facts)};
    int err;

    if (!known && facts->name && facts->name[0])
        return 0;
    if (!known && to->inbound == 0 && !tfind(&key, &to->parcels, compare_digest))
        return 0;
    err = parcel_count(to, key.digest, -1);
    return err ? err : 1;
}

/*
 * Whether the other end of a conversation is observed, which it may have come to be since it began.
 * Returns 1 or 0, or -ENOMEM.
 */
static int other_is_observed(struct conversations *all, struct conversation *conversation,
                             int party)
{
    struct party *other = &conversation->parties[!party];
    struct endpoint *found;

    if (other->endpoint)
        return 1;
    found = other->end.address[0] ? bound_to(all, other->end.address) : NULL;
    if (!found || found->facts.type != SOCK_DGRAM || found == conversation->parties[party].endpoint)
        return 0;
    return party_join(other, found) ? -ENOMEM : 1;
}

/* What the backend calls */

/* Connected to another peer, or another socket: what it says from now on is another conversation.
 */
static bool begins_anew(const struct endpoint_facts *before, const struct endpoint_facts *now)
{
    if (now->token != before->token)
        return true;
    return now->type == SOCK_DGRAM &&
           (now->peer_token != before->peer_token ||
            (now->peer_inode && before->peer_inode && now->peer_inode != before->peer_inode) ||
            strcmp(now->peer_address, before->peer_address) != 0);
}

static int on_endpoint(void *context, const struct endpoint_facts *facts)
{
    struct conversations *all = context;
    struct endpoint key = {.facts = *facts};
    struct endpoint *endpoint;
    bool made;

    endpoint = tree_get(&all->by_inode, &key, sizeof(key), compare_inode, &made);
    if (!endpoint)
        return -ENOMEM;
    if (!made && begins_anew(&endpoint->facts, facts))
        endpoint->only = NULL;
    endpoint->facts = *facts;
    return remember_endpoint(all, endpoint);
}

static struct endpoint *receiver_of(const struct conversation *conversation,
                                    const struct endpoint *sender)
{
    struct endpoint *other = conversation->parties[!party_of(conversation, sender)].endpoint;

    return other && other->facts.type == SOCK_DGRAM && !is_connected(other) ? other : NULL;
}

static int on_begin(void *context, uint64_t inode, uint32_t tid, uint64_t call, const char *name)
{
    struct conversations *all = context;
    struct endpoint *endpoint = endpoint_find(all, inode);
    struct sender key = {.tid = tid, .call = call};
    struct sender *sender = sender_find(all, tid);
    struct conversation *conversation;
    bool made;
    int err = 0;

    if (sender) /* the end of its last call was lost */
        err = sender_done(all, sender);
    if (err || !endpoint)
        return err;
    conversation = conversation_of(all, endpoint, name);
    if (!conversation)
        return -ENOMEM;
    key.conversation = conversation;
    key.to = receiver_of(conversation, endpoint);
    sender = tree_get(&all->senders, &key, sizeof(key), compare_tid, &made);
    if (!sender)
        return -ENOMEM;
    sender->held = hold_call(conversation, sender);
    if (!sender->held) {
        tdelete(sender, &all->senders, compare_tid);
        free(sender);
        return -ENOMEM;
    }
    if (sender->to)
        sender->to->inbound++;
    return 0;
}

static int on_end(void *context, uint32_t tid, uint64_t call)
{
    struct conversations *all = context;
    struct sender *sender = sender_find(all, tid);

    return sender && sender->call == call ? sender_done(all, sender) : 0;
}

/* Delivers the message, or holds it back in its place. */
static int place(struct conversations *all, struct conversation *conversation, int party,
                 const struct message_facts *facts, struct sender *sender)
{
    struct held_call *call;
    int err;

    if (!conversation->held)
        return deliver(all, conversation, party, facts);
    if (sender && sender->held && sender->conversation == conversation)
        call = sender->held;
    else
        call = hold_call(conversation, NULL);
    if (!call)
        return -ENOMEM;
    err = hold_message(conversation, call, party, facts);
    if (!err)
        err = release(all, conversation, conversation->held_bytes > HELD_BYTES_MAX);
    return err;
}

static int on_message(void *context, const struct message_facts *facts)
{
    struct conversations *all = context;
    struct endpoint *endpoint = endpoint_find(all, facts->inode);
    struct sender *sender = all->senders ? sender_find(all, facts->tid) : NULL;
    struct conversation *conversation;
    struct endpoint *to = NULL;
    int err = 0, party;

    if (!endpoint)
        return -EPROTO; /* the backend tells of an endpoint before its messages */
    conversation = conversation_of(all, endpoint, facts->name);
    if (!conversation)
        return -ENOMEM;
    party = party_of(conversation, endpoint);
    if (facts->sent)
        to = receiver_of(conversation, endpoint);
    if (!facts->sent) {
        int known = other_is_observed(all, conversation, party);

        if (known < 0)
            return known;
        if (endpoint->facts.type == SOCK_DGRAM && !is_connected(endpoint)) {
            err = parcel_received(endpoint, facts, known);
            if (err)
                return err < 0 ? err : 0;
        } else if (known) {
            return 0; /* recorded where it was sent */
        }
    }
    if (to)
        err = parcel_count(to, digest(facts), 1);
    if (!err)
        err = place(all, conversation, party, facts, sender);
    if (!err && sender && sender->call == facts->call && facts->ends_call)
        err = sender_done(all, sender);
    return err;
}

/* From beginning to end */

int conversations_new(struct conversations **out, const struct conversation_options *options)
{
    struct conversations *all = calloc(1, sizeof(*all));

    if (!all)
        return -ENOMEM;
    all->sink = (struct sink){all, on_endpoint, on_begin, on_end, on_message};
    all->options = *options;
    all->all_end = &all->all;
    if (peers_new(&all->peers) || late_new(&all->late, &all->sink)) {
        conversations_free(all);
        return -ENOMEM;
    }
    *out = all;
    return 0;
}

static void endpoint_free(void *node)
{
    struct endpoint *endpoint = node;

    tdestroy(endpoint->acquaintances, free);
    tdestroy(endpoint->parcels, free);
    while (endpoint->first) {
        struct acquaintance *each = endpoint->first;

        endpoint->first = each->next;
        free(each->address);
        free(each);
    }
    free(endpoint);
}

static void known_free(void *node)
{
    free(((struct known *)node)->name);
    free(node);
}

void conversations_free(struct conversations *all)
{
    if (!all)
        return;
    while (all->all) {
        struct conversation *conversation = all->all;

        all->all = conversation->next;
        conversation_free(conversation);
    }
    tdestroy(all->senders, free);
    tdestroy(all->by_token, known_free);
    tdestroy(all->by_name, known_free);
    tdestroy(all->by_inode, endpoint_free);
    peers_free(all->peers);
    late_free(all->late);
    free(all);
}

const struct sink *conversations_sink(struct conversations *all)
{
    return late_sink(all->late);
}

int conversations_finish(struct conversations *all)
{
    int err = late_finish(all->late);

    for (struct conversation *each = all->all; each && !err; each = each->next)
        err = release(all, each, true);
    return err;
}
