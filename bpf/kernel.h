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

#define MSG_PEEK        0x02
#define MSG_CTRUNC      0x08
#define MSG_TRUNC       0x20
#define MSG_ERRQUEUE    0x2000
#define MSG_CMSG_COMPAT 0x80000000
#define E2BIG           7
#define ECONNREFUSED    111
#define EINPROGRESS     115

#define SOL_SOCKET      1
#define SCM_RIGHTS      1
#define SCM_CREDENTIALS 2

#define S_IFMT   0170000
#define S_IFIFO  0010000
#define S_IFCHR  0020000
#define S_IFDIR  0040000
#define S_IFBLK  0060000
#define S_IFREG  0100000
#define S_IFSOCK 0140000

#define ANON_INODE_FS_MAGIC 0x09041934
#define PID_FS_MAGIC        0x50494446 /* since 6.9; before, a pidfd has an anonymous inode */

#define RCV_SHUTDOWN 1

#define CLONE_THREAD 0x00010000

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
    int counter;
} atomic_t;

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
    unsigned long s_magic;
    __u32 s_dev;
};

struct inode {
    unsigned short i_mode;
    struct super_block *i_sb;
    unsigned long i_ino;
};

struct qstr {
    __u32 len;
    const unsigned char *name;
};

struct dentry {
    struct dentry *d_parent;
    struct qstr d_name;
    struct inode *d_inode;
};

struct vfsmount {
    struct dentry *mnt_root;
};

struct mount {
    struct mount *mnt_parent; /* itself, at the root */
    struct dentry *mnt_mountpoint;
    struct vfsmount mnt;
};

struct path {
    struct vfsmount *mnt;
    struct dentry *dentry;
};

struct file {
    struct inode *f_inode;
    struct path f_path;
    void *private_data;
};

struct fdtable {
    unsigned int max_fds;
    struct file **fd;
};

struct files_struct {
    struct fdtable *fdt;
};

struct upid {
    int nr;
};

struct hlist_node {
    struct hlist_node *next;
};

struct hlist_head {
    struct hlist_node *first;
};

enum { PIDTYPE_TGID = 1 }; /* of enum pid_type, since 4.19 */

struct pid {
    unsigned int level;
    struct hlist_head tasks[4]; /* by enum pid_type */
    struct upid numbers[1];
};

struct fs_struct {
    struct path root, pwd;
};

struct task_struct {
    struct thread_info thread_info;
    unsigned int flags;
    int pid;
    int tgid;
    struct fs_struct *fs;
    struct files_struct *files;
    struct hlist_node pid_links[4]; /* by enum pid_type */
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

struct net {
    __u64 net_cookie;
};

typedef struct {
    struct net *net;
} possible_net_t;

struct sock_common {
    __u32 skc_daddr;
    __u32 skc_rcv_saddr;
    __u16 skc_dport;
    unsigned short skc_family;
    possible_net_t skc_net; /* empty without CONFIG_NET_NS */
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

struct inet_sock {
    __u16 inet_sport;
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
    void *msg_control; /* moves on as it is written to, and msg_controllen with it */
    bool msg_control_is_user : 1;
    unsigned int msg_flags;
    unsigned long msg_controllen;
};

/* What events of tracefs carry. */
struct trace_event_raw_sys_enter {
    long id;
};

struct trace_event_raw_sys_exit {
    long id;
    long ret;
};

struct trace_event_raw_task_newtask {
    int pid;
    unsigned long clone_flags;
};

struct trace_event_raw_sock_msg_length {
    void *sk;
    int ret;
    int flags;
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

struct user_cmsghdr {
    __u64 length; /* with this header */
    __s32 level;
    __s32 type;
};

struct user_ucred {
    __u32 pid, uid, gid;
};

#endif
