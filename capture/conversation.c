/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What a backend tells goes through late.h, finds its conversation (party.h), is dropped when the
 * other end's view of it is kept (parcel.h), and gets its place in the order (order.h).
 */
#include "capture/conversation.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/expected.h"
#include "capture/late.h"
#include "capture/party.h"
#include "capture/pattern.h"
#include "capture/tree.h"

/* A thread in a sending call that others might answer before it returns. */
struct sender {
    uint32_t tid;
    uint64_t call;
    struct conversation *conversation;
    struct order_call *held; /* NULL when the conversation no longer waits for it */
    struct endpoint *to;     /* the observed endpoint it sends to; or NULL */
};

struct conversations {
    struct conversation_options options;
    struct sink sink;
    struct late *late;
    struct parties parties;
    struct expected expected;
    void *senders;  /* a tree of struct sender, by tid */
    uint32_t count; /* conversations that have a number */
};

static int compare_tid(const void *a, const void *b)
{
    return tree_compare_numbers(((const struct sender *)a)->tid, ((const struct sender *)b)->tid);
}

/* Whether a party is at an address that was asked for: the backend knows, or its name tells. */
static bool is_wanted(const struct conversations *all, const struct conversation *conversation,
                      int which)
{
    const struct endpoint *own = conversation->parties[which].endpoint;
    const struct endpoint *other = conversation->parties[!which].endpoint;
    const struct end *end = &conversation->parties[which].end;

    if (!all->options.patterns)
        return false;
    if (own && own->facts.matches & MATCH_OWN)
        return true;
    if (party_is_connected(conversation, !which) && other->facts.matches & MATCH_PEER)
        return true;
    return patterns_match(all->options.patterns, false, (own ? own : other)->facts.family,
                          end->address, end->pid);
}

/* Of a connection between Unix sockets one end of which has a name, that is who was connected to.
 */
static int named_party(const struct conversation *conversation)
{
    const struct party *parties = conversation->parties;
    const struct endpoint *any = parties[0].endpoint ? parties[0].endpoint : parties[1].endpoint;

    if (endpoint_is_inet(any) || any->facts.type == SOCK_DGRAM ||
        !parties[0].end.address[0] == !parties[1].end.address[0])
        return NOBODY;
    return parties[0].end.address[0] ? 0 : 1;
}

/* Which of the parties is the client: who connected, who is not at -s, or else who spoke first. */
static int choose_client(const struct conversation *conversation, int first_speaker)
{
    int connected = NOBODY, connections = 0, named = named_party(conversation);

    for (int i = 0; i < 2; i++) {
        const struct party *party = &conversation->parties[i];

        if (party->endpoint && party->endpoint->facts.role == ROLE_ACCEPTED)
            return !i;
        if (party_is_connected(conversation, i) && party->endpoint->facts.role == ROLE_CONNECTED) {
            connected = i;
            connections++;
        }
    }
    if (connections == 1)
        return connected;
    if (conversation->parties[0].end.wanted != conversation->parties[1].end.wanted)
        return conversation->parties[0].end.wanted ? 1 : 0;
    return named != NOBODY ? !named : first_speaker;
}

static int deliver(struct conversations *all, struct conversation *conversation, int party,
                   const struct message_facts *facts)
{
    struct endpoint *endpoint = conversation->parties[party].endpoint;
    struct end self;
    struct message message = {
        .time = facts->time,
        .family = endpoint->facts.family,
        .type = endpoint->facts.type,
        .sent = facts->sent,
        .tid = facts->tid,
        .self = &self,
        .peer = &conversation->parties[!party].end,
        .data = facts->data,
        .length = facts->length,
        .missing = facts->missing,
        .lost = facts->lost,
        .ancillary = facts->ancillary,
    };

    if (party_learn(&conversation->parties[0]) || party_learn(&conversation->parties[1]))
        return -ENOMEM;
    if (conversation->client == NOBODY) {
        for (int i = 0; i < 2; i++)
            conversation->parties[i].end.wanted = is_wanted(all, conversation, i);
        conversation->client = choose_client(conversation, facts->sent ? party : !party);
        conversation->number = ++all->count;
    }
    self = conversation->parties[party].end;
    self.pid = facts->pid;
    memcpy(self.comm, facts->comm, COMM_SIZE);
    message.conversation = conversation->number;
    message.direction = (party == conversation->client) == facts->sent ? REQUEST : RESPONSE;
    return all->options.message(all->options.context, &message);
}

