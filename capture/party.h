/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Who talks to whom: the two ends of each conversation, and which conversation a message belongs
 * to.
 */
#ifndef CAPTURE_PARTY_H
#define CAPTURE_PARTY_H

#include "capture/endpoint.h"
#include "capture/message.h"
#include "capture/order.h"

enum { NOBODY = -1 };

/* One of the two ends: an observed endpoint, or what an observed one knows of its peer. */
struct party {
    struct end end;
    struct endpoint *endpoint; /* NULL while it is not observed */
    uint64_t since;            /* how many names were known when it came to stand in for another */
};

struct conversation {
    struct conversation *next, **at; /* and what leads to this one */
    struct party parties[2];
    int client; /* which of the parties; NOBODY until the first message */
    uint32_t number;
    struct order order;
    size_t senders;    /* threads in calls that send in it */
    int64_t unread[2]; /* what a party sent, less what the other, connected, received */
};

struct peers;

/* All endpoints and their conversations, in the order in which these were opened. */
struct parties {
    struct endpoints endpoints;
    struct peers *peers; /* NULL when they are past */
    struct conversation *first, **end;
};

/*
 * Begins with none; of what is past, nothing is looked up on this machine. Returns 0 or -ENOMEM;
 * parties_free() may be called in any case.
 */
int parties_new(struct parties *all, bool past);
void parties_free(struct parties *all);

/*
 * The conversation that a message of this endpoint belongs to; name is the address that its call
 * named or was given, NULL when there was none. NULL when there is no memory.
 */
struct conversation *parties_conversation(struct parties *all, struct endpoint *endpoint,
                                          const char *name);

/*
 * Whether the end of the conversation that this endpoint is not is observed, which it may have come
 * to be since it began. Returns 1 or 0, or -ENOMEM.
 */
int parties_other_observed(struct parties *all, struct conversation *conversation,
                           const struct endpoint *endpoint);

/*
 * The endpoint has received a datagram of the conversation: if the process is gone that was found
 * at the other end's address, or none was, whoever is there now is looked up.
 */
void parties_heard(struct parties *all, struct conversation *conversation,
                   const struct endpoint *endpoint);

/*
 * The endpoint's socket does not exist any more. What is known of it, and of its conversation when
 * the other end is gone as well, is forgotten, as far as nobody will ask for it.
 */
void parties_gone(struct parties *all, struct endpoint *endpoint);

/* Which of the conversation's parties the endpoint is. */
int party_of(const struct conversation *conversation, const struct endpoint *endpoint);

/* Whether that party is connected to the other: a datagram socket may talk to others as well. */
bool party_is_connected(const struct conversation *conversation, int which);

/* Notes the address that an endpoint may have been given by sending. Returns 0 or -ENOMEM. */
int party_learn(struct party *party);

#endif
