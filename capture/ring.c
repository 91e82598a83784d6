/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A message's records come in order from one thread, mixed with those of others. Most messages are
 * one record and pass through without a copy; what is kept here is only what is not yet whole.
 */
#include "capture/ring.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <netinet/in.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture/clock.h"
#include "capture/sockdiag.h"
#include "capture/tree.h"

enum {
    BATCH = 65536, /* records taken before the caller gets a look at its other business */
    NAP = 4,       /* milliseconds; while messages come, they are taken in lots */
    SLEEP = 500,
    QUIET = 8, /* naps without a record before going to sleep */
};

/*
 * What has come so far of a thread's message: its name and its ancillary data come before it, and
 * it may be lost when they are not.
 */
struct partial {
    uint32_t tid;
    bool open;       /* facts hold a message that is not complete */
    uint64_t named;  /* the call whose next message has the name; 0: there is none */
    bool gap;        /* bytes are missing before those yet to come: data ends here */
    uint64_t length; /* of the whole message */
    size_t capacity;
    uint8_t *data;
    struct message_facts facts;
    struct ancillary *ancillary; /* of the next message, or of the one that facts hold */
    char name[ADDRESS_TEXT_SIZE];
};

struct ring {
    struct ring_buffer *buffer;
    volatile uint32_t *state;
    const struct sink *sink;
    void *partials; /* a tree by tid */
    uint64_t epoch; /* of the monotonic clock (capture/clock.h) */
    int taken;      /* records in this batch */
    int quiet;      /* naps without a record */
    int error;
    int diag; /* -1 until it is needed */
};

_Static_assert((int)COMM_SIZE == (int)RECORD_COMM_SIZE, "comm crosses the border whole");

static int compare_tid(const void *a, const void *b)
{
    return tree_compare_numbers(((const struct partial *)a)->tid, ((const struct partial *)b)->tid);
}

static struct partial *partial_find(struct ring *ring, uint32_t tid)
{
    struct partial key = {.tid = tid};

    return tree_find(&ring->partials, &key, compare_tid);
}

static void partial_free(void *node)
{
    struct partial *partial = node;

    free(partial->ancillary);
    free(partial->data);
    free(partial);
}

static struct partial *partial_get(struct ring *ring, uint32_t tid)
{
    struct partial key = {.tid = tid};

    return tree_get(&ring->partials, &key, sizeof(key), compare_tid, NULL);
}

static void partial_drop(struct ring *ring, struct partial *partial)
{
    free(partial->ancillary);
    free(partial->data);
    tree_drop(&ring->partials, partial, compare_tid);
}

static int deliver(struct ring *ring, struct message_facts *facts, uint64_t length)
{
    facts->missing = length - facts->length;
    return ring->sink->message(ring->sink->context, facts);
}

/* The name of the next message of that call, if it has one. */
static const char *name_for(const struct partial *partial, uint64_t call)
{
    return partial && partial->named == call ? partial->name : NULL;
}

/* Hands on what there is of the thread's message: all there will ever be. */
static int partial_deliver(struct ring *ring, struct partial *partial)
{
    int err;

    partial->facts.data = partial->data;
    partial->facts.name = name_for(partial, partial->facts.call);
    partial->facts.ancillary = partial->ancillary;
    err = deliver(ring, &partial->facts, partial->length);
    partial_drop(ring, partial);
    return err;
}

/*
 * The thread begins with something new: hands on what there is of its last message, if that is not
 * complete, as the rest was lost. Then *partial, the thread's, may be NULL.
 */
static int partial_end(struct ring *ring, uint32_t tid, struct partial **partial)
{
    int err = 0;

    *partial = partial_find(ring, tid);
    if (*partial && (*partial)->open) {
        err = partial_deliver(ring, *partial);
        *partial = NULL;
    }
    return err;
}

static int partial_append(struct partial *partial, const struct record_message *record)
{
    size_t length = partial->facts.length, needed = length + record->size;

    if (record->offset != length)
        partial->gap = true;
    if (partial->gap || record->size == 0)
        return 0;
    if (needed > partial->capacity) {
        size_t capacity = needed > partial->capacity * 2 ? needed : partial->capacity * 2;
        uint8_t *data = realloc(partial->data, capacity);

        if (!data)
            return -ENOMEM;
        partial->data = data;
        partial->capacity = capacity;
    }
    memcpy(partial->data + length, record->data, record->size);
    partial->facts.length = needed;
    return 0;
}

static void message_facts(struct ring *ring, struct message_facts *facts,
                          const struct record_message *record)
{
    memset(facts, 0, sizeof(*facts));
    facts->inode = record->inode;
    facts->time = record->time + ring->epoch;
    facts->tid = record->head.tid;
    facts->pid = record->pid;
    memcpy(facts->comm, record->comm, sizeof(facts->comm));
    facts->comm[sizeof(facts->comm) - 1] = '\0';
    facts->sent = record->head.flags & RECORD_SENT;
    facts->ends_call = record->head.flags & RECORD_ENDS_CALL;
    facts->call = record->head.call;
    facts->lost = record->lost;
}

