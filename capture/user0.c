/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Each pair of processes is a conversation, for more is not told: both ends are observed ones. */
#include "capture/user0.h"

#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/tree.h"

enum { HEADER_SIZE = 16 };

/* The largest process id that the kernel gives. */
enum { PID_MOST = 4194304 };

/* Numbers of endpoints that no other part of the reader gives. */
#define FIRST_INODE (READER_INODE + (UINT64_C(1) << 40))

struct pair {
    uint64_t pids[2]; /* the smaller one first */
    uint64_t inode;   /* of the first's endpoint, the other's is the next */
};

struct user0 {
    struct reading *reading;
    void *pairs; /* a tree by pids */
    uint64_t count;
    uint64_t calls;
};

int user0_new(struct user0 **out, struct reading *reading)
{
    struct user0 *user0 = calloc(1, sizeof(*user0));

    if (!user0)
        return -ENOMEM;
    user0->reading = reading;
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

/* Which of the two the client is: the one the user named, else who speaks first. */
static int client_of(const struct user0 *user0, const struct pair *pair, int sender)
{
    const char *named = user0->reading->options->client;
    char pid[24];

    for (int i = 0; i < 2 && named; i++) {
        snprintf(pid, sizeof(pid), "%" PRIu64, pair->pids[i]);
        if (strcmp(pid, named) == 0)
            return i;
    }
    return sender;
}

static int tell_ends(struct user0 *user0, const struct pair *pair, int sender)
{
    const struct reader_options *options = user0->reading->options;
    const struct sink *sink = user0->reading->sink;
    int client = client_of(user0, pair, sender), err = 0;
    const char *server = options->server ? options->server : "";

    for (int i = 0; i < 2 && !err; i++) {
        struct endpoint_facts facts = {
            .inode = pair->inode + (uint64_t)i,
            .peer_inode = pair->inode + (uint64_t)!i,
            .pid = (uint32_t)pair->pids[i],
            .family = AF_UNIX,
            .type = options->type ? options->type : SOCK_STREAM,
            .role = i == client ? ROLE_CONNECTED : ROLE_ACCEPTED,
        };

        snprintf(i == client ? facts.peer_address : facts.address, ADDRESS_TEXT_SIZE, "%s", server);
        err = sink->endpoint(sink->context, &facts);
    }
    return err;
}

/* Said once, as nothing in the file tells. */
static void tell_type(struct user0 *user0)
{
    if (!user0->count && !user0->reading->options->type)
        user0->reading->say(user0->reading->context,
                            "the capture does not say of what type the sockets are: taken for "
                            "streams (--type says otherwise)");
}

static uint64_t number(const uint8_t *data)
{
    uint64_t value = 0;

    for (int i = 0; i < 8; i++)
        value = value << 8 | data[i];
    return value;
}

static int tell_message(struct user0 *user0, const struct pair *pair, int sender,
                        const struct frame_bytes *frame, uint64_t time)
{
    const struct sink *sink = user0->reading->sink;
    const struct message_facts facts = {
        .inode = pair->inode + (uint64_t)sender,
        .time = time,
        .pid = (uint32_t)pair->pids[sender],
        .tid = (uint32_t)pair->pids[sender],
        .sent = true,
        .ends_call = true,
        .call = ++user0->calls,
        .data = frame->data + HEADER_SIZE,
        .length = frame->length - HEADER_SIZE,
        .missing = frame->whole - frame->length,
    };

    return sink->message(sink->context, &facts);
}

int user0_add(struct user0 *user0, const struct frame_bytes *frame, uint64_t time)
{
    struct pair key = {0}, *pair;
    uint64_t to, from;
    int sender, err = 0;
    bool made;

    to = frame->length >= HEADER_SIZE ? number(frame->data) : UINT64_MAX;
    from = frame->length >= HEADER_SIZE ? number(frame->data + 8) : UINT64_MAX;
    if (to > PID_MOST || from > PID_MOST)
        return reading_fail(user0->reading, user0->reading->dumps, 0,
                            "packets of link type USER0 that are not sockdump's, which begin with "
                            "two process ids");
    sender = from > to;
    key.pids[sender] = from;
    key.pids[!sender] = to;
    tell_type(user0);
    pair = tree_get(&user0->pairs, &key, sizeof(key), compare, &made);
    if (!pair)
        return -ENOMEM;
    if (made) {
        pair->inode = FIRST_INODE + 2 * user0->count++;
        err = tell_ends(user0, pair, sender);
    }
    return err ? err : tell_message(user0, pair, sender, frame, time);
}
