/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Everything that kernel side and user space say to each other, and nothing else: the border.
 *
 * What a call moved arrives as one RECORD_MESSAGE for each message, holding its first bytes, and
 * RECORD_PIECEs for what did not fit, all by the same thread in this order. Records of different
 * threads are mixed. An endpoint is described before its first message and when it changes.
 */
#ifndef BPF_MESSAGE_H
#define BPF_MESSAGE_H

#include <linux/types.h>

enum record_kind {
    RECORD_ENDPOINT = 1, /* struct record_endpoint */
    RECORD_NAME,         /* struct record_name: the address the thread's next record goes with */
    RECORD_BEGIN,        /* struct record_begin: a call that may send has been entered */
    RECORD_VOID,         /* struct record_head: a call that began moves no more messages */
    RECORD_MESSAGE,      /* struct record_message */
    RECORD_PIECE,        /* struct record_message: more of the thread's last message */
    RECORD_ANCILLARY,    /* struct record_ancillary: of the message that the thread tells next */
};

enum record_flag {
    RECORD_SENT = 1 << 0,  /* sent, not received */
    RECORD_NAMED = 1 << 1, /* a RECORD_NAME of the same thread came before */
    RECORD_LAST = 1 << 2,  /* the message is complete with this record, or as complete as it gets */
    RECORD_ENDS_CALL = 1 << 3,    /* the call moved no message after this one */
    RECORD_CARRIES = 1 << 4,      /* RECORD_ANCILLARYs of the same thread came before */
    RECORD_CARRIED_MORE = 1 << 5, /* and that was not all of the message's ancillary data */
};

/* In a RECORD_ENDPOINT: which of its two addresses is one that the user asked for. */
enum record_match {
    MATCH_OWN = 1 << 0,
    MATCH_PEER = 1 << 1,
};

/* How an endpoint came to have a peer. */
enum record_role {
    ROLE_UNKNOWN,
    ROLE_CONNECTED, /* it called connect() */
    ROLE_ACCEPTED,  /* it came out of accept() */
};

enum {
    RECORD_ADDRESS_SIZE = 112, /* holds the longest struct sockaddr_un: 110 */
    RECORD_COMM_SIZE = 16,
    RECORD_DATA_MAX = 65536,
    RECORD_KINDS_SIZE = 256, /* a power of two that holds DESCRIPTORS_MAX */
};

enum { DESCRIPTORS_MAX = 253 }; /* that a message can pass: the kernel's SCM_MAX_FD */

/* What is behind a descriptor that a message passes. */
enum descriptor_kind {
    KIND_UNKNOWN, /* it was closed by the time it was looked at */
    KIND_FILE,
    KIND_DIRECTORY,
    KIND_PIPE,
    KIND_DEVICE,
    KIND_SOCKET,
    KIND_EVENTFD,
    KIND_EPOLL,
    KIND_MEMFD,
    KIND_PIDFD,
    KIND_TIMERFD,
    KIND_SIGNALFD,
    KIND_INOTIFY,
    KIND_OTHER,
    KIND_COUNT,
};

/* Sets of processes and threads by number, a bit for each: those are below the kernel's
 * PID_MAX_LIMIT. */
enum {
    NUMBERS_MAX = 1 << 22,
    NUMBERS_IN_WORD = 64, /* of 64 bits */
};

struct record_head {
    __u8 kind;
    __u8 flags;
    __u16 reserved;
    __u32 tid;
    __u64 call; /* the same for all records of one call, and for no other call */
};

struct record_endpoint {
    struct record_head head;
    __u64 inode;
    __u64 token;      /* a name for the socket that its peer knows it by */
    __u64 peer_token; /* 0 when it has no peer */
    __u64 peer_inode; /* 0 when not known, or not yet */
    __u64 network;    /* its namespace, 0 where there are none */
    __u64 root; /* the folders from which the process sees paths, each by a number of its own */
    __u64 working;
    __u32 peer_pid;
    __u16 family;
    __u8 type;
    __u8 role;
    __u16 address_length;
    __u16 peer_address_length;
    __u32 pid; /* the process that used it, and its name */
    char comm[RECORD_COMM_SIZE];
    char peer_comm[RECORD_COMM_SIZE];  /* "" when not known */
    __u8 address[RECORD_ADDRESS_SIZE]; /* a struct sockaddr */
    __u8 peer_address[RECORD_ADDRESS_SIZE];
};