/* Drops what came for a message that was lost itself, and notes what did not come for this one. */
static int settle(struct partial *partial, uint8_t flags)
{
    if (!(flags & RECORD_NAMED))
        partial->named = 0;
    if (!(flags & RECORD_CARRIES)) {
        free(partial->ancillary);
        partial->ancillary = NULL;
    }
    return flags & RECORD_CARRIED_MORE ? ancillary_cut(&partial->ancillary) : 0;
}

/* A message in one record, which is handed on as it is; with what came before it, if anything. */
static int take_whole(struct ring *ring, struct partial *partial,
                      const struct record_message *record, struct message_facts *facts)
{
    int err;

    facts->data = record->data;
    facts->length = record->size;
    if (!partial)
        return deliver(ring, facts, record->length);
    facts->name = name_for(partial, facts->call);
    facts->ancillary = partial->ancillary;
    err = deliver(ring, facts, record->length);
    partial_drop(ring, partial);
    return err;
}

static int take_message(struct ring *ring, const struct record_message *record)
{
    uint8_t flags = record->head.flags;
    struct message_facts facts;
    struct partial *partial;
    int err = partial_end(ring, record->head.tid, &partial);

    if (err)
        return err;
    message_facts(ring, &facts, record);
    if (!partial && (!(flags & RECORD_LAST) || flags & RECORD_CARRIED_MORE)) {
        partial = partial_get(ring, record->head.tid);
        if (!partial)
            return -ENOMEM;
    }
    if (partial && settle(partial, flags))
        return -ENOMEM;
    if (flags & RECORD_LAST)
        return take_whole(ring, partial, record, &facts);
    partial->facts = facts;
    partial->length = record->length;
    partial->open = true;
    return partial_append(partial, record);
}

static int take_piece(struct ring *ring, const struct record_message *record)
{
    struct partial *partial = partial_find(ring, record->head.tid);
    int err;

    if (!partial || !partial->open || partial->facts.call != record->head.call)
        return 0; /* the message's first record was lost, and the kernel side counted it */
    err = partial_append(partial, record);
    if (!err && record->head.flags & RECORD_LAST)
        err = partial_deliver(ring, partial);
    return err;
}

static int take_name(struct ring *ring, const struct record_name *record)
{
    struct partial *partial;
    int err = partial_end(ring, record->head.tid, &partial);

    if (err)
        return err;
    partial = partial_get(ring, record->head.tid);
    if (!partial)
        return -ENOMEM;
    address_print(partial->name, record->address, record->length, SOCK_DGRAM);
    partial->named = record->head.call;
    return 0;
}

static int take_ancillary(struct ring *ring, const struct record_ancillary *record)
{
    struct control control;
    struct partial *partial;
    int err = partial_end(ring, record->head.tid, &partial);

    if (err)
        return err;
    partial = partial_get(ring, record->head.tid);
    if (!partial)
        return -ENOMEM;
    if (record->index == 0) { /* what there may be is of a message that was lost */
        free(partial->ancillary);
        partial->ancillary = NULL;
    }
    if (!control_init(&control, record->level, record->type, record->length))
        return 0;
    if (control.kind == CONTROL_DESCRIPTORS)
        memcpy(control.descriptors.kinds, record->kinds, control.descriptors.count);
    if (control.kind == CONTROL_CREDENTIALS) {
        control.credentials.pid = record->pid;
        control.credentials.uid = record->uid;
        control.credentials.gid = record->gid;
    }
    return ancillary_add(&partial->ancillary, &control);
}

static int take_begin(struct ring *ring, const struct record_begin *record)
{
    struct partial *partial = partial_find(ring, record->head.tid);
    int err;

    err = ring->sink->begin(ring->sink->context, record->inode, record->head.tid, record->head.call,
                            name_for(partial, record->head.call));
    if (partial && !partial->open)
        partial_drop(ring, partial);
    return err;
}

/* The port of an internet address; 0 when it has none. */
static uint16_t port_of(const uint8_t *address, size_t length)
{
    uint16_t port;

    if (length < sizeof(struct sockaddr_in)) /* the port stands in the same place for IPv6 */
        return 0;
    memcpy(&port, address + offsetof(struct sockaddr_in, sin_port), sizeof(port));
    return ntohs(port);
}

/*
 * How an internet connection that is older than the recording was made: where somebody listens,
 * there it was accepted. When both ends or neither can be that, it is not known.
 */
static enum record_role role_of(struct ring *ring, const struct record_endpoint *record)
{
    uint16_t port = port_of(record->address, record->address_length);
    uint16_t peer = port_of(record->peer_address, record->peer_address_length);
    bool own_listens, peer_listens;