/* Hands on what waits for no call before it; with force, all. */
static int release(struct conversations *all, struct conversation *conversation, bool force)
{
    struct order_message *message;
    int err = 0;

    while (!err && (message = order_next(&conversation->order, force))) {
        err = deliver(all, conversation, message->party, &message->facts);
        free(message);
    }
    return err;
}

/* Delivers the message, or holds it back in its place. */
static int place(struct conversations *all, struct conversation *conversation, int party,
                 const struct message_facts *facts, struct sender *sender)
{
    struct order *order = &conversation->order;
    bool own = sender && sender->conversation == conversation;
    struct order_call *call = own ? sender->held : NULL;
    int err;

    if (order_is_empty(order) || order_waits_for(order, call))
        return deliver(all, conversation, party, facts);
    err = order_add(order, call, party, facts);
    return err ? err : release(all, conversation, order_is_full(order));
}

/* Threads in calls that send */

static struct sender *sender_find(const struct conversations *all, uint32_t tid)
{
    struct sender key = {.tid = tid};

    return tree_find(&all->senders, &key, compare_tid);
}

/* The thread's call is over: nothing need wait for it any more. */
static int sender_done(struct conversations *all, struct sender *sender)
{
    struct conversation *conversation = sender->conversation;

    if (sender->held)
        order_end(sender->held);
    if (sender->to)
        sender->to->parcels.inbound--;
    conversation->senders--;
    tree_drop(&all->senders, sender, compare_tid);
    return release(all, conversation, false);
}

/* What the backend calls */

/* The address at which nobody is observed that a datagram of the endpoint goes to; or NULL. */
static const char *unobserved_address(const struct conversation *conversation,
                                      const struct endpoint *sender)
{
    const struct party *other = &conversation->parties[!party_of(conversation, sender)];

    return !other->endpoint && sender->facts.type == SOCK_DGRAM && !endpoint_is_inet(sender) &&
                   other->end.address[0]
               ? other->end.address
               : NULL;
}

/* A thread may be in a call that sends to an endpoint which is observed by now. */
static void look_at_sender(const void *node, VISIT visit, void *newcomer)
{
    struct sender *sender = *(struct sender *const *)node;
    struct endpoint *receiver = newcomer;
    const struct conversation *conversation = sender->conversation;

    if ((visit != preorder && visit != leaf) || sender->to)
        return;
    for (int i = 0; i < 2; i++) {
        const struct endpoint *from = conversation->parties[i].endpoint;
        const char *to = from ? unobserved_address(conversation, from) : NULL;

        if (to && strcmp(to, receiver->facts.address) == 0) {
            sender->to = receiver;
            receiver->parcels.inbound++;
            return;
        }
    }
}

/* Who receives datagrams at an address is told of: what is there, or on its way, is recorded. */
static void welcome(struct conversations *all, struct endpoint *endpoint)
{
    if (endpoint->facts.type != SOCK_DGRAM || endpoint_is_inet(endpoint) ||
        !endpoint->facts.address[0])
        return;
    twalk_r(all->senders, look_at_sender, endpoint);
    expected_take(&all->expected, endpoint->facts.address, &endpoint->parcels);
}

static int on_endpoint(void *context, const struct endpoint_facts *facts)
{
    struct conversations *all = context;
    const bool is_new = !endpoints_find(&all->parties.endpoints, facts->inode);
    struct endpoint *gone;
    int err = endpoints_tell(&all->parties.endpoints, facts, &gone);

    if (!err && is_new)
        welcome(all, endpoints_find(&all->parties.endpoints, facts->inode));
    if (!err && gone)
        parties_gone(&all->parties, gone);
    return err;
}

