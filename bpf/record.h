/* SPDX-License-Identifier: GPL-2.0-only */
/* How a call becomes records: what the BPF backends share. Each includes it once. */
#ifndef BPF_RECORD_H
#define BPF_RECORD_H

#include "bpf/kernel.h"
#include "bpf/message.h"

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 16 * 1024 * 1024); /* user space sets it */
} records SEC(".maps");

/* The observed processes, by thread group. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 65536);
    __type(key, __u32);
    __type(value, __u8);
} observed_processes SEC(".maps");

/* What was last told of an observed endpoint. When an entry is evicted, it is told again. */
struct told {
    __u64 inode;
    __u64 address;    /* stands for its own address: it differs when that does */
    __u64 peer;       /* the same for its peer */
    __u64 peer_inode; /* 0 while not known */
    __u32 lost;       /* messages lost that user space has not been told of */
    __u8 role;
    __u8 announced;
};

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 32768);
    __type(key, __u64); /* the struct sock */
    __type(value, struct told);
} told_endpoints SEC(".maps");

/* The call that a thread is in. */
struct call {
    __u64 id;
    __u64 time;
    __u64 sock;
    __u64 inode;
    __u64 memory; /* a buffer, an array of iovec, a msghdr or an array of mmsghdr */
    __u64 count;  /* bytes, or elements */
    __u64 name;
    __u64 name_length; /* or where it will stand */
    __u64 offset;      /* how far the message at hand has been copied */
    __u64 length;      /* of that message */
    __u64 available;   /* bytes of it that are there to be copied */
    __u8 kind;
    __u8 begun; /* a RECORD_BEGIN was sent, so its end must be */
    __u8 type;
    __u8 fresh;   /* nothing of the message at hand has been recorded yet */
    __u8 flags;   /* enum record_flag of the message at hand */
    __u8 unbound; /* the endpoint had no address when the call was entered: it may get one in it */
    __u16 family;
    __u64 message_flags; /* MSG_ flags the call was given */

    /* For the `socket` backend, whose calls are of kernel functions: */
    __u64 header;   /* the struct msghdr */
    __u64 elements; /* memory is an array of so many iovec; 0: it is one buffer */
    __u64 skip;     /* bytes of the first element that were moved before */
    __u32 nested;   /* how deep in functions of one and the same message */
    __u8 elsewhere; /* the bytes are not in user memory */
};

struct {
    __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, int);
    __type(value, struct call);
} calls SEC(".maps");

/* Set by user space: how soundly it sleeps, and how many bytes waiting are worth waking it for. */
enum { CONSUMER_AWAKE, CONSUMER_NAPS, CONSUMER_SLEEPS };
volatile __u32 consumer_state = 0;
const volatile __u64 wake_at = 1024 * 1024;

/* Set by user space: bytes of each message to record; 0: all. */
const volatile __u64 max_message = 0;

struct record_losses losses = {};

#define READ(...) BPF_CORE_READ(__VA_ARGS__)

/* One wakeup a message is the largest cost there is: wake a consumer that sleeps, or has much to
 * do. */
