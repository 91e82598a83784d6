/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What strace's reader knows while it reads, and the calls as it takes them apart. */
#ifndef CAPTURE_STRACE_H
#define CAPTURE_STRACE_H

#include "capture/reader.h"
#include "capture/strace_lines.h"
#include "capture/strace_process.h"

enum { STRACE_ARGUMENTS = 6 };

/* A call that has returned, or been entered. */
struct strace_call {
    struct slice name;
    struct slice arguments[STRACE_ARGUMENTS]; /* empty where there is none */
    int64_t result;
    struct slice returned; /* the same as text, with what is behind it if it is a descriptor */
    bool failed;           /* or not returned at all */
    bool pending;          /* it failed, but what it began may go on */
    bool fatal;            /* its thread was ended in it */
    uint64_t began, ended; /* nanoseconds; by what messages are put in order */
    uint64_t entered;      /* when it was made, even if that is not it */
};

struct strace {
    struct reading *reading;
    struct strace_world world;
    uint32_t unnumbered; /* the thread that the last line without a number was of */
    uint64_t calls;
    struct bytes data; /* of the message that is taken */
    size_t cut;        /* strings that strace left the end of out */
    size_t unseen;     /* messages whose bytes strace does not see */
    size_t unknown;    /* messages of sockets of which nobody knows what they are */
    size_t torn;       /* calls that are not there whole */
    bool uring;        /* somebody uses io_uring */
    bool plain;        /* a call is there that moves bytes of whatever it is called on */
    bool passed;       /* descriptors were, in messages, and it is not told what of */
    bool executed;     /* it is of a command from its beginning */
    bool opens;        /* it shows what files are opened */
    bool older;        /* bytes were moved on what no call shows the making of */
    bool gap;          /* and on one above a number that nothing is known to have */
    bool starved;      /* there was no memory for what a descriptor is */
    int64_t highest;   /* of those that no call shows the making of */
};

/* Takes a line, of a thread. Returns 0 or -errno. */
int strace_take(struct strace *strace, struct strace_thread *thread,
                const struct strace_line *line);

/*
 * Takes a text like name(arguments) = result apart. The result may be missing, as of
 * a call that has only begun: then *whole is false. Returns false when it is none.
 */
bool strace_call_parse(struct strace_call *call, const char *text, bool *whole);

/* The socket behind a descriptor, as far as it is known; NULL when it is none. */
struct strace_socket *strace_socket_of(struct strace *strace, struct strace_thread *thread,
                                       struct slice descriptor);

/* Puts a socket, or NULL, behind a descriptor. Returns 0 or -ENOMEM. */
int strace_put(struct strace_thread *thread, struct slice descriptor, struct strace_socket *socket,
               bool closes_on_exec);

/* Makes of a call what the sink is to be told. Each returns 0 or -errno. */
typedef int strace_handler(struct strace *strace, struct strace_thread *thread,
                           const struct strace_call *call);

/* Calls that move bytes (strace_message.c); those that send say when they begin. */
struct strace_mover {
    const char *name;
    bool sends;
    bool sure; /* what it is called on is a socket */
    strace_handler *handle;
};

/* NULL when it is none of them. */
const struct strace_mover *strace_mover_find(struct slice name);

/* A call that is not over yet: of one that sends, the sink is told so. Returns 0 or -errno. */
int strace_message_begin(struct strace *strace, struct strace_thread *thread,
                         const struct strace_call *call);
/* Whether the call may have sent something that nobody knows of, as its thread was ended in it. */
bool strace_message_torn(struct strace *strace, struct strace_thread *thread,
                         const struct strace_call *call);

/* Calls that change what there is (strace_state.c); NULL when it is none of them. */
strace_handler *strace_state_find(struct slice name);

/* Those of them that make and name sockets (strace_naming.c); NULL when it is none. */
strace_handler *strace_naming_find(struct slice name);

/* The call connects its socket to what is named so, or was to. Returns 0 or -errno. */
int strace_connect(struct strace *strace, struct strace_thread *thread,
                   const struct strace_call *call, struct slice name);

/* Whether the call makes a thread or a process; and what that has of the one that made it. */
bool strace_clones(const struct strace_call *call);
int strace_clone(struct strace_thread *child, const struct strace_thread *parent,
                 const struct strace_call *call);

struct ancillary;

/* The control messages of a msghdr, in *out, which may be NULL. Returns 0 or -ENOMEM. */
int strace_ancillary(struct strace *strace, struct strace_thread *thread, struct slice header,
                     bool sends, int family, struct ancillary **out);

#endif
