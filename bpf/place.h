/* SPDX-License-Identifier: GPL-2.0-only */
/* Where sockets are, in the form that patterns are compared with: by a socket, or by a name. */
#ifndef BPF_PLACE_H
#define BPF_PLACE_H

#include "bpf/match.h"
#include "bpf/subject.h"

/* Of a Unix socket; it may be one accepted, which shares the address of the one that listens. */
static __always_inline void place_unix(struct place *place, struct sock *sk)
{
    struct unix_address *address = READ(unix_of(sk), addr);
    struct inode *inode = READ(unix_of(sk), path.dentry, d_inode);
    __u32 length = address ? READ(address, len) : 0;
    long read;

    place->kind = PLACE_UNIX;
    place->length = 0;
    place->file = place->device = 0;
    if (inode) {
        place->file = READ(inode, i_ino);
        place->device = READ(inode, i_sb, s_dev);
    }
    if (length <= sizeof(__u16))
        return;
    length -= sizeof(__u16);
    if (length > sizeof(address->name->sun_path))
        length = sizeof(address->name->sun_path);
    barrier_var(length);
    if (length > PATTERN_TEXT)
        return;
    if (bpf_core_read(place->text, length, &address->name->sun_path))
        return;
    place->length = length;
    if (!place->text[0])
        return; /* abstract: NUL is a byte like any other */
    read = bpf_probe_read_kernel_str(place->text, PATTERN_TEXT, &address->name->sun_path);
    place->length = read > 0 && read <= length ? read - 1 : length;
}

/* Of an internet socket, or of its peer. */
static __always_inline void place_inet(struct place *place, struct sock *sk, __u16 family,
                                       bool peer)
{
    place->kind = PLACE_INET;
    place->port = __builtin_bswap16(peer ? READ(sk, __sk_common.skc_dport) : port_of(sk));
    if (family == AF_INET) {
        place->host[0] = place->host[1] = 0;
        place->host[2] = __builtin_bswap32(0xffff);
        place->host[3] =
            peer ? READ(sk, __sk_common.skc_daddr) : READ(sk, __sk_common.skc_rcv_saddr);
    } else if (peer) {
        bpf_core_read(place->host, sizeof(place->host), &sk->__sk_common.skc_v6_daddr);
    } else {
        bpf_core_read(place->host, sizeof(place->host), &sk->__sk_common.skc_v6_rcv_saddr);
    }
    if (!place->port)
        place->kind = PLACE_NONE;
}

/* Reads from the process's memory, or from the kernel's. */
static __always_inline long read_from(void *to, __u32 size, __u64 from, bool in_kernel)
{
    return in_kernel ? bpf_probe_read_kernel(to, size, (void *)from)
                     : bpf_probe_read_user(to, size, (void *)from);
}

static __always_inline void place_named_unix(struct place *place, __u64 name, __u32 length,
                                             bool in_kernel)
{
    long read;

    if (length <= sizeof(__u16))
        return;
    name += sizeof(__u16);
    length -= sizeof(__u16);
    barrier_var(length);
    if (length > PATTERN_TEXT || read_from(place->text, length, name, in_kernel))
        return;
    place->kind = PLACE_UNIX;
    place->length = length;
    if (!place->text[0])
        return;
    read = in_kernel ? bpf_probe_read_kernel_str(place->text, PATTERN_TEXT, (void *)name)
                     : bpf_probe_read_user_str(place->text, PATTERN_TEXT, (void *)name);
    if (read > 0 && read <= length)
        place->length = read - 1;
}

static __always_inline void place_named_inet(struct place *place, __u16 family, __u64 name,
                                             bool in_kernel)
{
    struct {
        __u16 family, port;
        __u32 words[6]; /* IPv4: the host; IPv6: flow, host, scope */
    } address = {};

    if (read_from(&address, family == AF_INET ? 8 : sizeof(address), name, in_kernel))
        return;
    place->kind = PLACE_INET;
    place->port = __builtin_bswap16(address.port);
    if (family == AF_INET6) {
        __builtin_memcpy(place->host, &address.words[1], sizeof(place->host));
        return;
    }
    place->host[2] = __builtin_bswap32(0xffff);
    place->host[3] = address.words[0];
}

/* By the struct sockaddr that stands at name, length bytes long; of no kind when it is none. */
static __always_inline void place_named(struct place *place, __u64 name, __u32 length,
                                        bool in_kernel)
{
    __u16 family = 0;

    read_from(&family, sizeof(family), name, in_kernel);
    if (family == AF_UNIX)
        place_named_unix(place, name, length, in_kernel);
    else if (family == AF_INET || family == AF_INET6)
        place_named_inet(place, family, name, in_kernel);
}

#endif
