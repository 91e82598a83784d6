/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Each pair of processes is a conversation, for more is not told. Sockets that are connected to
 * nobody have 0 in the place of their peer: who talks to whom is known then as long as there are
 * two.
 */
#include "capture/user0.h"

#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/big_endian.h"
#include "capture/talk.h"
#include "capture/tree.h"

enum { HEADER_SIZE = 16 };

/* The largest process id that the kernel gives. */
enum { PID_MOST = 4194304 };

/* Its endpoints have other numbers than those of flows, of which there are never so many. */
#define FIRST_NUMBER (UINT64_C(1) << 40)

struct pair {
    uint32_t pids[2]; /* the smaller one first; of unconnected sockets, who spoke first */
    struct talk talk; /* between them, in this order */
};

struct user0 {
    struct reading *reading;
    struct talk_kind kind; /* of all of them, once there is one */
    void *pairs;           /* a tree by pids */
    struct pair unconnected;
    uint64_t number; /* of the last endpoint */
};

int user0_new(struct user0 **out, struct reading *reading)
{
    struct user0 *user0 = calloc(1, sizeof(*user0));

    if (!user0)
        return -ENOMEM;
    user0->reading = reading;
    user0->number = FIRST_NUMBER;
    *out = user0;
    return 0;
}

void user0_free(struct user0 *user0)
{
    if (!user0)
        return;
    tdestroy(user0->pairs, free);
    free(user0);
}

static int compare(const void *a, const void *b)
{
    const struct pair *one = a, *other = b;

    return one->pids[0] != other->pids[0] ? tree_compare_numbers(one->pids[0], other->pids[0])
                                          : tree_compare_numbers(one->pids[1], other->pids[1]);
}

/* The client is the one whom the user named, or else who speaks first. */
static int begin(struct user0 *user0, struct pair *pair, int sender)
{
    struct talk *talk = &pair->talk;

    talk->kind = user0->kind;
    for (int i = 0; i < 2; i++)
        talk->ends[i].pid = pair->pids[i];
    talk->ends[talk_client(talk, user0->reading, sender)].client = true;
    return talk_begin(talk, user0->reading, &user0->number);
}

/* Finds the two between whom it passed, and which of them sent it. */
static int find_pair(struct user0 *user0, uint32_t from, uint32_t to, struct pair **out,
                     int *sender)
{
    struct pair key = {0};
    bool made;

    *sender = from > to;
    key.pids[*sender] = from;
    key.pids[!*sender] = to;
    *out = tree_get(&user0->pairs, &key, sizeof(key), compare, &made);
    if (!*out)
        return -ENOMEM;
    return made ? begin(user0, *out, *sender) : 0;
}

static int find_unconnected(struct user0 *user0, uint32_t from, struct pair **out, int *sender)
{
    struct pair *pair = &user0->unconnected;
    bool first = !pair->talk.ends[0].inode;

    if (first)
        pair->pids[0] = from;
    else if (from != pair->pids[0] && !pair->pids[1])
        pair->pids[1] = pair->talk.ends[1].pid = from;
    *out = pair;
    *sender = from != pair->pids[0];
    if (from != pair->pids[*sender])
        return reading_fail(user0->reading, user0->reading->dumps, 0,
                            "with process %" PRIu32 " there are more than two, and it does not "
                            "tell which of them talk to each other",
                            from);
    return first ? begin(user0, pair, 0) : 0;
}

int user0_add(struct user0 *user0, const struct frame_bytes *frame, uint64_t time)
{
    struct pair *pair;
    uint64_t to, from;
    int sender, err = 0;

    to = frame->length >= HEADER_SIZE ? big_u64(frame->data) : UINT64_MAX;
    from = frame->length >= HEADER_SIZE ? big_u64(frame->data + 8) : UINT64_MAX;
    if (to > PID_MOST || from > PID_MOST)
        return reading_fail(user0->reading, user0->reading->dumps, 0,
                            "packets of link type USER0 that are not sockdump's, which begin with "
                            "two process ids");
    if (!user0->kind.server)
        err = talk_kind_find(&user0->kind, user0->reading, AF_UNIX);
    if (!err && to)
        err = find_pair(user0, (uint32_t)from, (uint32_t)to, &pair, &sender);
    else if (!err)
        err = find_unconnected(user0, (uint32_t)from, &pair, &sender);
    return err ? err
               : talk_said(&pair->talk, user0->reading, sender, time, frame->data + HEADER_SIZE,
                           frame->length - HEADER_SIZE, frame->whole - HEADER_SIZE);
}