/*
 * Whether nothing may tell whose the datagrams are that the endpoint receives. A connected one may
 * be disconnected before it does; between Unix sockets, what is on its way is thrown away then.
 */
static bool receives_from_anybody(const struct endpoint *endpoint)
{
    return endpoint->facts.type == SOCK_DGRAM &&
           (endpoint_is_inet(endpoint) || !endpoint_is_connected(endpoint));
}

/* Of those that share an internet address, the one in which is counted what is sent to any now. */
static struct endpoint *receiver_at(const struct conversations *all, struct endpoint *endpoint)
{
    struct endpoint *named =
        endpoint_is_inet(endpoint)
            ? endpoints_named(&all->parties.endpoints, endpoint, endpoint->facts.address)
            : NULL;

    return named ? named : endpoint;
}

/*
 * The observed endpoint that this one sends to, when that may receive from anybody; else NULL. It
 * may be observed since the conversation has begun. Returns 0 or -ENOMEM.
 */
static int find_receiver(struct conversations *all, struct conversation *conversation,
                         const struct endpoint *sender, struct endpoint **receiver)
{
    struct endpoint *other;
    int known = 0;

    *receiver = NULL;
    if (sender->facts.type != SOCK_DGRAM)
        return 0;
    if (!endpoint_is_inet(sender))
        known = parties_other_observed(&all->parties, conversation, sender);
    other = conversation->parties[!party_of(conversation, sender)].endpoint;
    if (other && receives_from_anybody(other))
        *receiver = receiver_at(all, other);
    return known < 0 ? known : 0;
}

static int on_begin(void *context, uint64_t inode, uint32_t tid, uint64_t call, const char *name)
{
    struct conversations *all = context;
    struct endpoint *endpoint = endpoints_find(&all->parties.endpoints, inode);
    struct sender key = {.tid = tid, .call = call};
    struct sender *sender = sender_find(all, tid);
    struct conversation *conversation;
    int err = 0;

    if (sender) /* the end of its last call was lost */
        err = sender_done(all, sender);
    if (err || !endpoint)
        return err;
    conversation = parties_conversation(&all->parties, endpoint, name);
    if (!conversation)
        return -ENOMEM;
    key.conversation = conversation;
    if (find_receiver(all, conversation, endpoint, &key.to))
        return -ENOMEM;
    sender = tree_get(&all->senders, &key, sizeof(key), compare_tid, NULL);
    if (!sender)
        return -ENOMEM;
    err = order_begin(&conversation->order, &sender->held);
    if (err) {
        tree_drop(&all->senders, sender, compare_tid);
        return err;
    }
    if (sender->to)
        sender->to->parcels.inbound++;
    conversation->senders++;
    return 0;
}

static int on_end(void *context, uint32_t tid, uint64_t call)
{
    struct conversations *all = context;
    struct sender *sender = sender_find(all, tid);

    return sender && sender->call == call ? sender_done(all, sender) : 0;
}

/*
 * Whether the message was recorded where it was sent, as that end is observed, too. Returns 1 or 0,
 * or -ENOMEM.
 */
static int is_recorded(struct conversations *all, struct conversation *conversation,
                       struct endpoint *endpoint, const struct message_facts *facts)
{
    struct endpoint *counted_in;
    int known;

    if (facts->sent)
        return 0;
    known = parties_other_observed(&all->parties, conversation, endpoint);
    if (known < 0 || !receives_from_anybody(endpoint))
        return known;
    counted_in = receiver_at(all, endpoint);
    /* Another may have come to share the address since this was sent. */
    if (counted_in != endpoint && parcels_may_hold(&endpoint->parcels, facts))
        counted_in = endpoint;
    return parcels_received(&counted_in->parcels, facts, known);
}

