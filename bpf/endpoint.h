/* SPDX-License-Identifier: GPL-2.0-only */
/* The endpoints that calls are on, and what user space is told of them. */
#ifndef BPF_ENDPOINT_H
#define BPF_ENDPOINT_H

#include "bpf/scope.h"

/* What was last told of an observed endpoint. When that is forgotten, it is told again. */
struct told {
    __u64 inode;
    __u64 address; /* struct state */
    __u64 peer;
    __u64 peer_inode; /* 0 while not known */
    __u32 lost;       /* messages lost that user space has not been told of */
    __u8 role;
    __u8 announced;
    __u8 matches; /* enum record_match */
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 32768);
    __type(key, __u64); /* the struct sock */
    __type(value, struct told);
} told_endpoints SEC(".maps");

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
    __u16 port = peer ? READ(sk, __sk_common.skc_dport) : port_of(sk);

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
    __u16 port = peer ? READ(sk, __sk_common.skc_dport) : port_of(sk);

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

/* The process that has this number, while it lives. */
static __always_inline struct task_struct *process_of(struct pid *pid)
{
    struct hlist_node *node = READ(pid, tasks[PIDTYPE_TGID].first);

    if (!node)
        return 0;
    return (void *)node - bpf_core_field_offset(struct task_struct, pid_links[PIDTYPE_TGID]);
}

/* Who is at the other end of a connection, by the kernel's own account, which is of one moment. */
static __always_inline void record_peer(struct record_endpoint *record, struct sock *sk)
{
    struct pid *pid = READ(sk, sk_peer_pid);
    struct task_struct *process = pid ? process_of(pid) : 0;

    record->peer_pid = pid ? READ(pid, numbers[0].nr) : 0;
    __builtin_memset(record->peer_comm, 0, sizeof(record->peer_comm));
    if (process)
        bpf_core_read(record->peer_comm, sizeof(record->peer_comm), &process->comm);
}

static __always_inline __u64 network_of(struct sock *sk)
{
    if (!bpf_core_field_exists(sk->__sk_common.skc_net.net))
        return 0;
    return READ(sk, __sk_common.skc_net.net, net_cookie);
}

/* No two have the same but by chance. One that is mounted twice, as in two namespaces, is two. */
static __always_inline __u64 folder_of(struct vfsmount *mount, struct dentry *folder)
{
    return (__u64)mount * 0x9e3779b97f4a7c15 + (__u64)folder;
}