static __always_inline __u64 wakeup(void)
{
    __u32 state = consumer_state;

    if (state == CONSUMER_AWAKE ||
        (state == CONSUMER_NAPS && bpf_ringbuf_query(&records, BPF_RB_AVAIL_DATA) < wake_at))
        return BPF_RB_NO_WAKEUP;
    consumer_state = 0;
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

/* The number of a thread's next call, given its last: unique among all calls of all threads. */
static __always_inline __u64 next_call(__u64 last)
{
    return (bpf_get_current_pid_tgid() << 32) | (__u32)(last + 1);
}

static __always_inline struct unix_sock *unix_of(struct sock *sk)
{
    return (struct unix_sock *)sk;
}

static __always_inline __u64 inode_of(struct sock *sk)
{
    struct file *file = READ(sk, sk_socket, file);

    return file ? READ(file, f_inode, i_ino) : 0;
}

static __always_inline __u64 fold(const struct in6_addr *address)
{
    __u32 words[4] = {};

    bpf_core_read(words, sizeof(words), &address->in6_u.u6_addr32);
    return words[0] ^ words[1] ^ words[2] ^ words[3] ^ ((__u64)words[3] << 32);
}

/* Fills the parts of *now that tell one state of the endpoint from another. */
static __always_inline void state_of(struct sock *sk, __u16 family, struct told *now)
{
    __u64 ports;

    if (family == AF_UNIX) {
        now->address = (__u64)READ(unix_of(sk), addr);
        now->peer = (__u64)READ(unix_of(sk), peer);
        return;
    }
    ports = READ(sk, __sk_common.skc_num);
    now->address = ports << 48;
    ports = READ(sk, __sk_common.skc_dport);
    now->peer = ports << 48;
    if (family == AF_INET) {
        now->address ^= READ(sk, __sk_common.skc_rcv_saddr);
        now->peer ^= READ(sk, __sk_common.skc_daddr);
    } else {
        now->address ^= fold(&sk->__sk_common.skc_v6_rcv_saddr);
        now->peer ^= fold(&sk->__sk_common.skc_v6_daddr);
    }
}

static __always_inline __u16 unix_address(__u8 *to, struct sock *sk)
{
    struct unix_address *address = sk ? READ(unix_of(sk), addr) : 0;
    __u32 length = address ? READ(address, len) : 0;

    if (length == 0)
        return 0;
    barrier_var(length); /* two tests that the compiler makes one, the verifier does not follow */
    if (length > RECORD_ADDRESS_SIZE)
        return 0;
    if (bpf_core_read(to, length, &address->name))
        return 0;
    return length;
}

/* struct sockaddr_in and sockaddr_in6, as in the system call interface. */
static __always_inline __u16 inet_address(__u8 *to, struct sock *sk, bool peer)
{
    __u16 port =
        peer ? READ(sk, __sk_common.skc_dport) : __builtin_bswap16(READ(sk, __sk_common.skc_num));

    if (!port)
        return 0;
    *(__u16 *)to = AF_INET;
    *(__u16 *)(to + 2) = port;
    *(__u32 *)(to + 4) =
        peer ? READ(sk, __sk_common.skc_daddr) : READ(sk, __sk_common.skc_rcv_saddr);
    __builtin_memset(to + 8, 0, 8);
    return 16;
}

static __always_inline __u16 inet6_address(__u8 *to, struct sock *sk, bool peer)
{
    __u16 port =
        peer ? READ(sk, __sk_common.skc_dport) : __builtin_bswap16(READ(sk, __sk_common.skc_num));

    if (!port)
        return 0;
    *(__u16 *)to = AF_INET6;
    *(__u16 *)(to + 2) = port;
    *(__u32 *)(to + 4) = 0;
    if (peer)
        bpf_core_read(to + 8, 16, &sk->__sk_common.skc_v6_daddr);
    else
        bpf_core_read(to + 8, 16, &sk->__sk_common.skc_v6_rcv_saddr);
    *(__u32 *)(to + 24) = 0;
    return 28;
}

/* Not static, so that the verifier looks at it once and not wherever it is called: loads faster. */
__noinline int announce(__u64 sock, struct told *now, __u32 kind)
{
    struct sock *sk = (struct sock *)sock;
    __u16 family = kind >> 16;
    struct record_endpoint *record;

    if (!now)
        return -1;
    record = bpf_ringbuf_reserve(&records, sizeof(*record), 0);
    if (!record)
        return -1;
    record_head(&record->head, RECORD_ENDPOINT, 0, 0);
    record->inode = now->inode;
    record->token = (__u64)sk;
    record->peer_token = 0;
    record->peer_inode = now->peer_inode;
    record->peer_pid = READ(sk, sk_peer_pid, numbers[0].nr);
    record->family = family;
    record->type = (__u8)kind;
    record->role = now->role;
    record->pid = bpf_get_current_pid_tgid() >> 32;
    bpf_get_current_comm(record->comm, sizeof(record->comm));
    if (family == AF_UNIX) {
        struct sock *peer = (struct sock *)now->peer;

        record->peer_token = now->peer;
        record->address_length = unix_address(record->address, sk);
        record->peer_address_length = unix_address(record->peer_address, peer);
    } else if (family == AF_INET) {
        record->address_length = inet_address(record->address, sk, false);
        record->peer_address_length = inet_address(record->peer_address, sk, true);
    } else {
        record->address_length = inet6_address(record->address, sk, false);
        record->peer_address_length = inet6_address(record->peer_address, sk, true);
    }
    bpf_ringbuf_submit(record, wakeup());
    return 0;
}

/* What tell() finds out on the way. */
enum {
    HAS_PEER = 1 << 0,      /* a Unix socket that is known, and so whether it is observed */
    PEER_OBSERVED = 1 << 1, /* what it receives is recorded where it is sent */
    HAS_NO_ADDRESS = 1 << 2,
};

static __always_inline int standing(const struct told *told, __u16 family)
{
    const struct told *peer;
    __u64 key = told->peer;
    int standing = 0;

    if (!told->address)
        standing |= HAS_NO_ADDRESS;
    /* One that is not accepted yet may be observed, and answer, before this call returns. */
    if (family != AF_UNIX || !key || !told->peer_inode)
        return standing;
    standing |= HAS_PEER;
    peer = bpf_map_lookup_elem(&told_endpoints, &key);
    if (peer && peer->inode == told->peer_inode)
        standing |= PEER_OBSERVED;
    return standing;
}

/*
 * Tells user space of the endpoint that the call is on, unless it knows. The entry stands even when
 * the ring buffer was full: that the endpoint is observed is true all the same, and its peers must
 * not record for it. Returns what is known of it, as above.
 */
__noinline int tell(struct call *call, __u32 role)
{
    struct told now = {}, *told;
    struct sock *sk;
    __u64 key;

    if (!call)
        return 0;
    key = call->sock;
    sk = (struct sock *)key;
    now.inode = call->inode;
    now.role = role;
    state_of(sk, call->family, &now);
    told = bpf_map_lookup_elem(&told_endpoints, &key);
    if (told && told->inode == now.inode) {
        if (role == ROLE_UNKNOWN)
            now.role = told->role;
        now.lost = told->lost;
        if (told->peer == now.peer)
            now.peer_inode = told->peer_inode;
    }
    if (call->family == AF_UNIX && now.peer && !now.peer_inode)
        now.peer_inode = inode_of((struct sock *)now.peer);
    if (told && told->announced && told->inode == now.inode && told->address == now.address &&
        told->peer == now.peer && told->role == now.role && told->peer_inode == now.peer_inode)
        return standing(told, call->family);
    now.announced = announce(key, &now, (__u32)call->family << 16 | call->type) == 0;
    bpf_map_update_elem(&told_endpoints, &key, &now, BPF_ANY);
    return standing(&now, call->family);
}

static __always_inline void lose(struct call *call, __u64 bytes)
{
    __u64 key = call->sock;
    struct told *told = bpf_map_lookup_elem(&told_endpoints, &key);

    if (told)
        __sync_fetch_and_add(&told->lost, 1);
    __sync_fetch_and_add(&losses.messages, 1);
    __sync_fetch_and_add(&losses.bytes, bytes);
}

/* Records the bytes [offset, offset + size) of the message at hand; size fits one record. */
#define RECORD_BYTES(room)                                                                         \
    do {                                                                                           \
        struct record_message *record =                                                            \
            bpf_ringbuf_reserve(&records, sizeof(struct record_message) + (room), 0);              \
        __u32 fits = size;                                                                         \
                                                                                                   \
        if (!record)                                                                               \
            return -1;                                                                             \
        barrier_var(fits); /* older verifiers forget the bounds of what was spilled */             \
        if (fits > (room))                                                                         \
            fits = (room);                                                                         \
        if (fits && bpf_probe_read_user(record->data, fits, (void *)from))                         \
            fits = 0; /* the gap shows in the offsets */                                           \
        record_fill(record, call, fits);                                                           \
        bpf_ringbuf_submit(record, wakeup());                                                      \
    } while (0)

static __always_inline void record_fill(struct record_message *record, struct call *call,
                                        __u32 size)
{
    __u64 key = call->sock;
    struct told *told = 0;

    record_head(&record->head, call->fresh ? RECORD_MESSAGE : RECORD_PIECE, call->flags, call->id);
    record->time = call->time;
    record->inode = call->inode;
    record->length = call->length;
    record->offset = call->offset;
    record->pid = bpf_get_current_pid_tgid() >> 32;
    record->lost = 0;
    if (call->fresh) {
        told = bpf_map_lookup_elem(&told_endpoints, &key);
        bpf_get_current_comm(record->comm, sizeof(record->comm));
    }
    if (told && told->lost) {
        record->lost = told->lost;
        told->lost = 0;
    }
    record->size = size;
    record->reserved = 0;
    call->fresh = 0;
}

/*
 * Records the next size bytes of the message at hand, which are at from. Returns -1 when they could
 * not be recorded at all: the ring buffer is full. The reservation must be a constant: size classes
 * keep a short message's record short.
 */
__noinline int record_bytes(struct call *call, __u64 from, __u64 bytes)
{
    __u32 size = bytes;

    if (!call || bytes > RECORD_DATA_MAX)
        return -1;
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

        bpf_loop((length + RECORD_DATA_MAX - 1) / RECORD_DATA_MAX, record_piece, &stretch, 0);
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
        bpf_loop(count, record_element, vector, 0);
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

static __always_inline void record_void(struct call *call)
{
    struct record_head *record = bpf_ringbuf_reserve(&records, sizeof(*record), 0);

    if (!record)
        return;
    record_head(record, RECORD_VOID, 0, call->id);
    bpf_ringbuf_submit(record, wakeup());
}

static __always_inline void record_begin(struct call *call)
{
    struct record_begin *record = bpf_ringbuf_reserve(&records, sizeof(*record), 0);

    if (!record)
        return;
    record_head(&record->head, RECORD_BEGIN, 0, call->id);
    record->inode = call->inode;
    bpf_ringbuf_submit(record, wakeup());
    call->begun = 1;
}

/* The bytes went past user memory: how many is all that is known. */
static __always_inline void record_unreadable(struct call *call, __u64 length, __u8 flags)
{
    message_open(call, length, 0, flags);
    record_bytes(call, 0, 0);
    message_close(call);
}

/*
 * Records the address that stands at name, in the process's memory or in the kernel's, length bytes
 * long. Returns -1 when it cannot.
 */
static __always_inline int record_name(struct call *call, __u64 name, __u32 length, bool in_kernel)
{
    struct record_name *record = bpf_ringbuf_reserve(&records, sizeof(*record), 0);
    long err = 0;

    if (!record)
        return -1;
    record_head(&record->head, RECORD_NAME, 0, call->id);
    barrier_var(length); /* it may be 64 bits wide where this is inlined */
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

/* The socket that belongs to sk, if it is of a family and type that this program knows. */
static __always_inline bool keep_socket(struct call *call, struct sock *sk, __u64 inode)
{
    call->inode = inode;
    call->sock = (__u64)sk;
    call->family = READ(sk, __sk_common.skc_family);
    call->type = READ(sk, sk_type);
    return (call->family == AF_UNIX || call->family == AF_INET || call->family == AF_INET6) &&
           (call->type == SOCK_STREAM || call->type == SOCK_DGRAM || call->type == SOCK_SEQPACKET);
}

/* Looked at without being taken, or the socket's own copies of what it sent: no messages. */
static __always_inline bool is_no_message(const struct call *call)
{
    return call->message_flags & (MSG_PEEK | MSG_ERRQUEUE);
}

/* Others may use this socket at the same time. */
static __always_inline bool is_shared(struct task_struct *task, struct file *file)
{
    struct file___6_13 *newer = (void *)file;

    if (READ(task, signal, nr_threads) > 1)
        return true;
    if (bpf_core_field_exists(newer->f_ref))
        return READ(newer, f_ref.refcnt.counter) > 0;
    return READ(file, f_count.counter) > 1;
}

/*
 * Whether user space must be told that a message may be on its way, so that an answer to it that is
 * recorded before this call returns is put behind it: when another thread may receive the answer,
 * when the peer is observed, or when it cannot be told here whether it is.
 */
static __always_inline bool needs_begin(struct call *call, struct task_struct *task,
                                        struct file *file)
{
    int standing = tell(call, ROLE_UNKNOWN);

    call->unbound = call->type == SOCK_DGRAM && standing & HAS_NO_ADDRESS;
    return call->family != AF_UNIX || !(standing & HAS_PEER) || standing & PEER_OBSERVED ||
           is_shared(task, file);
}

static __always_inline bool process_is_observed(void)
{
    __u32 process = bpf_get_current_pid_tgid() >> 32;

    return bpf_map_lookup_elem(&observed_processes, &process) != 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
    __u32 from = parent->tgid, to = child->tgid;
    __u8 yes = 1;

    if (from == to || !bpf_map_lookup_elem(&observed_processes, &from))
        return 0;
    if (bpf_map_update_elem(&observed_processes, &to, &yes, BPF_ANY))
        __sync_fetch_and_add(&losses.unfollowed, 1);
    return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_process_exit, struct task_struct *task)
{
    __u32 process = task->tgid;

    if (bpf_map_lookup_elem(&observed_processes, &process) && READ(task, signal, live.counter) == 0)
        bpf_map_delete_elem(&observed_processes, &process);
    return 0;
}

#endif