    if (record->role != ROLE_UNKNOWN || record->family == AF_UNIX || record->type != SOCK_STREAM ||
        !port || !peer)
        return record->role;
    if (ring->diag < 0)
        ring->diag = sockdiag_open();
    if (ring->diag < 0)
        return ROLE_UNKNOWN;
    own_listens = sockdiag_listens(ring->diag, port);
    peer_listens = sockdiag_listens(ring->diag, peer);
    if (own_listens == peer_listens)
        return ROLE_UNKNOWN;
    return own_listens ? ROLE_ACCEPTED : ROLE_CONNECTED;
}

static int take_endpoint(struct ring *ring, const struct record_endpoint *record)
{
    struct endpoint_facts facts = {
        .inode = record->inode,
        .token = record->token,
        .peer_token = record->peer_token,
        .peer_inode = record->peer_inode,
        .standpoint = {record->root, record->working, record->network},
        .peer_pid = record->peer_pid,
        .pid = record->pid,
        .family = record->family,
        .type = record->type,
        .role = role_of(ring, record),
        .matches = record->head.flags,
    };

    memcpy(facts.comm, record->comm, sizeof(facts.comm) - 1);
    memcpy(facts.peer_comm, record->peer_comm, sizeof(facts.peer_comm) - 1);
    address_print(facts.address, record->address, record->address_length, record->type);
    address_print(facts.peer_address, record->peer_address, record->peer_address_length,
                  record->type);
    return ring->sink->endpoint(ring->sink->context, &facts);
}

static int take_record(void *context, void *data, size_t size)
{
    const struct record_head *head = data;
    struct ring *ring = context;

    (void)size; /* the kernel side wrote it */
    switch (head->kind) {
    case RECORD_ENDPOINT:
        ring->error = take_endpoint(ring, data);
        break;
    case RECORD_NAME:
        ring->error = take_name(ring, data);
        break;
    case RECORD_BEGIN:
        ring->error = take_begin(ring, data);
        break;
    case RECORD_VOID:
        ring->error = ring->sink->end(ring->sink->context, head->tid, head->call);
        break;
    case RECORD_MESSAGE:
        ring->error = take_message(ring, data);
        break;
    case RECORD_PIECE:
        ring->error = take_piece(ring, data);
        break;
    case RECORD_ANCILLARY:
        ring->error = take_ancillary(ring, data);
        break;
    }
    ring->taken++;
    if (ring->error)
        return ring->error;
    return ring->taken < BATCH ? 0 : -EAGAIN;
}

/* Takes what is there, but one batch at most. */
static int take_batch(struct ring *ring)
{
    int result;

    ring->taken = 0;
    result = ring_buffer__consume(ring->buffer);
    if (ring->error)
        return ring->error;
    return result < 0 && result != -EAGAIN ? result : 0;
}

int ring_new(struct ring **out, int map, volatile uint32_t *state, const struct sink *sink)
{
    struct ring *ring = calloc(1, sizeof(*ring));

    if (!ring)
        return -ENOMEM;
    ring->buffer = ring_buffer__new(map, take_record, ring, NULL);
    if (!ring->buffer) {
        int err = -errno;

        free(ring);
        return err;
    }
    ring->epoch = clock_epoch();
    ring->diag = -1;
    ring->state = state;
    ring->sink = sink;
    *out = ring;
    return 0;
}

void ring_free(struct ring *ring)
{
    if (!ring)
        return;
    if (ring->diag >= 0)
        close(ring->diag);
    tdestroy(ring->partials, partial_free);
    ring_buffer__free(ring->buffer);
    free(ring);
}

int ring_fd(const struct ring *ring)
{
    return ring_buffer__epoll_fd(ring->buffer);
}

int ring_step(struct ring *ring, int *wait)
{
    int err;

    *ring->state = CONSUMER_AWAKE;
    err = take_batch(ring);
    if (err)
        return err;
    if (ring->taken >= BATCH) {
        *wait = 0;
        return 0;
    }
    ring->quiet = ring->taken ? 0 : ring->quiet + 1;
    *wait = ring->quiet < QUIET ? NAP : SLEEP;
    *ring->state = ring->quiet < QUIET ? CONSUMER_NAPS : CONSUMER_SLEEPS;
    /* What came before the kernel side could see that, it did not wake us for. */
    __sync_synchronize();
    return take_batch(ring);
}

int ring_finish(struct ring *ring)
{
    int err;

    do
        err = take_batch(ring);
    while (!err && ring->taken);
    while (!err && ring->partials) {
        struct partial *partial = *(struct partial **)ring->partials;

        if (partial->open)
            err = partial_deliver(ring, partial);
        else /* what it was for was lost, and the kernel side counted it */
            partial_drop(ring, partial);
    }
    return err;
}