/* Whoever receives the message, or will be found to, is not to record it again. */
static int note_sent(struct conversations *all, struct conversation *conversation,
                     const struct endpoint *endpoint, const struct message_facts *facts,
                     const struct sender *sender)
{
    const char *address;
    struct endpoint *to;
    int err = find_receiver(all, conversation, endpoint, &to);

    if (err)
        return err;
    if (!to && sender && sender->call == facts->call)
        to = sender->to;
    if (to)
        return parcels_sent(&to->parcels, facts);
    address = unobserved_address(conversation, endpoint);
    return address ? expected_add(&all->expected, address, facts) : 0;
}

/*
 * What is received between ends that are connected, and both observed, one of these has sent:
 * bytes, or datagrams.
 */
static void note_unread(struct conversation *conversation, const struct endpoint *endpoint,
                        const struct message_facts *facts)
{
    const bool is_datagram = endpoint->facts.type == SOCK_DGRAM;
    const int64_t amount = is_datagram ? 1 : (int64_t)(facts->length + facts->missing);
    const int party = party_of(conversation, endpoint);
    const bool is_alone = conversation->parties[!party].endpoint == endpoint; /* with itself */

    if (facts->sent)
        conversation->unread[party] += amount;
    else if (endpoint_is_connected(endpoint))
        conversation->unread[is_alone ? party : !party] -= amount;
}

static int on_message(void *context, const struct message_facts *facts)
{
    struct conversations *all = context;
    struct endpoint *endpoint = endpoints_find(&all->parties.endpoints, facts->inode);
    struct sender *sender = sender_find(all, facts->tid);
    struct conversation *conversation;
    int err;

    if (!endpoint)
        return -EPROTO; /* the backend tells of an endpoint before its messages */
    conversation = parties_conversation(&all->parties, endpoint, facts->name);
    if (!conversation)
        return -ENOMEM;
    err = is_recorded(all, conversation, endpoint, facts);
    if (facts->sent || err > 0)
        note_unread(conversation, endpoint, facts);
    if (err)
        return err < 0 ? err : 0;
    if (!facts->sent)
        parties_heard(&all->parties, conversation, endpoint);
    else
        err = note_sent(all, conversation, endpoint, facts, sender);
    if (!err)
        err = place(all, conversation, party_of(conversation, endpoint), facts, sender);
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
    if (parties_new(&all->parties, options->past) || late_new(&all->late, &all->sink)) {
        conversations_free(all);
        return -ENOMEM;
    }
    *out = all;
    return 0;
}

void conversations_free(struct conversations *all)
{
    if (!all)
        return;
    parties_free(&all->parties);
    expected_free(&all->expected);
    tdestroy(all->senders, free);
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

    for (struct conversation *each = all->parties.first; each && !err; each = each->next)
        err = release(all, each, true);
    return err;
}

/* Who is not connected, over the internet, may have received what was sent to a group. */
static void add_unsent(const void *node, VISIT visit, void *sum)
{
    const struct endpoint *endpoint = *(const struct endpoint *const *)node;

    if ((visit == preorder || visit == leaf) && !endpoint_is_inet(endpoint))
        *(uint64_t *)sum += parcels_unsent(&endpoint->parcels);
}

/* What was received in conversations of datagrams, or in the others, and not sent there. */
static uint64_t count_unsent(const struct conversations *all, bool datagrams)
{
    uint64_t sum = 0;

    for (const struct conversation *each = all->parties.first; each; each = each->next)
        for (int i = 0; i < 2; i++) {
            const struct endpoint *receiver = each->parties[!i].endpoint;

            if (each->unread[i] < 0 && (receiver->facts.type == SOCK_DGRAM) == datagrams)
                sum += (uint64_t)-each->unread[i];
        }
    return sum;
}

uint64_t conversations_unsent(const struct conversations *all)
{
    uint64_t sum = count_unsent(all, true);

    twalk_r(all->parties.endpoints.by_inode, add_unsent, &sum);
    return sum;
}

uint64_t conversations_unsent_bytes(const struct conversations *all)
{
    return count_unsent(all, false);
}
