/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The conversations of an endpoint that may talk to many, by the address of the other end. */
#ifndef CAPTURE_ACQUAINTANCE_H
#define CAPTURE_ACQUAINTANCE_H

struct conversation;

/* A conversation that an endpoint has taken part in. */
struct joined {
    struct conversation *conversation;
    struct joined *before;
};

/* All zero when there are none. Free them with acquaintances_free(). */
struct acquaintances {
    void *by_address; /* a tree of struct acquaintance */
    struct joined *latest;
};

void acquaintances_free(struct acquaintances *acquaintances);

/* The conversation with whoever has that address; NULL when there is none. */
struct conversation *acquaintances_find(const struct acquaintances *acquaintances,
                                        const char *address);

/*
 * From now on messages to and from that address belong to the conversation, which is not taken
 * over. Returns 0 or -ENOMEM.
 */
int acquaintances_add(struct acquaintances *acquaintances, const char *address,
                      struct conversation *conversation);

#endif
