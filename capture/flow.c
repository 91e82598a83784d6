/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A flow is known by both its ends, whichever of them sends. What confirms bytes can be captured
 * before these: a packet of TCP waits until all is there that its sender had received by then, or
 * so much waits, or for so long, that what lacks will not come.
 */
#include "capture/flow.h"

#include <errno.h>
#include <netinet/in.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/digest.h"
#include "capture/half.h"
#include "capture/reader.h"
#include "capture/recent_datagrams.h"
#include "capture/tree.h"

enum { NOBODY = -1 };

/* So many packets wait in a flow, so many bytes in all flows together, and so long (in ns). */
enum { WAITING_MAX = 32, HELD_MAX = 64 << 20, WAIT_MAX = 100 * 1000 * 1000 };

/* What comes late of a connection is no farther before its end. */
enum { PAST_MAX = 1 << 20 };

struct flow_key {
    int family, protocol;
    struct segment_end ends[2]; /* in the order of their bytes */
};

/* A packet that was captured before what it came behind. */
struct waiting {
    struct waiting *next;
    struct segment segment;
    int from;
    uint64_t time;
    uint8_t data[];
};

struct flow {
    struct flow_key key;
    struct flows *flows;
    struct flow *following; /* in the order in which they were first seen */
    struct flow *queued;    /* behind it in the queue of those in which something waits */
    bool is_queued;
    struct waiting *waiting; /* in the order in which they were captured */
    struct half halves[2];   /* by who sends */
    uint64_t inode;          /* of the observed endpoint; 0 before it is told of */
    int self;                /* which end that is */
    int client;              /* the end that connected; NOBODY when that is not known */
    bool begun;              /* the capture has the beginning of the connection */
    bool reset;
    bool renewed;     /* there was another connection of these ends before, */
    uint32_t past[2]; /* and these numbers would have followed, by who sends */
    int sender;       /* who has sent what is being delivered, and when */
    uint64_t time;
};

struct flows {
    const struct sink *sink;
    const struct patterns *servers;
    void *flows; /* a tree by key */
    struct flow *first, **end;
    struct flow *queue, **queue_end; /* of those in which something waits, or did */
    uint64_t now;
    uint64_t inodes;
    uint64_t calls;
    size_t held; /* memory taken by what waits */
    size_t joined, doubtful, copies;
    struct recent_datagrams recent;
};

static int compare(const void *a, const void *b)
{
    return memcmp(&((const struct flow *)a)->key, &((const struct flow *)b)->key,
                  sizeof(struct flow_key));
}

static void address_of(char *text, const struct flow *flow, int which)
{
    const struct segment_end *end = &flow->key.ends[which];
    int type = flow->key.protocol == IPPROTO_TCP ? SOCK_STREAM : SOCK_DGRAM;
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(end->port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(end->port)};

    memcpy(&in.sin_addr, end->host, sizeof(in.sin_addr));
    memcpy(&in6.sin6_addr, end->host, sizeof(in6.sin6_addr));
    if (flow->key.family == AF_INET)
        address_print(text, &in, sizeof(in), type);
    else
        address_print(text, &in6, sizeof(in6), type);
}

/* Telling the sink */

/* The server is the end that was connected to, or that the user says is it. */
static int tell_endpoint(struct flow *flow)
{
    struct flows *flows = flow->flows;
    struct endpoint_facts facts = {
        .family = flow->key.family,
        .type = flow->key.protocol == IPPROTO_TCP ? SOCK_STREAM : SOCK_DGRAM,
    };
    char addresses[2][ADDRESS_TEXT_SIZE];

    for (int i = 0; i < 2; i++) {
        address_of(addresses[i], flow, i);
        if (flow->client == NOBODY &&
            patterns_match(flows->servers, false, facts.family, addresses[i], 0))
            flow->client = !i;
    }
    flow->self = flow->client != NOBODY ? flow->client : flow->sender;
    flow->inode = READER_INODE + ++flows->inodes;
    facts.inode = flow->inode;
    facts.role = flow->client != NOBODY ? ROLE_CONNECTED : ROLE_UNKNOWN;
    memcpy(facts.address, addresses[flow->self], ADDRESS_TEXT_SIZE);
    memcpy(facts.peer_address, addresses[!flow->self], ADDRESS_TEXT_SIZE);
    flows->joined += flow->key.protocol == IPPROTO_TCP && !flow->begun;
    return flows->sink->endpoint(flows->sink->context, &facts);
}

