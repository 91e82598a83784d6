/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's types, as far as this program reads them, relocated by BTF (CO-RE).
 * Every dependency on the kernel's layout can be read on this page.
 */
#ifndef BPF_KERNEL_H
#define BPF_KERNEL_H

#include <linux/types.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#define AF_UNIX  1
#define AF_INET  2
#define AF_INET6 10

#define SOCK_STREAM    1
#define SOCK_DGRAM     2
#define SOCK_SEQPACKET 5

#define MSG_PEEK     0x02
#define MSG_TRUNC    0x20
#define MSG_ERRQUEUE 0x2000
#define EINPROGRESS  115

#define S_IFMT   0170000
#define S_IFSOCK 0140000

#define RCV_SHUTDOWN 1

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
    int counter;
} atomic_t;

typedef struct {
    __s64 counter;
} atomic64_t;

/* The ways in which a system call's arguments are kept, by architecture. */
#if defined(__TARGET_ARCH_x86)
struct pt_regs {
    unsigned long di, si, dx, cx, bx, r10, r8, r9, ax, orig_ax;
};
#elif defined(__TARGET_ARCH_arm64)
struct user_pt_regs {
    __u64 regs[31];
};
struct pt_regs {
    struct user_pt_regs user_regs;
    __u64 orig_x0;
    __s32 syscallno;
};
#else
#error "no system call convention is known for this architecture: add it in bpf/kernel.h"
#endif

struct thread_info {
    unsigned long flags; /* arm64 */
    __u32 status;        /* x86 */
};

struct super_block {
    __u32 s_dev;
};

struct inode {
    unsigned short i_mode;
    unsigned long i_ino;
    struct super_block *i_sb;
};

struct dentry {
    struct inode *d_inode;
};

struct path {
    struct dentry *dentry;
};

struct file {
    struct inode *f_inode;
    void *private_data;
    atomic64_t f_count; /* references; until 6.12 */
};

typedef struct {
    atomic64_t refcnt; /* references less one */
} file_ref_t;

struct file___6_13 {
    file_ref_t f_ref;
};

struct fdtable {
    unsigned int max_fds;
    struct file **fd;
};

struct files_struct {
    struct fdtable *fdt;
};

struct signal_struct {
    atomic_t live;
    int nr_threads;
};

struct upid {
    int nr;
};

struct pid {
    unsigned int level;
    struct upid numbers[1];
};

struct task_struct {
    struct thread_info thread_info;
    int pid;
    int tgid;
    struct signal_struct *signal;
    struct files_struct *files;
    struct task_struct *group_leader;
    char comm[16];
};

struct iovec;

enum iter_type {
    ITER_IOVEC = 1,
    ITER_UBUF = 2,
};

struct in6_addr {
    union {
        __u32 u6_addr32[4];
    } in6_u;
};

struct sock_common {
    __u32 skc_daddr;
    __u32 skc_rcv_saddr;
    __u16 skc_dport;
    __u16 skc_num;
    unsigned short skc_family;
    struct in6_addr skc_v6_daddr;
    struct in6_addr skc_v6_rcv_saddr;
};

struct socket;

struct sock {
    struct sock_common __sk_common;
    struct socket *sk_socket;
    struct pid *sk_peer_pid;
    __u8 sk_shutdown;
    __u16 sk_type;
};

struct socket {
    struct file *file;
    struct sock *sk;
};

struct sockaddr_un {
    __u16 sun_family;
    char sun_path[108];
};

typedef struct {
    atomic_t refs;
} refcount_t;

struct unix_address {
    refcount_t refcnt; /* what accept() gives shares the address of the listening socket */
    int len;
    struct sockaddr_un name[];
};

struct unix_sock {
    struct unix_address *addr;
    struct path path;
    struct sock *peer;
};

/*
 * Where a message's bytes are. The array of iovec was called iov until 6.3 and is __iov since; one
 * buffer stands in ubuf since 6.0; until 5.13 the kind was in type, with the direction in bit 0.
 */
struct iov_iter {
    __u8 iter_type;
    unsigned long iov_offset;
    unsigned long count;
    void *ubuf;
    const struct iovec *__iov;
    unsigned long nr_segs;
};

struct iov_iter___6_3 {
    const struct iovec *iov;
};

struct iov_iter___5_13 {
    unsigned int type;
};

struct msghdr {
    void *msg_name;
    int msg_namelen;
    struct iov_iter msg_iter;
};

#pragma clang attribute pop

/* What user programs pass; these layouts are the system call interface and never move. */
struct user_iovec {
    __u64 base;
    __u64 length;
};

struct user_msghdr {
    __u64 name;
    __u32 name_length;
    __u32 pad;
    __u64 vector;
    __u64 vector_count;
    __u64 control;
    __u64 control_length;
    __u32 flags;
    __u32 pad2;
};

struct user_mmsghdr {
    struct user_msghdr header;
    __u32 length;
    __u32 pad;
};

#endif
