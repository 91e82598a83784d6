/* SPDX-License-Identifier: GPL-2.0-only */
/* The bytes of a message: how they come from a process's memory into records. */
#ifndef BPF_BYTES_H
#define BPF_BYTES_H

#include "bpf/endpoint.h"
#include "bpf/loop.h"

__noinline int lose(struct call *call, __u64 bytes)
{
    struct told *told;
    __u64 key;

    if (!call)
        return 0;
    key = call->sock;
    told = bpf_map_lookup_elem(&told_endpoints, &key);
    if (told)
        __sync_fetch_and_add(&told->lost, 1);
    __sync_fetch_and_add(&gaps, 1);
    __sync_fetch_and_add(&losses.messages, 1);
    __sync_fetch_and_add(&losses.bytes, bytes);
    return 0;
}

/* Looked at without being taken, or the socket's own copies of what it sent: no messages. */
static __always_inline bool is_no_message(const struct call *call)
{
    return call->message_flags & (MSG_PEEK | MSG_ERRQUEUE);
}

/*
 * Opens a message of so many bytes, of which the first so many are there to be copied: the receiver
 * may have asked for the length of what it had no room for. record_stretch and record_vector give
 * it its contents.
 */
static __always_inline void message_open(struct call *call, __u64 length, __u64 available,
                                         __u8 flags)
{
    call->offset = 0;
    call->length = length;
    call->available = available < length ? available : length;
    if (max_message && call->available > max_message)
        call->available = max_message;
    /* TCP is asked to throw the bytes away: what stands in the buffer is older. */
    if (call->type == SOCK_STREAM && call->family != AF_UNIX && !(flags & RECORD_SENT) &&
        call->message_flags & MSG_TRUNC)
        call->available = 0;
    call->flags = flags;
    call->fresh = 1;
}

/* Closes it. What is missing of a message that is there at all, user space sees for itself. */
static __always_inline void message_close(struct call *call)
{
    if (call->fresh)
        lose(call, call->length);
}

/* told is of the endpoint, and 0 when this is not the message's first record. */
__noinline int record_fill(struct record_message *record, struct call *call, __u32 size,
                           struct told *told)
{
    if (!record || !call)
        return 0;
    record_head(&record->head, call->fresh ? RECORD_MESSAGE : RECORD_PIECE, call->flags, call->id);
    record->time = call->time;
    record->inode = call->inode;
    record->length = call->length;
    record->offset = call->offset;
    record->pid = bpf_get_current_pid_tgid() >> 32;
    record->lost = 0;
    if (call->fresh)
        read_comm(record->comm);
    if (told && told->lost) {
        record->lost = told->lost;
        told->lost = 0;
    }
    record->size = size;
    record->reserved = 0;
    call->fresh = 0;
    return 0;
}

/* A record for the size bytes that are at from, which are no more than there is room for. */
#define RECORD_BYTES(room)                                                                         \
    do {                                                                                           \
        record = bpf_ringbuf_reserve(&records, sizeof(struct record_message) + (room), 0);         \
        if (!record)                                                                               \
            return -1;                                                                             \
        barrier_var(size); /* older verifiers forget the bounds of what was spilled */             \
        if (size > (room))                                                                         \
            size = (room);                                                                         \
        if (size && bpf_probe_read_user(record->data, size, (void *)from))                         \
            size = 0; /* the gap shows in the offsets */                                           \
    } while (0)

/* The call's endpoint, if it may have a loss to report: most calls need not look it up. */
static __always_inline struct told *reporter_of(struct call *call)
{
    __u64 now = gaps, key = call->sock;

    if (call->gaps == now)
        return 0;
    call->gaps = now;
    return bpf_map_lookup_elem(&told_endpoints, &key);
}

/*
 * Records the next size bytes of the message at hand, which are at from. Returns -1 when they could
 * not be recorded at all: the ring buffer is full. The reservation must be a constant: size classes
 * keep a short message's record short.
 */