static int tell_message(struct flow *flow, const struct message_facts *said)
{
    struct flows *flows = flow->flows;
    struct message_facts facts = *said;
    int err = flow->inode ? 0 : tell_endpoint(flow);

    facts.inode = flow->inode;
    facts.time = flow->time;
    facts.sent = flow->sender == flow->self;
    facts.ends_call = true;
    facts.call = ++flows->calls;
    return err ? err : flows->sink->message(flows->sink->context, &facts);
}

/* A half_deliver. */
static int deliver(void *context, const uint8_t *data, size_t length, size_t missing)
{
    const struct message_facts facts = {.data = data, .length = length, .missing = missing};

    return tell_message(context, &facts);
}

/* Connections */

static int add_tcp(struct flow *flow, const struct segment *segment, int from)
{
    struct half *own = &flow->halves[from], *other = &flow->halves[!from];
    uint32_t sequence = segment->sequence + !!(segment->flags & TCP_SYN);
    int err = 0;

    /* What the other end has sent before it knows of a reset comes yet. */
    flow->reset = flow->reset || segment->flags & TCP_RST;
    if (segment->flags & TCP_RST)
        return 0;
    if (segment->flags & TCP_SYN) {
        flow->begun = true;
        flow->client = segment->flags & TCP_ACK ? !from : from;
        half_begin(own, sequence);
    }
    if (segment->flags & TCP_ACK) {
        flow->sender = !from;
        err = half_acknowledged(other, segment->acknowledged, deliver, flow);
    }
    flow->sender = from;
    if (!err)
        err = half_add(own, sequence, segment->data, segment->length, segment->missing, deliver,
                       flow);
    if (segment->flags & TCP_FIN)
        half_end(own, sequence + (uint32_t)(segment->length + segment->missing));
    return err;
}

/*
 * Whether all is there that the segment confirms, and it is known where its own half began: what is
 * missing there before it is for the half to wait for.
 */
static bool is_due(const struct flow *flow, const struct segment *segment, int from)
{
    if (segment->flags & TCP_RST)
        return true;
    return (segment->flags & TCP_SYN || flow->halves[from].known) &&
           (!(segment->flags & TCP_ACK) ||
            half_reaches(&flow->halves[!from], segment->acknowledged));
}

/* Where the two halves can have begun, for all that the segment tells. */
static void suppose(struct flow *flow, const struct segment *segment, int from)
{
    bool begins = segment->flags & TCP_SYN;
    bool empty = !begins && segment->length + segment->missing == 0;

    half_suppose(&flow->halves[from], segment->sequence + begins, empty);
    if (segment->flags & TCP_ACK)
        half_suppose(&flow->halves[!from], segment->acknowledged, false);
}

static void enqueue(struct flow *flow)
{
    struct flows *flows = flow->flows;

    if (flow->is_queued)
        return;
    flow->is_queued = true;
    flow->queued = NULL;
    *flows->queue_end = flow;
    flows->queue_end = &flow->queued;
}

static struct flow *dequeue(struct flows *flows)
{
    struct flow *flow = flows->queue;

    flows->queue = flow->queued;
    if (!flows->queue)
        flows->queue_end = &flows->queue;
    flow->is_queued = false;
    return flow;
}

static int put_off(struct flow *flow, const struct segment *segment, int from)
{
    struct waiting **end = &flow->waiting, *one = malloc(sizeof(*one) + segment->length);

    if (!one)
        return -ENOMEM;
    *one = (struct waiting){.segment = *segment, .from = from, .time = flow->time};
    if (segment->length)
        memcpy(one->data, segment->data, segment->length);
    one->segment.data = one->data;
    while (*end)
        end = &(*end)->next;
    *end = one;
    enqueue(flow);
    flow->flows->held += sizeof(*one) + segment->length;
    suppose(flow, segment, from);
    return 0;
}

/* Takes the one that *at leads to out of those that wait. It is to be freed. */
static struct waiting *take_out(struct flow *flow, struct waiting **at)
{
    struct waiting *one = *at;

    *at = one->next;
    flow->flows->held -= sizeof(*one) + one->segment.length;
    return one;
}

/* The first that is due. Where there is none, *count says how many wait. */
static struct waiting **find_due(struct flow *flow, size_t *count)
{
    struct waiting **at = &flow->waiting;

    for (*count = 0; *at && !is_due(flow, &(*at)->segment, (*at)->from); at = &(*at)->next)
        ++*count;
    return at;
}

/* Whether the segment confirms what waits there. */
static bool is_confirmed_by(const struct waiting *one, const struct segment *segment, int from)
{
    return one->from != from && one->segment.length + one->segment.missing > 0 &&
           (int32_t)(segment->acknowledged - one->segment.sequence) > 0;
}

