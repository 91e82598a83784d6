/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The threads that strace shows, their descriptors, and the sockets that these are. */
#ifndef CAPTURE_STRACE_PROCESS_H
#define CAPTURE_STRACE_PROCESS_H

#include "capture/backend.h"
#include "capture/strace_address.h"
#include "capture/strace_descriptors.h"

struct strace_socket {
    struct endpoint_facts facts; /* family is 0 while it is not known, and so is type */
    bool told;                   /* the sink knows it as it is */
    bool bound;                  /* its address was asked for */
    bool moved;                  /* connected anew: strace still tells the addresses of before */
    size_t holders;              /* descriptors that it is behind; 0: closed, or never seen open */
    struct strace_socket *next_addressed;

    /* Of a connection: */
    uint64_t connecting;         /* when connecting began */
    bool pending;                /* connect() did not wait, and it is not known how it ended */
    uint64_t accepted;           /* when accept() gave it */
    struct strace_queue *queue;  /* in which it waits for its other end to be seen; or NULL */
    struct strace_socket *next;  /* in that */
    struct strace_socket *guess; /* its other end, as far as their order tells; or NULL */
    bool several;                /* it could be another */
    bool said;                   /* something was, since */

    /* Of one that has no address, what it has sent: */
    struct strace_sent *sent, *last_sent; /* the first, or NULL; and if it is not, the last */
    size_t sent_count;
};

struct strace_thread {
    uint32_t tid;
    uint32_t pid;
    char comm[COMM_SIZE];
    struct strace_descriptors *descriptors;
    char *begun;    /* the text of a call that has not returned, or NULL */
    uint64_t time;  /* when that was entered */
    uint64_t sends; /* the number of the call, when the sink knows that it has begun; or 0 */
    bool clones;    /* that call makes a thread or a process */
    struct strace_socket *on; /* the socket that it moves bytes on, whatever its number is by now */
    struct strace_thread *next_cloning;
    bool placed;   /* it is known who made it, or that nobody did who could be known */
    bool executed; /* a program that it was not made with */
};

/* Those that wait for their other end, the first first. */
struct strace_queue {
    struct strace_socket *first, *last;
    struct strace_socket *alike; /* up to this, none has an address, and all are marked; or NULL */
    size_t count;
};

/* What is connected and what is accepted at addresses that have the port or the path in common. */
struct strace_door {
    struct strace_queue clients;
    struct strace_queue accepted; /* of these the last alone */
};

/* Datagrams of sockets without an address (strace_stranger.c), the first first. */
struct strace_sent_list {
    struct strace_sent *first, *last;
};

enum { EARLY_MAX = 64, ADDRESSED_SIZE = 1 << 13, DOORS = 1 << 10, SENT_LISTS = 1 << 10 };

struct strace_world {
    const struct sink *sink;
    void *threads; /* a tree of struct strace_thread */
    size_t thread_count;
    struct strace_thread *cloning; /* those whose call makes another */
    void *sockets;                 /* a tree of struct strace_socket, by inode */
    uint64_t unnumbered;

    /*
     * Internet sockets by a digest of both addresses, of UDP by the port, and Unix sockets of
     * datagrams by their own; the latest first.
     */
    struct strace_socket *addressed[ADDRESSED_SIZE];

    struct strace_door doors[DOORS];
    size_t guessed; /* connections whose ends may be others' */
    struct strace_sent_list sent[SENT_LISTS];
    size_t mistakable; /* datagrams that could be another's */
};

void strace_world_free(struct strace_world *world);

/* The thread, or NULL. */
struct strace_thread *strace_thread_find(struct strace_world *world, uint32_t tid);

/* The thread, which is made when there is none yet; NULL when there is no memory. */
struct strace_thread *strace_thread_get(struct strace_world *world, uint32_t tid);

/* Gives a thread that was known by no number its number. Returns 0 or -ENOMEM. */
int strace_thread_rename(struct strace_world *world, struct strace_thread *thread, uint32_t tid);

/* The only thread there is; NULL when there is none, or more than one. */
struct strace_thread *strace_thread_only(struct strace_world *world);

/* A thread that is making another, when there is just one; else NULL. */
struct strace_thread *strace_thread_cloning(struct strace_world *world);

/*
 * The thread has entered a call, whose text is taken over, after that before was ended; and is out
 * of it again, which gives the text back, for the caller to free, or NULL when it was in none.
 */
