/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Most recordings have no such socket: then this passes everything on and remembers nothing. */
#include "capture/late.h"

#include <errno.h>
#include <search.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/text.h"
#include "capture/tree.h"

/* A datagram socket. */
struct datagram {
    uint64_t inode;
    char address[ADDRESS_TEXT_SIZE];
    char peer[ADDRESS_TEXT_SIZE]; /* what it is connected to */
};

/* A thread in a call that sends from a socket without an address. */
struct sender {
    struct sender *next;
    uint32_t tid;
    uint64_t call;
    char to[ADDRESS_TEXT_SIZE];
};

enum kind { BEGIN, END, MESSAGE };

/* Something that a backend told, kept. */
struct kept {
    struct kept *next;
    enum kind kind;
    struct message_facts facts; /* inode, tid and call of all; the rest of a message */
    bool named;
    char name[ADDRESS_TEXT_SIZE];
    alignas(struct ancillary) uint8_t memory[]; /* what the facts point to */
};

struct late {
    struct sink sink;
    const struct sink *next;
    void *sockets; /* struct datagram, a tree by inode */
    struct sender *senders;
    struct kept *first, **end;
};

static int compare_inode(const void *a, const void *b)
{
    return tree_compare_numbers(((const struct datagram *)a)->inode,
                                ((const struct datagram *)b)->inode);
}

static const struct datagram *datagram_find(const struct late *late, uint64_t inode)
{
    struct datagram key = {.inode = inode};

    return tree_find(&late->sockets, &key, compare_inode);
}

/* What two names of a socket have in common: of an internet address the port, as hosts vary. */
static const char *core_of(const char *address)
{
    const char *port = strrchr(address, ':');

    return text_begins(address, "udp:") && port ? port : address;
}

/* True when a thread is sending to that socket from one whose address is not known yet. */
static bool is_awaited(const struct late *late, const struct datagram *receiver)
{
    for (const struct sender *each = late->senders; each; each = each->next)
        if (strcmp(core_of(each->to), core_of(receiver->address)) == 0)
            return true;
    return false;
}

struct search {
    const char *core;
    bool found;
};

static void look_at(const void *node, VISIT visit, void *closure)
{
    const struct datagram *socket = *(struct datagram *const *)node;
    struct search *search = closure;

    if ((visit == preorder || visit == leaf) && strcmp(core_of(socket->address), search->core) == 0)
        search->found = true;
}

/* True when some observed socket is known to have the address. */
static bool is_known(const struct late *late, const char *address)
{
    struct search search = {.core = core_of(address)};

    twalk_r(late->sockets, look_at, &search);
    return search.found;
}

static bool is_awaited_call(const struct late *late, uint64_t call)
{
    for (const struct sender *each = late->senders; each; each = each->next)
        if (each->call == call)
            return true;
    return false;
}

/* True when what is kept is of that socket's peer: *each was received or sent by it. */
static bool is_peer(const struct late *late, const struct kept *each, const char *to)
{
    const struct datagram *socket = datagram_find(late, each->facts.inode);

    return socket && strcmp(core_of(socket->address), core_of(to)) == 0;
}

/*
 * True when something of the call, of the socket or of its peer is kept: then what follows must be,
 * too, but for the calls that are waited for.
 */
static bool is_kept(const struct late *late, const struct datagram *socket,
                    const struct message_facts *facts)
{
    const char *to = facts->name ? facts->name : socket ? socket->peer : "";

    for (const struct kept *each = late->first; each; each = each->next)
        if ((facts->inode && each->facts.inode == facts->inode) ||
            each->facts.call == facts->call ||
            (to[0] && is_peer(late, each, to) && !is_awaited_call(late, facts->call)))
            return true;
    return false;
}

static int keep(struct late *late, enum kind kind, const struct message_facts *facts)
{
    size_t size = ancillary_size(facts->ancillary);
    struct kept *kept = calloc(1, sizeof(*kept) + size + facts->length);

    if (!kept)
        return -ENOMEM;
    kept->kind = kind;
    kept->facts = *facts;
    if (facts->name) {
        snprintf(kept->name, sizeof(kept->name), "%s", facts->name);
        kept->facts.name = kept->name;
    }
    if (size)
        kept->facts.ancillary = memcpy(kept->memory, facts->ancillary, size);
    kept->facts.data = kept->memory + size;
    if (facts->length)
        memcpy(kept->memory + size, facts->data, facts->length);
    *late->end = kept;
    late->end = &kept->next;
    return 0;
}