__noinline int record_bytes(struct call *call, __u64 from, __u64 bytes)
{
    struct record_message *record;
    struct told *told = 0;
    __u32 size = bytes;

    if (!call || bytes > RECORD_DATA_MAX)
        return -1;
    if (call->fresh)
        told = reporter_of(call);
    if (told && !told->announced) {
        call->paired = 0; /* so that the next call tells of it */
        return -1;        /* the ring buffer was full: nobody would know what it belongs to */
    }
    if (call->offset + bytes >= call->available)
        call->flags |= RECORD_LAST;
    if (size <= 64)
        RECORD_BYTES(64);
    else if (size <= 256)
        RECORD_BYTES(256);
    else if (size <= 1024)
        RECORD_BYTES(1024);
    else if (size <= 4096)
        RECORD_BYTES(4096);
    else if (size <= 16384)
        RECORD_BYTES(16384);
    else
        RECORD_BYTES(65536);
    record_fill(record, call, size, told);
    bpf_ringbuf_submit(record, wakeup());
    call->offset += bytes;
    return 0;
}

/* A stretch of user memory that is a part of the message at hand. */
struct stretch {
    struct call *call;
    __u64 base;
    __u64 length;
};

static long record_piece(__u64 index, struct stretch *stretch)
{
    __u64 done = index * RECORD_DATA_MAX;
    __u64 size;

    if (done >= stretch->length)
        return 1;
    size = stretch->length - done;
    if (size > RECORD_DATA_MAX)
        size = RECORD_DATA_MAX;
    if (record_bytes(stretch->call, stretch->base + done, size))
        return 1;
    return 0;
}

/* Records as much of [base, base + length) as belongs to the message at hand. */
static __always_inline void record_stretch(struct call *call, __u64 base, __u64 length)
{
    __u64 left = call->available - call->offset;

    if (length > left)
        length = left;
    if (length <= RECORD_DATA_MAX) {
        record_bytes(call, base, length);
    } else {
        struct stretch stretch = {call, base, length};

        LOOP((length + RECORD_DATA_MAX - 1) / RECORD_DATA_MAX, record_piece, &stretch);
    }
}

/* An array of iovec: the program's own, or the kernel's copy of it, some of which may be done. */
struct vector {
    struct call *call;
    __u64 base;
    __u64 done;     /* bytes of the first element to leave out */
    __u64 expected; /* the offset at which the next element begins, if nothing was lost */
    __u64 in_kernel;
};

static __always_inline int read_element(const struct vector *vector, __u64 index,
                                        struct user_iovec *element)
{
    const void *from = (const void *)(vector->base + index * sizeof(*element));

    if (vector->in_kernel)
        return bpf_probe_read_kernel(element, sizeof(*element), from);
    return bpf_probe_read_user(element, sizeof(*element), from);
}

static long record_element(__u64 index, struct vector *vector)
{
    struct call *call = vector->call;
    struct user_iovec element;

    if (!call || call->offset >= call->available || call->offset != vector->expected)
        return 1;
    if (read_element(vector, index, &element))
        return 1;
    if (index == 0) {
        if (vector->done > element.length)
            return 1;
        element.base += vector->done;
        element.length -= vector->done;
    }
    if (element.length == 0)
        return 0;
    record_stretch(call, element.base, element.length);
    vector->expected += element.length;
    return 0;
}

static __always_inline void record_vector(struct vector *vector, __u64 count)
{
    if (vector->call->available == 0)
        record_bytes(vector->call, 0, 0);
    else
        LOOP(count, record_element, vector);
}

/* The bytes went past user memory: how many is all that is known. */
static __always_inline void record_unreadable(struct call *call, __u64 length, __u8 flags)
{
    message_open(call, length, 0, flags);
    record_bytes(call, 0, 0);
    message_close(call);
}

#endif