void strace_thread_begin(struct strace_world *world, struct strace_thread *thread, char *text,
                         bool clones);
char *strace_thread_end(struct strace_world *world, struct strace_thread *thread);

/* How many threads are in a call that sends. */
size_t strace_threads_sending(struct strace_world *world);

/*
 * The new thread has, or shares, what its parent has; upon CLONE_THREAD it is of the same process.
 * What it has done before that is known stays done. Returns 0 or -ENOMEM.
 */
int strace_thread_inherit(struct strace_thread *thread, const struct strace_thread *parent,
                          bool shares, bool same_process);
void strace_thread_drop(struct strace_world *world, struct strace_thread *thread);

/* Puts a socket, or NULL, behind a descriptor. Returns 0 or -ENOMEM. */
int strace_thread_put(struct strace_thread *thread, int64_t descriptor,
                      struct strace_socket *socket, bool closes_on_exec);

/* A program was put in the place of another. */
void strace_thread_exec(struct strace_thread *thread);

/* A new socket; inode 0: not known. NULL when there is no memory. */
struct strace_socket *strace_socket_new(struct strace_world *world, uint64_t inode);

/*
 * The internet socket that strace describes by its addresses, and not by its inode: one socket may
 * be used by several threads, or inherited. NULL when there is none, or it is described otherwise.
 */
struct strace_socket *strace_socket_find(struct strace_world *world,
                                         const struct strace_facts *facts);

/* The latest stream socket that has these addresses; NULL when there is none. */
struct strace_socket *strace_socket_addressed(struct strace_world *world, const char *address,
                                              const char *peer);

/* Whether what came from there is of a datagram socket that is known to have that address. */
bool strace_socket_sends_from(struct strace_world *world, const char *address);

/* Takes over what strace says of the socket. */
void strace_socket_learn(struct strace_world *world, struct strace_socket *socket,
                         const struct strace_facts *facts);

void strace_socket_address(struct strace_world *world, struct strace_socket *socket,
                           const char *address);
void strace_socket_peer(struct strace_world *world, struct strace_socket *socket,
                        const char *address);
void strace_sockets_pair(struct strace_socket *one, struct strace_socket *other);

/*
 * A datagram socket was connected to that address: it stays with who is there now, whoever the
 * address leads to later.
 */
void strace_socket_meet(struct strace_world *world, struct strace_socket *socket);

/*
 * It was connected, or came out of accept(): at whose other end it is shows when the other end is
 * seen. Connecting began and accepting ended at that time: accept() may return before connect()
 * does; and return before it is known whether there will be a connection: then that is pending.
 * (These and what follows: strace_pair.c)
 */
void strace_socket_connected(struct strace_world *world, struct strace_socket *socket,
                             uint64_t began, bool pending);
void strace_socket_accepted(struct strace_world *world, struct strace_socket *socket,
                            uint64_t ended);

/* There is no connection, if it was pending: who was taken for its other end is another's. */
void strace_socket_refused(struct strace_world *world, struct strace_socket *socket);

/* An address of the socket is known by now: what was guessed of its other end is put right. */
void strace_socket_check(struct strace_world *world, struct strace_socket *socket);

/* Something is about to be sent or received there: a guess stands then, and is counted. */
void strace_socket_says(struct strace_world *world, struct strace_socket *socket, bool sends);

/* Whether its other end could be another, and that may show yet. */
bool strace_socket_is_guess(const struct strace_socket *socket);

/*
 * A datagram socket that has no address gets one when it sends, which only shows where that is
 * received. Notes what it sent, and where to; and finds it when that has come from an address that
 * no other has: it has that then. Both return 0, or -ENOMEM or what the sink returned. (These:
 * strace_stranger.c)
 */
int strace_stranger_sent(struct strace_world *world, struct strace_socket *socket, const char *to,
                         const uint8_t *data, size_t length);
int strace_stranger_came(struct strace_world *world, const struct strace_socket *receiver,
                         const char *from, const uint8_t *data, size_t length,
                         const struct strace_thread *thread);

/* The socket has an address: what it has sent need not be kept. */
void strace_stranger_known(struct strace_world *world, struct strace_socket *socket);
void strace_strangers_free(struct strace_world *world);

/* Tells the sink of the socket, unless it knows. Returns 0 or what the sink returned. */
int strace_socket_tell(struct strace_world *world, struct strace_socket *socket,
                       const struct strace_thread *thread);

#endif
