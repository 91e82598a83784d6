/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/expected.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "capture/tree.h"

enum { MOST = 4096 }; /* net.unix.max_dgram_qlen is 10, or 512 */

struct expectation {
    char *address;
    struct parcels parcels;
    size_t count;
};

static int compare_address(const void *a, const void *b)
{
    return strcmp(((const struct expectation *)a)->address,
                  ((const struct expectation *)b)->address);
}

static struct expectation *find(const struct expected *expected, const char *address)
{
    const struct expectation key = {.address = (char *)address};

    return tree_find(&expected->by_address, &key, compare_address);
}

static struct expectation *make(struct expected *expected, const char *address)
{
    const struct expectation key = {.address = strdup(address)};
    struct expectation *made =
        key.address ? tree_get(&expected->by_address, &key, sizeof(key), compare_address, NULL)
                    : NULL;

    if (!made)
        free(key.address);
    return made;
}

int expected_add(struct expected *expected, const char *address, const struct message_facts *facts)
{
    struct expectation *at = find(expected, address);

    if (!at)
        at = make(expected, address);
    if (!at)
        return -ENOMEM;
    if (at->count == MOST)
        return 0;
    if (++at->count < MOST)
        return parcels_sent(&at->parcels, facts);
    parcels_free(&at->parcels);
    return 0;
}

void expected_take(struct expected *expected, const char *address, struct parcels *parcels)
{
    struct expectation *at = find(expected, address);
    char *own;

    if (!at)
        return;
    own = at->address;
    parcels->by_digest = at->parcels.by_digest;
    tree_drop(&expected->by_address, at, compare_address);
    free(own);
}

static void expectation_free(void *node)
{
    struct expectation *expectation = node;

    parcels_free(&expectation->parcels);
    free(expectation->address);
    free(expectation);
}

void expected_free(struct expected *expected)
{
    tdestroy(expected->by_address, expectation_free);
    expected->by_address = NULL;
}
