/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Where messages come from: the whole contract between a backend and the rest of the program. */
#ifndef CAPTURE_BACKEND_H
#define CAPTURE_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "bpf/message.h"
#include "capture/address.h"
#include "capture/message.h"
#include "capture/standpoint.h"

/* What a backend tells of an endpoint: before its first message, and again when it changes. */
struct endpoint_facts {
    uint64_t inode;
    uint64_t token;      /* names the socket while it lives; 0 when the backend has no such name */
    uint64_t peer_token; /* the token of its peer; 0 when it has none */
    uint64_t peer_inode; /* 0 when not known */
    struct standpoint standpoint; /* from where its process, and the socket, name others */
    uint32_t peer_pid;            /* 0 when not known */
    uint32_t pid;
    char comm[COMM_SIZE];
    char peer_comm[COMM_SIZE]; /* "" when not known */
    int family;
    int type;
    enum record_role role;
    uint8_t matches; /* enum record_match, as far as the backend can tell */
    char address[ADDRESS_TEXT_SIZE];
    char peer_address[ADDRESS_TEXT_SIZE];
};

/* What a backend tells of a message. */
struct message_facts {
    uint64_t inode; /* of the endpoint in whose process it was captured */
    uint64_t time;  /* nanoseconds since the epoch */
    uint32_t tid;
    uint32_t pid;
    char comm[COMM_SIZE];
    bool sent;
    bool ends_call;   /* the call moved no message after this one */
    uint64_t call;    /* the same for all messages of a call */
    const char *name; /* the address the call named or was given; NULL when there was none */
    const uint8_t *data;
    size_t length;
    size_t missing; /* bytes that belong after data: could not be read, or were not asked for */
    size_t lost;    /* messages of this endpoint lost right before */
    const struct ancillary *ancillary; /* NULL when there was none */
};

/*
 * Where a backend puts what it finds; what it hands over is valid until the call returns.
 * begin says that a sending call was entered which others might answer before it returns: it is
 * followed by the call's messages, the last of which ends it, or by end when it moved none.
 * All return 0 or -errno, upon which the backend stops and returns the same.
 */
struct sink {
    void *context;
    int (*endpoint)(void *context, const struct endpoint_facts *endpoint);
    int (*begin)(void *context, uint64_t inode, uint32_t tid, uint64_t call, const char *name);
    int (*end)(void *context, uint32_t tid, uint64_t call);
    int (*message)(void *context, const struct message_facts *message);
};

/* What a recording is known to lack. */
struct losses {
    uint64_t messages;   /* lost whole */
    uint64_t bytes;      /* of those, and of the ones cut */
    uint64_t cut;        /* messages of which a part is missing */
    uint64_t unfollowed; /* processes, threads or calls that could not be observed */
    uint64_t foreign;    /* calls in a convention that the backend cannot read (32-bit programs) */
    uint64_t bypassed;   /* bytes moved in ways that the backend does not see (io_uring) */

    /* What the user asked to leave out: no loss, but not there either. */
    uint64_t shortened; /* messages of which only the beginning was to be kept */
    uint64_t left_out;  /* bytes of those */
};

struct scope_request;

struct backend_options {
    const struct scope_request *scope; /* what to observe; must outlive the recorder */
    size_t buffer_size;                /* bytes between kernel and user space, a power of two */
    size_t max_message;                /* bytes of each message to record; 0: all */
    bool verbose;                      /* show the log of the libraries */

    /* Tells the user one line about the command that no recording holds; or NULL. */
    void (*say)(void *context, const char *text);
    void *context;
};

enum { REASON_SIZE = 256 };

struct launch;
struct recorder;

struct backend {
    const char *name;
    const char *summary;

    /*
     * Returns why any other is to be preferred to it here, though it works; NULL when nothing
     * speaks against it. The function may be NULL.
     */
    const char *(*doubt)(void);

    /*
     * Gets ready to record into sink, which must outlive the recorder. Returns 0 and a recorder in
     * *out, or -errno with, in reason, why it cannot be done here and what would help; -ENOMEM may
     * leave reason as it is.
     */
    int (*open)(struct recorder **out, const struct backend_options *options,
                const struct sink *sink, char reason[REASON_SIZE]);

    /*
     * Runs in the launched process before the command; NULL when there is nothing to do.
     * Returns 0 or -errno.
     */
    int (*prepare)(void);

    /*
     * Observes the launched process and its descendants from now on; without one, NULL, what the
     * scope says alone. Returns 0 or -errno.
     */
    int (*observe)(struct recorder *recorder, struct launch *launch);

    /* The scope's paths lead to other files by now; NULL where these are looked up each time. */
    void (*rescope)(struct recorder *recorder);

    /* Becomes readable when step has something to do; -1 when there is no such thing. */
    int (*fd)(const struct recorder *recorder);

    /*
     * Delivers what has come; *wait is then for how many milliseconds it need not be called again
     * unless fd becomes readable. Returns 0 or -errno.
     */
    int (*step)(struct recorder *recorder, int *wait);

    /* Adds what has been lost so far to *losses; cheap enough to be asked all the time. */
    void (*losses)(const struct recorder *recorder, struct losses *losses);

    /* Stops recording and delivers the rest. Returns 0 or -errno. */
    int (*finish)(struct recorder *recorder);

    /* Frees the recorder, whether it has been finished or not. */
    void (*close)(struct recorder *recorder);

    /*
     * For a backend that the observed processes cannot do without once it has been there, even when
     * it is closed: whether any are left, and to stay until there are none. Else both are NULL.
     */
    bool (*needed)(void);
    void (*stay)(void);
};

extern const struct backend backend_socket;
extern const struct backend backend_syscall;
extern const struct backend backend_ptrace;

#endif