static __always_inline void record_folders(struct record_endpoint *record)
{
    struct fs_struct *fs = READ(bpf_get_current_task_btf(), fs);

    record->root = folder_of(READ(fs, root.mnt), READ(fs, root.dentry));
    record->working = folder_of(READ(fs, pwd.mnt), READ(fs, pwd.dentry));
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
    record_head(&record->head, RECORD_ENDPOINT, now->matches, 0);
    record->inode = now->inode;
    record->token = (__u64)sk;
    record->peer_token = 0;
    record->peer_inode = now->peer_inode;
    record->network = network_of(sk);
    record->family = family;
    record->type = (__u8)kind;
    record->role = now->role;
    record->pid = bpf_get_current_pid_tgid() >> 32;
    read_comm(record->comm);
    record_peer(record, sk);
    record_folders(record);
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

/* The socket's address, or NULL, is one that accept() has given to several. */
static __always_inline bool is_listened_at(struct unix_address *address)
{
    return address && READ(address, refcnt.refs.counter) > 1;
}

/*
 * How a socket that was connected before anybody looked came to have its peer, as far as it shows:
 * who was accepted has the address of the socket that listens, and shares it.
 */
static __always_inline __u32 role_of(struct call *call, __u64 peer)
{
    struct sock *sk = (struct sock *)call->sock, *peer_sk = (struct sock *)peer;
    struct unix_address *own, *other;

    if (call->family != AF_UNIX || call->type == SOCK_DGRAM || !peer)
        return ROLE_UNKNOWN;
    own = READ(unix_of(sk), addr);
    other = READ(unix_of(peer_sk), addr);
    if (own && (!other || (is_listened_at(own) && !is_listened_at(other))))
        return ROLE_ACCEPTED;
    if (other && (!own || (is_listened_at(other) && !is_listened_at(own))))
        return ROLE_CONNECTED;
    return ROLE_UNKNOWN;
}

/* What tell() finds out on the way. */
enum {
    PEER_OBSERVED = 1 << 0, /* what it receives is recorded where it is sent */
    HAS_NO_ADDRESS = 1 << 1,
    UNTOLD = 1 << 2, /* the ring buffer was full */
};

static __always_inline int standing(const struct told *told, __u16 family)
{
    const struct told *peer;
    __u64 key = told->peer;
    int standing = 0;

    if (!told->address)
        standing |= HAS_NO_ADDRESS;
    if (family != AF_UNIX || !key || !told->peer_inode)
        return standing;
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
    struct state state = {};
    __u64 key;

    if (!call)
        return 0;
    key = call->sock;
    now.inode = call->inode;
    now.role = role;
    state_of((struct sock *)key, call->family, &state);
    now.address = state.address;
    now.peer = state.peer;
    call->told = state;
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
    now.matches = matches_of(key);
    if (now.role == ROLE_UNKNOWN)
        now.role = role_of(call, now.peer);
    now.announced = announce(key, &now, (__u32)call->family << 16 | call->type) == 0;
    remember(&told_endpoints, &key, &now);
    if (!now.announced)
        __sync_fetch_and_add(&gaps, 1);
    return standing(&now, call->family) | (now.announced ? 0 : UNTOLD);
}

/*
 * Whether somebody who is not observed sends on a socket whose peer expects that to be recorded
 * where it is sent, as the socket was observed in another process. Nobody records it.
 */
static __always_inline bool is_left_out(struct sock *sk)
{
    __u64 key = (__u64)sk;
    const struct told *told = bpf_map_lookup_elem(&told_endpoints, &key);

    return told && told->inode == inode_of(sk) &&
           standing(told, READ(sk, __sk_common.skc_family)) & PEER_OBSERVED;
}

/* The same for a call that moves messages, the next of which may not need to ask. */
static __always_inline int tell_of(struct call *call)
{
    int standing = tell(call, ROLE_UNKNOWN);

    call->paired = (standing & (PEER_OBSERVED | UNTOLD)) == PEER_OBSERVED;
    return standing;
}

/* Whether it still is what it was when it was told of. Not inlined: Linux 6.1 has no stack for it.
 */
__noinline int is_as_told(struct call *call)
{
    struct state now = {};

    if (!call)
        return 0;
    state_of((struct sock *)call->sock, call->family, &now);
    return now.address == call->told.address && now.peer == call->told.peer;
}

/*
 * Whether both ends are observed, by what was found before. Calls that name a socket tell of it
 * themselves, and its peer stays what it is: but that of a datagram socket, which may also get an
 * address by sending.
 */
static __always_inline bool is_paired(struct call *call)
{
    return call->paired && (call->type != SOCK_DGRAM || is_as_told(call));
}

/* Calls that name a socket, connect or accept one: what they do shows when they have returned. */
static __always_inline bool is_change(__u8 kind)
{
    return kind == CALL_BIND || kind == CALL_CONNECT || kind == CALL_ACCEPT;
}

static __always_inline bool has_changed(__u8 kind, long result)
{
    return result >= 0 || (kind == CALL_CONNECT && result == -EINPROGRESS);
}

static __always_inline void tell_changed(struct call *call, __u8 kind)
{
    tell(call, kind == CALL_CONNECT  ? ROLE_CONNECTED
               : kind == CALL_ACCEPT ? ROLE_ACCEPTED
                                     : ROLE_UNKNOWN);
}

/*
 * Finds out, where a call is entered that may send, what becomes of the endpoint in it. That the
 * call has begun is told of each: the peer may receive from it, be observed from then on, and
 * answer before the call returns, and that answer is to be put behind what it answers.
 */
static __always_inline void before_sending(struct call *call)
{
    bool has_no_address = is_paired(call) ? !call->told.address : tell_of(call) & HAS_NO_ADDRESS;

    call->unbound = call->type == SOCK_DGRAM ? has_no_address : !call->told.peer;
}

/*
 * Whether a call that sent may have made another of the endpoint: it gets an address, or, where its
 * peer is gone, has none any more.
 */
static __always_inline bool may_have_changed(const struct call *call, long result)
{
    return call->unbound || (call->type == SOCK_DGRAM && result == -ECONNREFUSED);
}

/* Tells what became of an endpoint that was unbound: with MSG_FASTOPEN, to send is to connect. */
static __always_inline void tell_sent(struct call *call, long result)
{
    tell(call, call->type == SOCK_DGRAM || result < 0 ? ROLE_UNKNOWN : ROLE_CONNECTED);
}

#endif