/* The first that confirms what is not there at all. */
static struct waiting **find_hopeless(struct flow *flow)
{
    for (struct waiting **at = &flow->waiting; *at; at = &(*at)->next) {
        const struct waiting *each = flow->waiting;

        while (each && !is_confirmed_by(each, &(*at)->segment, (*at)->from))
            each = each->next;
        if (!each)
            return at;
    }
    return &flow->waiting;
}

/* Whether the first that waits has done so for long enough. */
static bool is_overdue(const struct flow *flow)
{
    const struct waiting *first = flow->waiting;
    uint64_t now = flow->flows->now;

    return first && now > first->time && now - first->time > WAIT_MAX;
}

/* Which one is to be taken next when no more than so many may wait; NULL when none is. */
static struct waiting **find_next(struct flow *flow, size_t most)
{
    size_t count;
    struct waiting **at = find_due(flow, &count);

    if (*at || (count <= most && !is_overdue(flow)))
        return *at ? at : NULL;
    half_begin_as_supposed(&flow->halves[0]);
    half_begin_as_supposed(&flow->halves[1]);
    at = find_due(flow, &count);
    return *at ? at : find_hopeless(flow);
}

/* Goes on with what waits, until no more than so many do. */
static int settle(struct flow *flow, size_t most)
{
    uint64_t now = flow->time;
    struct waiting **next;
    int err = 0;

    while (!err && flow->waiting && (next = find_next(flow, most))) {
        struct waiting *one = take_out(flow, next);

        flow->time = one->time;
        err = add_tcp(flow, &one->segment, one->from);
        free(one);
    }
    flow->time = now;
    return err;
}

/* Goes on in all flows with what waits for too long. */
static int settle_overdue(struct flows *flows)
{
    int err = 0;

    while (!err && flows->queue && (!flows->queue->waiting || is_overdue(flows->queue))) {
        struct flow *flow = dequeue(flows);

        err = settle(flow, WAITING_MAX);
        if (flow->waiting)
            enqueue(flow);
    }
    return err;
}

static int flow_finish(struct flow *flow)
{
    int err = settle(flow, 0);

    for (int i = 0; i < 2 && !err; i++) {
        struct half *half = &flow->halves[i];

        flow->sender = i;
        err = half_finish(half, deliver, flow);
        flow->flows->doubtful += half->doubtful && !half->ended;
    }
    return err;
}

/* Takes out what waits and cannot be of this connection. */
static struct waiting *take_strangers(struct flow *flow)
{
    struct waiting **at = &flow->waiting, *strangers = NULL, **end = &strangers;

    while (*at) {
        if (half_is_near(&flow->halves[(*at)->from], (*at)->segment.sequence)) {
            at = &(*at)->next;
            continue;
        }
        *end = *at;
        *at = (*at)->next;
        end = &(*end)->next;
        *end = NULL;
    }
    return strangers;
}

/* Another connection between the same ends begins, of which something may wait already. */
static int flow_renew(struct flow *flow)
{
    struct waiting *strangers = take_strangers(flow);
    int err = flow_finish(flow);
    const struct half *halves = flow->halves;
    const struct flow renewed = {
        .key = flow->key,
        .flows = flow->flows,
        .following = flow->following,
        .queued = flow->queued,
        .is_queued = flow->is_queued,
        .waiting = strangers,
        .client = NOBODY,
        .renewed = halves[0].known && halves[1].known,
        .past = {halves[0].next, halves[1].next},
        .time = flow->time,
    };

    half_free(&flow->halves[0]);
    half_free(&flow->halves[1]);
    *flow = renewed;
    for (const struct waiting *each = strangers; each; each = each->next)
        suppose(flow, &each->segment, each->from);
    return err;
}

/*
 * A SYN begins another connection, unless it is one that was sent again or captured late. The SYN
 * of another connection may also not be there.
 */
static bool is_anew(const struct flow *flow, const struct segment *segment, int from)
{
    const struct half *own = &flow->halves[from];
    bool over = flow->reset || (flow->halves[0].ended && flow->halves[1].ended);

    if (segment->flags & TCP_SYN)
        return !half_began_with(own, segment->sequence + 1);
    return over && !half_is_near(own, segment->sequence);
}

/* Whether the connection before had come so far, with a FIN behind it. */
static bool is_past(const struct flow *flow, uint32_t sequence, int from)
{
    return flow->past[from] + 1 - sequence < PAST_MAX;
}