struct record_name {
    struct record_head head;
    __u32 length;
    __u32 reserved;
    __u8 address[RECORD_ADDRESS_SIZE];
};

/* One control message, cmsg(3); what it is not about is 0. */
struct record_ancillary {
    struct record_head head;
    __u32 index; /* among those of its message */
    __s32 level;
    __s32 type;
    __u32 length;                  /* of its data */
    __u32 pid, uid, gid;           /* SCM_CREDENTIALS */
    __u32 count;                   /* SCM_RIGHTS: how many descriptors */
    __u8 kinds[RECORD_KINDS_SIZE]; /* enum descriptor_kind, so many */
};

struct record_begin {
    struct record_head head;
    __u64 inode;
};

struct record_message {
    struct record_head head;
    __u64 time; /* CLOCK_MONOTONIC, ns: where a sending call began, where a receiving one ended */
    __u64 inode;
    __u64 length; /* of the whole message */
    __u64 offset; /* of data in it */
    __u32 pid;
    __u32 lost; /* messages of this endpoint that found the ring buffer full since the last one */
    char comm[RECORD_COMM_SIZE];
    __u32 size; /* of data; the record may be longer */
    __u32 reserved;
    __u8 data[];
};

/* How soundly user space sleeps, as it tells the kernel side: that decides what it is woken for. */
enum consumer_state {
    CONSUMER_AWAKE,
    CONSUMER_NAPS,
    CONSUMER_SLEEPS,
};

/* Counters the kernel keeps; user space reads them when it is done. */
struct record_losses {
    __u64 messages;   /* messages that found the ring buffer full */
    __u64 bytes;      /* the bytes of those */
    __u64 unfollowed; /* processes and threads that could not be observed */
    __u64 foreign;    /* calls by another system call convention (32-bit programs) */
    __u64 bypassed;   /* bytes that sockets moved past the calls that are looked at (io_uring) */
};

_Static_assert(sizeof(struct record_head) == 16, "no padding");
_Static_assert(sizeof(struct record_endpoint) == 16 + 104 + 224, "no padding");
_Static_assert(sizeof(struct record_name) == 16 + 8 + 112, "no padding");
_Static_assert(sizeof(struct record_ancillary) == 16 + 32 + 256, "no padding");
_Static_assert(sizeof(struct record_begin) == 24, "no padding");
_Static_assert(sizeof(struct record_message) == 80, "no padding");

/* What a system call does with which of its arguments; user space fills a table of it by number. */
enum call_kind {
    CALL_OTHER,
    CALL_SEND_BUFFER, /* write(fd, buffer, length) */
    CALL_RECEIVE_BUFFER,
    CALL_SEND_VECTOR, /* writev(fd, iovec, count) */
    CALL_RECEIVE_VECTOR,
    CALL_SENDTO, /* sendto(fd, buffer, length, flags, name, length of name) */
    CALL_RECVFROM,
    CALL_SENDMSG, /* sendmsg(fd, header, flags) */
    CALL_RECVMSG,
    CALL_SENDMMSG, /* sendmmsg(fd, headers, count, flags) */
    CALL_RECVMMSG,
    CALL_SENDFILE, /* sendfile(fd, ...): bytes with no user memory behind them */
    CALL_SPLICE,   /* splice(from, offset, to, ...): the same, into a socket or out of one */
    CALL_BIND,
    CALL_CONNECT,
    CALL_ACCEPT,
    CALL_RING, /* io_uring_setup(), io_uring_enter(): what they move shows nowhere before Linux 6.3
                */
    CALL_LEFT_OUT, /* of a thread: one that sends to somebody who is not wanted */
};

enum { CALL_NUMBERS = 512 };

#endif