static int pass(struct late *late, enum kind kind, const struct message_facts *facts)
{
    const struct sink *next = late->next;

    switch (kind) {
    case BEGIN:
        return next->begin(next->context, facts->inode, facts->tid, facts->call, facts->name);
    case END:
        return next->end(next->context, facts->tid, facts->call);
    case MESSAGE:
        break;
    }
    return next->message(next->context, facts);
}

static int sender_add(struct late *late, const struct datagram *from,
                      const struct message_facts *facts)
{
    const char *to = facts->name ? facts->name : from->peer;
    struct sender *sender = calloc(1, sizeof(*sender));

    if (!sender)
        return -ENOMEM;
    sender->tid = facts->tid;
    sender->call = facts->call;
    snprintf(sender->to, sizeof(sender->to), "%s", to);
    sender->next = late->senders;
    late->senders = sender;
    return 0;
}

/* Forgets the thread's calls but this one (0: all). Returns whether there was any. */
static bool sender_forget(struct late *late, uint32_t tid, uint64_t but)
{
    bool any = false;

    for (struct sender **at = &late->senders; *at;) {
        struct sender *sender = *at;

        if (sender->tid != tid || sender->call == but) {
            at = &sender->next;
            continue;
        }
        *at = sender->next;
        free(sender);
        any = true;
    }
    return any;
}

static int take(struct late *late, enum kind kind, const struct message_facts *facts)
{
    const struct datagram *socket = datagram_find(late, facts->inode);
    int err;

    if (late->first && is_kept(late, socket, facts))
        return keep(late, kind, facts);
    if (kind == MESSAGE && !facts->sent && late->senders && socket && facts->name &&
        is_awaited(late, socket) && !is_known(late, facts->name))
        return keep(late, kind, facts);
    if (kind == BEGIN && socket && !socket->address[0]) {
        err = sender_add(late, socket, facts);
        if (err)
            return err;
    }
    return pass(late, kind, facts);
}

/* Takes what is kept once more: some of it need wait no longer. */
static int take_again(struct late *late)
{
    struct kept *kept = late->first;
    int err = 0;

    late->first = NULL;
    late->end = &late->first;
    while (kept) {
        struct kept *next = kept->next;

        if (!err)
            err = take(late, kept->kind, &kept->facts);
        free(kept);
        kept = next;
    }
    return err;
}

static int on_endpoint(void *context, const struct endpoint_facts *facts)
{
    struct late *late = context;
    struct datagram key = {.inode = facts->inode}, *socket;

    if (facts->type == SOCK_DGRAM) {
        socket = tree_get(&late->sockets, &key, sizeof(key), compare_inode, NULL);
        if (!socket)
            return -ENOMEM;
        memcpy(socket->address, facts->address, sizeof(socket->address));
        memcpy(socket->peer, facts->peer_address, sizeof(socket->peer));
    }
    return late->next->endpoint(late->next->context, facts);
}

/* A thread that begins a call, or ends one, is in no earlier call. */
static int take_and_go_on(struct late *late, enum kind kind, const struct message_facts *facts,
                          bool over)
{
    bool forgot = late->senders && sender_forget(late, facts->tid, facts->call);
    int err = take(late, kind, facts);

    if (over && late->senders && sender_forget(late, facts->tid, 0))
        forgot = true;
    return !err && forgot && late->first ? take_again(late) : err;
}

static int on_begin(void *context, uint64_t inode, uint32_t tid, uint64_t call, const char *name)
{
    struct message_facts facts = {.inode = inode, .tid = tid, .call = call, .name = name};

    return take_and_go_on(context, BEGIN, &facts, false);
}

static int on_end(void *context, uint32_t tid, uint64_t call)
{
    struct message_facts facts = {.tid = tid, .call = call};

    return take_and_go_on(context, END, &facts, true);
}

static int on_message(void *context, const struct message_facts *facts)
{
    return take_and_go_on(context, MESSAGE, facts, facts->ends_call);
}

int late_new(struct late **out, const struct sink *next)
{
    struct late *late = calloc(1, sizeof(*late));

    if (!late)
        return -ENOMEM;
    late->sink = (struct sink){late, on_endpoint, on_begin, on_end, on_message};
    late->next = next;
    late->end = &late->first;
    *out = late;
    return 0;
}

static void forget_senders(struct late *late)
{
    while (late->senders)
        sender_forget(late, late->senders->tid, 0);
}

void late_free(struct late *late)
{
    if (!late)
        return;
    forget_senders(late);
    while (late->first) {
        struct kept *kept = late->first;

        late->first = kept->next;
        free(kept);
    }
    tdestroy(late->sockets, free);
    free(late);
}

const struct sink *late_sink(struct late *late)
{
    return &late->sink;
}

int late_finish(struct late *late)
{
    forget_senders(late);
    return take_again(late);
}