/* Whether the segment is of the connection before, and says nothing that was not told of that. */
static bool is_late(const struct flow *flow, const struct segment *segment, int from)
{
    uint32_t end = segment->sequence + (uint32_t)(segment->length + segment->missing);

    if (!flow->renewed || segment->flags & TCP_SYN ||
        half_can_have(&flow->halves[from], segment->sequence))
        return false;
    return is_past(flow, end, from) &&
           (!(segment->flags & TCP_ACK) || is_past(flow, segment->acknowledged, !from));
}

static int flow_add(struct flow *flow, const struct segment *segment, int from)
{
    int err = is_anew(flow, segment, from) ? flow_renew(flow) : 0;

    if (!err && !flow->waiting && is_due(flow, segment, from))
        return add_tcp(flow, segment, from);
    if (!err)
        err = put_off(flow, segment, from);
    return err ? err : settle(flow, flow->flows->held > HELD_MAX ? 0 : WAITING_MAX);
}

/* Finds the flow of the segment, or makes one. *from is which of its ends has sent. */
static struct flow *flow_get(struct flows *flows, const struct segment *segment, int *from)
{
    struct flow key = {.flows = flows, .client = NOBODY};
    struct flow *flow;
    bool made = false;

    memset(&key.key, 0, sizeof(key.key)); /* padding is compared, too */
    *from = memcmp(&segment->from, &segment->to, sizeof(segment->from)) > 0;
    key.key.family = segment->family;
    key.key.protocol = segment->protocol;
    key.key.ends[*from] = segment->from;
    key.key.ends[!*from] = segment->to;
    flow = tree_get(&flows->flows, &key, sizeof(key), compare, &made);
    if (made) {
        *flows->end = flow;
        flows->end = &flow->following;
    }
    return flow;
}

static int tell_segment(struct flow *flow, const struct segment *segment, int from, uint64_t time)
{
    const struct message_facts facts = {
        .data = segment->data,
        .length = segment->length,
        .missing = segment->missing,
    };

    flow->time = time;
    flow->sender = from;
    flow->begun = true;
    return tell_message(flow, &facts);
}

static int add_datagram(struct flow *flow, const struct segment *segment, int from, uint64_t time)
{
    const uint64_t numbers[] = {(uint64_t)from, segment->packet, segment->missing};
    const struct recent_datagram datagram = {
        .flow = flow,
        .content = digest_more(digest(numbers, sizeof(numbers)), segment->data, segment->length),
        .time = time,
        .places = {segment->place},
    };

    if (!recent_datagrams_has(&flow->flows->recent, &datagram))
        return tell_segment(flow, segment, from, time);
    flow->flows->copies++;
    return 0;
}

int flows_add(struct flows *flows, const struct segment *segment, uint64_t time)
{
    int from, err;
    struct flow *flow;

    flows->now = time;
    err = settle_overdue(flows);
    if (err)
        return err;
    flow = flow_get(flows, segment, &from);
    if (!flow)
        return -ENOMEM;
    if (segment->protocol != IPPROTO_TCP)
        return add_datagram(flow, segment, from, time);
    flow->time = time;
    return is_late(flow, segment, from) ? 0 : flow_add(flow, segment, from);
}

int flows_add_message(struct flows *flows, const struct segment *segment, uint64_t time)
{
    int from;
    struct flow *flow = flow_get(flows, segment, &from);

    return flow ? tell_segment(flow, segment, from, time) : -ENOMEM;
}

/* From beginning to end */

int flows_new(struct flows **out, const struct sink *sink, const struct patterns *servers)
{
    struct flows *flows = calloc(1, sizeof(*flows));

    if (!flows)
        return -ENOMEM;
    flows->sink = sink;
    flows->end = &flows->first;
    flows->queue_end = &flows->queue;
    flows->servers = servers;
    *out = flows;
    return 0;
}

static void flow_free(void *node)
{
    struct flow *flow = node;

    while (flow->waiting)
        free(take_out(flow, &flow->waiting));
    half_free(&flow->halves[0]);
    half_free(&flow->halves[1]);
    free(flow);
}

void flows_free(struct flows *flows)
{
    if (!flows)
        return;
    tdestroy(flows->flows, flow_free);
    free(flows);
}

int flows_finish(struct flows *flows)
{
    int err = 0;

    for (struct flow *flow = flows->first; flow && !err; flow = flow->following)
        err = flow_finish(flow);
    return err;
}

size_t flows_joined(const struct flows *flows)
{
    return flows->joined;
}

size_t flows_copies(const struct flows *flows)
{
    return flows->copies;
}

size_t flows_doubtful(const struct flows *flows)
{
    return flows->doubtful;
}
