/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A flow is known by both its ends, whichever of them sends. */
#include "capture/flow.h"

#include <errno.h>
#include <netinet/in.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/half.h"
#include "capture/reader.h"
#include "capture/tree.h"

enum { NOBODY = -1 };

struct flow_key {
    int family, protocol;
    struct segment_end ends[2]; /* in the order of their bytes */
};

struct flow {
    struct flow_key key;
    struct flows *flows;
    struct half halves[2]; /* by who sends */
    uint64_t inode;        /* of the observed endpoint; 0 before it is told of */
    int self;              /* which end that is */
    int client;            /* the end that connected; NOBODY when that is not known */
    bool begun;            /* the capture has the beginning of the connection */
    uint32_t first;        /* the sequence number that it began with */
    int sender;            /* who has sent what is being delivered, and when */
    uint64_t time;
};

struct flows {
    const struct sink *sink;
    const struct patterns *servers;
    void *flows; /* a tree by key */
    uint64_t inodes;
    uint64_t calls;
    size_t joined;
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

static int flow_finish(struct flow *flow)
{
    int err = 0;

    for (int i = 0; i < 2 && !err; i++) {
        flow->sender = i;
        err = half_finish(&flow->halves[i], deliver, flow);
        half_free(&flow->halves[i]);
    }
    return err;
}

/* Another connection between the same ends begins. */
static int flow_renew(struct flow *flow)
{
    struct flow_key key = flow->key;
    struct flows *flows = flow->flows;
    uint64_t time = flow->time;
    int err = flow_finish(flow);

    *flow = (struct flow){.key = key, .flows = flows, .client = NOBODY, .time = time};
    return err;
}

/* A SYN opens a connection, unless it is one that has been sent again. */
static int open_connection(struct flow *flow, const struct segment *segment, int from)
{
    bool answers = segment->flags & TCP_ACK;
    bool used = flow->begun || flow->halves[0].known || flow->halves[1].known;
    int err = 0;

    if (!answers && used && !(flow->begun && flow->first == segment->sequence))
        err = flow_renew(flow);
    if (!answers)
        flow->first = segment->sequence;
    flow->begun = true;
    flow->client = answers ? !from : from;
    half_begin(&flow->halves[from], segment->sequence + 1);
    return err;
}

static int add_tcp(struct flow *flow, const struct segment *segment, int from)
{
    struct half *own = &flow->halves[from], *other = &flow->halves[!from];
    uint32_t sequence = segment->sequence + !!(segment->flags & TCP_SYN);
    int err = segment->flags & TCP_SYN ? open_connection(flow, segment, from) : 0;

    /* What the other end has sent before it knows of a reset comes yet. */
    if (err || segment->flags & TCP_RST)
        return err;
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

/* Finds the flow of the segment, or makes one. *from is which of its ends has sent. */
static struct flow *flow_get(struct flows *flows, const struct segment *segment, int *from)
{
    struct flow key = {.flows = flows, .client = NOBODY};
    struct flow *flow;

    memset(&key.key, 0, sizeof(key.key)); /* padding is compared, too */
    *from = memcmp(&segment->from, &segment->to, sizeof(segment->from)) > 0;
    key.key.family = segment->family;
    key.key.protocol = segment->protocol;
    key.key.ends[*from] = segment->from;
    key.key.ends[!*from] = segment->to;
    flow = tree_get(&flows->flows, &key, sizeof(key), compare, NULL);
    return flow;
}

int flows_add(struct flows *flows, const struct segment *segment, uint64_t time)
{
    int from;
    struct flow *flow;

    if (segment->protocol != IPPROTO_TCP)
        return flows_add_message(flows, segment, time);
    flow = flow_get(flows, segment, &from);
    if (!flow)
        return -ENOMEM;
    flow->time = time;
    return add_tcp(flow, segment, from);
}

int flows_add_message(struct flows *flows, const struct segment *segment, uint64_t time)
{
    const struct message_facts facts = {
        .data = segment->data,
        .length = segment->length,
        .missing = segment->missing,
    };
    int from;
    struct flow *flow = flow_get(flows, segment, &from);

    if (!flow)
        return -ENOMEM;
    flow->time = time;
    flow->sender = from;
    flow->begun = true;
    return tell_message(flow, &facts);
}

/* From beginning to end */

int flows_new(struct flows **out, const struct sink *sink, const struct patterns *servers)
{
    struct flows *flows = calloc(1, sizeof(*flows));

    if (!flows)
        return -ENOMEM;
    flows->sink = sink;
    flows->servers = servers;
    *out = flows;
    return 0;
}

static void flow_free(void *node)
{
    struct flow *flow = node;

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

static void finish_node(const void *node, VISIT order, void *context)
{
    struct flow *const *flow = node;
    int *err = context;

    if ((order == postorder || order == leaf) && !*err)
        *err = flow_finish(*flow);
}

int flows_finish(struct flows *flows)
{
    int err = 0;

    twalk_r(flows->flows, finish_node, &err);
    return err;
}

size_t flows_joined(const struct flows *flows)
{
    return flows->joined;
}
