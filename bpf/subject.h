/* SPDX-License-Identifier: GPL-2.0-only */
/* The sockets that calls are on, observed or not. */
#ifndef BPF_SUBJECT_H
#define BPF_SUBJECT_H

#include "bpf/record.h"

static __always_inline bool is_known_family(__u16 family)
{
    return family == AF_UNIX || family == AF_INET || family == AF_INET6;
}

/* The socket that a call is on. */
struct subject {
    __u64 sock; /* the struct sock */
    __u64 inode;
    __u16 family;
    __u16 type;
    __u32 by_itself; /* whoever its peer is: the call on it names another */
};

/* Looks at a socket. True if it is of a family and type that this program knows. */
static __always_inline bool subject_is(struct subject *subject, struct sock *sk, __u64 inode)
{
    subject->sock = (__u64)sk;
    subject->inode = inode;
    subject->family = READ(sk, __sk_common.skc_family);
    subject->type = READ(sk, sk_type);
    subject->by_itself = 0;
    return is_known_family(subject->family) &&
           (subject->type == SOCK_STREAM || subject->type == SOCK_DGRAM ||
            subject->type == SOCK_SEQPACKET);
}

/* Notes the socket that the call is on. */
static __always_inline void keep_subject(struct call *call, const struct subject *subject)
{
    call->sock = subject->sock;
    call->inode = subject->inode;
    call->family = subject->family;
    call->type = subject->type;
    call->file = 0;
    call->paired = 0;
    call->gaps = ~0ULL; /* it never was */
}

/* What is known of sockets, by their addresses: nobody says when one goes. */

static long forget(void *map, const void *key, void *value, void *context)
{
    bpf_map_delete_elem(map, key);
    return 0;
}

/*
 * Puts what is known of a socket into a map. When that is full, most of what it knows of is gone:
 * it is emptied, and what is there still is found out again. (A map that forgets by itself what
 * was not used for the longest time has all its elements from the beginning: to make them takes
 * longer than to verify a program.)
 */
static __always_inline void remember(void *map, const __u64 *socket, const void *known)
{
    if (bpf_map_update_elem(map, socket, known, BPF_ANY) != -E2BIG)
        return;
    bpf_for_each_map_elem(map, forget, 0, 0);
    bpf_map_update_elem(map, socket, known, BPF_ANY);
}

static __always_inline struct unix_sock *unix_of(struct sock *sk)
{
    return (struct unix_sock *)sk;
}

/*
 * The port that an internet socket has, or had until its connection was reset: what had come by
 * then can be received yet. In the network's order.
 */
static __always_inline __u16 port_of(struct sock *sk)
{
    return READ((struct inet_sock *)sk, inet_sport);
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

static __always_inline void state_of(struct sock *sk, __u16 family, struct state *now)
{
    if (family == AF_UNIX) {
        now->address = (__u64)READ(unix_of(sk), addr);
        now->peer = (__u64)READ(unix_of(sk), peer);
        return;
    }
    now->address = (__u64)port_of(sk) << 48;
    now->peer = (__u64)READ(sk, __sk_common.skc_dport) << 48;
    if (now->address) /* a host alone is none yet: what sends from there gets a port first */
        now->address ^= family == AF_INET ? READ(sk, __sk_common.skc_rcv_saddr)
                                          : fold(&sk->__sk_common.skc_v6_rcv_saddr);
    now->peer ^=
        family == AF_INET ? READ(sk, __sk_common.skc_daddr) : fold(&sk->__sk_common.skc_v6_daddr);
}

#endif
