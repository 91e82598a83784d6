/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The observed endpoints, and how one finds another: by a token (the kernel's name of the socket),
 * by inode, or only by address, depending on backend and socket.
 */
#ifndef CAPTURE_ENDPOINT_H
#define CAPTURE_ENDPOINT_H

#include <stdbool.h>

#include "capture/acquaintance.h"
#include "capture/backend.h"
#include "capture/hosts.h"
#include "capture/parcel.h"

struct endpoint {
    struct endpoint_facts facts;
    struct conversation *only;          /* of an endpoint that talks to one peer alone */
    bool met;                           /* that has got a peer since, which it did not have */
    struct acquaintances acquaintances; /* of one that may talk to many */
    size_t talks;                       /* how many conversations those are */
    size_t parts;                       /* in conversations, of any kind */
    bool gone;                          /* there is no such socket any more */
    uint64_t number;                    /* counts the sockets, in the order they were told of */
    uint64_t named;                     /* counts the names, in the order they were told of */
    struct parcels parcels;
};

/* All zero when there are none. Free them with endpoints_free(). */
struct endpoints {
    void *by_inode; /* a tree of struct endpoint */
    void *by_token; /* trees of struct known */
    void *by_name;
    struct hosts hosts;
    uint64_t count; /* of the sockets told of */
    uint64_t names; /* of the addresses that these were said to have */
    bool past;      /* they are of another time, or machine: nothing can be found out here */
};

void endpoints_free(struct endpoints *endpoints);

/*
 * Adds an endpoint, or notes that it has changed; one that was connected anew begins another
 * conversation. Returns 0 or -ENOMEM. *gone is the endpoint whose token this one has by now, or
 * NULL: its socket does not exist any more.
 */
int endpoints_tell(struct endpoints *endpoints, const struct endpoint_facts *facts,
                   struct endpoint **gone);

/* Frees one that is gone, is in no conversation, and was never known by a name. */
void endpoints_forget(struct endpoints *endpoints, struct endpoint *endpoint);

/* The endpoint with that inode; NULL when none is observed. So it is for the others below. */
struct endpoint *endpoints_find(const struct endpoints *endpoints, uint64_t inode);

/*
 * The one that has the address by which endpoint names it, or is bound to the file of that name
 * (address_file), by now. It is first looked for from where the endpoint names others.
 */
struct endpoint *endpoints_named(const struct endpoints *endpoints, const struct endpoint *endpoint,
                                 const char *name);

/* The same, or the one bound to all addresses at its port when that is one of this machine for the
 * endpoint's process. */
struct endpoint *endpoints_bound(struct endpoints *endpoints, const struct endpoint *endpoint,
                                 const char *address);

/* The one at the other end of this one, which knows it by that address. */
struct endpoint *endpoints_peer(struct endpoints *endpoints, const struct endpoint *endpoint,
                                const char *address);

bool endpoint_is_inet(const struct endpoint *endpoint);

/* Talks to one peer for as long as it lives, or until it is connected to another. */
bool endpoint_is_connected(const struct endpoint *endpoint);

/* Talks to that peer when it talks to the address: what is sent to another goes there. */
bool endpoint_is_with_peer(const struct endpoint *endpoint, const char *address);

/* Is connected, over the internet, and not to that one: what is sent by that one cannot reach it.
 */
bool endpoint_is_with_another(const struct endpoint *endpoint, const struct endpoint *one);

#endif
