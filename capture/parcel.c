/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/parcel.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>

#include "capture/digest.h"
#include "capture/tree.h"

/*
 * Messages of one content: how many were sent, less those received. Below zero when a call that
 * sends has not returned yet, but the one that receives has.
 */
struct parcel {
    uint64_t digest;
    int64_t count;
};

static int compare_digest(const void *a, const void *b)
{
    return tree_compare_numbers(((const struct parcel *)a)->digest,
                                ((const struct parcel *)b)->digest);
}

static int count(struct parcels *parcels, uint64_t content, int64_t more)
{
    struct parcel key = {.digest = content};
    struct parcel *parcel = tree_get(&parcels->by_digest, &key, sizeof(key), compare_digest, NULL);

    if (!parcel)
        return -ENOMEM;
    parcel->count += more;
    if (parcel->count == 0)
        tree_drop(&parcels->by_digest, parcel, compare_digest);
    return 0;
}

void parcels_free(struct parcels *parcels)
{
    tdestroy(parcels->by_digest, free);
    parcels->by_digest = NULL;
}

int parcels_sent(struct parcels *parcels, const struct message_facts *facts)
{
    return count(parcels, digest(facts->data, facts->length), 1);
}

bool parcels_may_hold(const struct parcels *parcels, const struct message_facts *facts)
{
    struct parcel key = {.digest = digest(facts->data, facts->length)};

    return parcels->inbound || tree_find(&parcels->by_digest, &key, compare_digest);
}

int parcels_received(struct parcels *parcels, const struct message_facts *facts, bool known)
{
    int err;

    if (!known && ((facts->name && facts->name[0]) || !parcels_may_hold(parcels, facts)))
        return 0;
    err = count(parcels, digest(facts->data, facts->length), -1);
    return err ? err : 1;
}

static void add_count(const void *node, VISIT visit, void *sum)
{
    if (visit == preorder || visit == leaf)
        *(int64_t *)sum += (*(struct parcel *const *)node)->count;
}

/* What was received in part only is another content: then there is one more of what was sent. */
uint64_t parcels_unsent(const struct parcels *parcels)
{
    int64_t sum = 0;

    twalk_r(parcels->by_digest, add_count, &sum);
    return sum < 0 ? (uint64_t)-sum : 0;
}
