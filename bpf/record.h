/* SPDX-License-Identifier: GPL-2.0-only */
/* Records, and the calls that they are of: what the kernel side of each backend is built on. */
#ifndef BPF_RECORD_H
#define BPF_RECORD_H

#include "bpf/kernel.h"
#include "bpf/message.h"

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 16 * 1024 * 1024); /* user space sets it */
} records SEC(".maps");

/* Set by user space: how soundly it sleeps, and how many bytes waiting are worth waking it for. */
volatile __u32 consumer_state = CONSUMER_AWAKE;
const volatile __u64 wake_at = 1024 * 1024;

/* Set by user space: bytes of each message to record; 0: all. */
const volatile __u64 max_message = 0;

struct record_losses losses = {};

/* How often user space was not told of something: each time, an endpoint has a loss to report. */
volatile __u64 gaps = 0;

/* What tells one state of an endpoint from another: it stands for its addresses. */
struct state {
    __u64 address;
    __u64 peer;
};

/* The call that a thread is in, or was in when it is of kind CALL_OTHER. */
struct call {
    __u64 id;
    __u64 time;
    __u64 sock;
    __u64 inode;
    __u64 memory; /* a buffer, an array of iovec, a msghdr or an array of mmsghdr */
    __u64 count;  /* bytes, or elements */
    __u64 name;
    __u64 name_length; /* or where it will stand */
    __u32 name_room;   /* bytes for the address a datagram came from */
    __u64 offset;      /* how far the message at hand has been copied */
    __u64 length;      /* of that message */
    __u64 available;   /* bytes of it that are there to be copied */
    __u8 kind;
    __u8 begun; /* a RECORD_BEGIN was sent, so its end must be */
    __u8 type;
    __u8 fresh;   /* nothing of the message at hand has been recorded yet */
    __u8 flags;   /* enum record_flag of the message at hand */
    __u8 unbound; /* the endpoint had no address, or no peer, when the call was entered: it may get
                     one in it */
    __u16 family;
    __u64 message_flags; /* MSG_ flags the call was given */

    /* The control messages of the message at hand: */
    __u64 control;
    __u64 control_length;
    __u8 control_in_kernel; /* control points to the kernel's copy of them */
    __u8 control_cut;       /* the receiver had no room for all of them */

    /* For the `syscall` backend, what is known of the socket for as long as it is behind this file:
     */
    __u64 file; /* 0 when nothing is */
    __u64 file_inode;
    struct state told; /* when user space was told of it, or might have been */
    __u8 paired;       /* its peer is observed as well, for as long as it is the peer */
    __u64 gaps;        /* how many there were when it was asked what it has to report */

    /* For the `socket` backend, whose calls are of kernel functions: */
    __u64 header;   /* the struct msghdr */
    __u64 elements; /* memory is an array of so many iovec; 0: it is one buffer */
    __u64 skip;     /* bytes of the first element that were moved before */
    __u32 nested;   /* how deep in functions of one and the same message */
    __u8 elsewhere; /* the bytes are not in user memory */
    __u8 gathers;   /* what functions called on the way move are pieces of one message */
    __u8 counts;    /* so is what the one called now moves, as it is on the same socket */
};

struct {
    __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, int);
    __type(value, struct call);
} calls SEC(".maps");

#define READ(...) BPF_CORE_READ(__VA_ARGS__)

/* The thread's call, of whatever kind it was the last time; 0 when there is no memory. */
static __always_inline struct call *call_get(struct task_struct *task)
{
    struct call *call = bpf_task_storage_get(&calls, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

    if (!call)
        __sync_fetch_and_add(&losses.unfollowed, 1);
    return call;
}

/*
 * Another call begins; its number is unique among all calls of all threads. Where that is the time
 * of what it moves, it is looked up now: what is received has that of the call's return.
 */
static __always_inline void call_begin(struct call *call, bool has_time)
{
    call->id = (bpf_get_current_pid_tgid() << 32) | (__u32)(call->id + 1);
    if (has_time)
        call->time = bpf_ktime_get_ns();
    call->begun = 0;
    call->unbound = 0;
    call->message_flags = 0;
}

/*
 * One wakeup a message is the largest cost there is: wake a consumer that sleeps, or has much to
 * do. Not static, as much that follows: the verifier looks at it once, and not wherever it is
 * called; and that it stands but once in a program saves as much of the time to load that.
 */
__noinline __u64 wakeup(void)
{
    __u32 state = consumer_state;

    if (state == CONSUMER_AWAKE ||
        (state == CONSUMER_NAPS && bpf_ringbuf_query(&records, BPF_RB_AVAIL_DATA) < wake_at))
        return BPF_RB_NO_WAKEUP;
    consumer_state = CONSUMER_AWAKE;
    return BPF_RB_FORCE_WAKEUP;
}

static __always_inline void record_head(struct record_head *head, __u8 kind, __u8 flags, __u64 call)
{
    head->kind = kind;
    head->flags = flags;
    head->reserved = 0;
    head->tid = (__u32)bpf_get_current_pid_tgid();
    head->call = call;
}

/* The name of the process, which threads may have others than. */
static __always_inline void read_comm(char comm[RECORD_COMM_SIZE])
{
    __u64 id = bpf_get_current_pid_tgid();
    struct task_struct *leader;

    if ((__u32)id == id >> 32) {
        bpf_get_current_comm(comm, RECORD_COMM_SIZE);
        return;
    }
    leader = READ(bpf_get_current_task_btf(), group_leader);
    bpf_core_read(comm, RECORD_COMM_SIZE, &leader->comm);
}

/* The call that began moves no more messages. */
static __always_inline void record_void(struct call *call)
{
    struct record_head *record = bpf_ringbuf_reserve(&records, sizeof(*record), 0);

    if (!record)
        return;
    record_head(record, RECORD_VOID, 0, call->id);
    bpf_ringbuf_submit(record, wakeup());
}

/*
 * Records the address that stands at name, in the process's memory or in the kernel's, length bytes
 * long. Returns -1 when it cannot.
 */
__noinline int record_name(struct call *call, __u64 name, __u32 length, bool in_kernel)
{
    struct record_name *record;
    long err = 0;

    if (!call)
        return -1;
    record = bpf_ringbuf_reserve(&records, sizeof(*record), 0);
    if (!record)
        return -1;
    record_head(&record->head, RECORD_NAME, 0, call->id);
    if (length > RECORD_ADDRESS_SIZE)
        length = RECORD_ADDRESS_SIZE;
    if (length && in_kernel)
        err = bpf_probe_read_kernel(record->address, length, (void *)name);
    else if (length)
        err = bpf_probe_read_user(record->address, length, (void *)name);
    record->length = err ? 0 : length;
    record->reserved = 0;
    bpf_ringbuf_submit(record, wakeup());
    return 0;
}

/* Says that the call may send, and to whom when it names an address, at name as above. */
static __always_inline void record_begin(struct call *call, __u64 name, __u32 length,
                                         bool in_kernel)
{
    struct record_begin *record;

    if (call->type == SOCK_DGRAM && name && length)
        record_name(call, name, length, in_kernel);
    record = bpf_ringbuf_reserve(&records, sizeof(*record), 0);
    if (!record)
        return;
    record_head(&record->head, RECORD_BEGIN, 0, call->id);
    record->inode = call->inode;
    bpf_ringbuf_submit(record, wakeup());
    call->begun = 1;
}

#endif
