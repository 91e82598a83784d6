/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A conversation in a dump that shows what either end said, but not the endpoints. What they are is
 * said by the user where the dump does not: --server, --type, --client.
 */
#ifndef CAPTURE_TALK_H
#define CAPTURE_TALK_H

#include "capture/reader.h"

/* What kind of sockets a dump is of. */
struct talk_kind {
    int family;
    int type;
    const char *server; /* its address; "" when not known */
};

/* One of the two ends. */
struct talk_end {
    uint32_t pid;         /* 0: not known */
    char comm[COMM_SIZE]; /* "": not known */
    bool client;          /* known to be; when neither is, it is whoever speaks first */
    uint64_t inode;       /* set by talk_begin() */
};

struct talk {
    struct talk_end ends[2];
    struct talk_kind kind;
};

/*
 * Finds out the kind from what the user said; family is what the dump tells (0: nothing). Returns
 * 0, or -EINVAL with what must be said told.
 */
int talk_kind_find(struct talk_kind *kind, struct reading *reading, int family);

/* The end that the user says is the client, by what is known of the one that spoke; or that one. */
int talk_client(const struct talk *talk, const struct reading *reading, int speaker);

/* Tells the sink of both ends; *number counts endpoints of the reading. Returns 0 or -errno. */
int talk_begin(struct talk *talk, struct reading *reading, uint64_t *number);

/*
 * One of the ends sent so many bytes, of which the first `there` are in data; time in nanoseconds,
 * or 0. Returns 0 or -errno.
 */
int talk_said(struct talk *talk, struct reading *reading, int end, uint64_t time,
              const uint8_t *data, size_t there, size_t length);

/*
 * Which end the client is where these have no names but left and right: *right is false unless the
 * user said so. Returns 0, or -EINVAL with what is wrong told.
 */
int talk_sides(struct reading *reading, bool *right);

/* Whether the user named this end as the client: by its name, its pid, or as that side. */
bool talk_is_client(const struct reading *reading, const struct talk_end *end, const char *side);

#endif
