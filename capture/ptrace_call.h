/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* How a stopped thread's socket call becomes messages: what is one is defined by bpf/syscall.bpf.c.
 */
#ifndef CAPTURE_PTRACE_CALL_H
#define CAPTURE_PTRACE_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/message.h"
#include "capture/backend.h"
#include "capture/ptrace_filter.h"
#include "capture/ptrace_socket.h"

/* socketpair() and io_uring_setup(), which bpf/message.h has no need of. */
#define CALL_PAIR  ((enum call_kind)FILTER_PAIR)
#define CALL_URING ((enum call_kind)FILTER_IO_URING)

/* The call that a thread is in. */
struct traced_call {
    enum call_kind kind; /* CALL_OTHER: none that is followed to its end */
    struct traced_socket *socket;
    int fd;
    bool begun;   /* the sink was told of it, and must be told of its end */
    bool unbound; /* the socket had no address when the call was entered: it may get one in it */
    bool opens;   /* it sends and connects in one (TCP Fast Open) */
    uint32_t name_room; /* bytes for the address a datagram came from */
    uint64_t id;
    uint64_t time; /* of the monotonic clock */
    uint64_t arguments[6];
};

struct moved;

/* What is to be done with a thread that stands before a call. */
enum call_step {
    CALL_PASSES,  /* the call is none of our business any more */
    CALL_STOPS,   /* its return must be seen: call_leave() */
    CALL_RENAMES, /* it may give a thread of the process another name */
    CALL_HIDDEN,  /* we are not allowed to see what it is on */
};

/* Finds out what the call of a thread that stands before it is. Returns a call_step, or -errno. */
int call_enter(struct traced_call *call, enum call_kind kind, const uint64_t arguments[6],
               struct sockets *sockets, const struct caller *caller, const struct sink *sink);

/*
 * The thread stands behind its call, which returned result. Takes what was moved, so that the
 * thread may go on before it is delivered. Returns 0 or -errno.
 */
int call_leave(struct traced_call *call, int64_t result, struct sockets *sockets,
               const struct caller *caller, struct moved *moved);

/* Delivers it, and ends the call. Returns 0 or what the sink returned. */
int call_deliver(struct traced_call *call, const struct caller *caller, struct moved *moved,
                 const struct sink *sink);

/* True while the call is one that sends. */
bool call_sends(const struct traced_call *call);

/* The MSG_ flags it was given. */
int call_flags(const struct traced_call *call);

/* Whether a datagram's address of so many bytes is there whole: the receiver's, or the sender's. */
bool call_has_name(const struct traced_call *call, uint32_t length);

/* Whether nothing received, or sent, means just that, and not an empty datagram or record. */
bool call_is_end(const struct traced_call *call, struct sockets *sockets,
                 const struct caller *caller);

#endif
