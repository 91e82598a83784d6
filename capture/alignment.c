/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Conversations are matched by their server, and among those with one server by how they begin.
 * In each, the exchanges are aligned so that what is unlike in all pairs, with a price on every
 * exchange that stands alone, is least.
 */
#include "capture/alignment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/likeness.h"

enum {
    ALONE = 400,              /* what an exchange costs that is in one table alone */
    CELLS_MAX = 1 << 22,      /* pairs of exchanges that are looked at */
    WORK_MAX = 1 << 26,       /* bytes that are compared for that */
    BYTES_MIN = 64,           /* but of each message so many */
    BYTES_MAX = 4096,         /* and no more than so many */
    CONVERSATIONS_MAX = 1024, /* more of them with one server are matched by their order */
};

/* The way that leads to a pair of exchanges at the least cost. */
enum way { FROM_BOTH, FROM_A, FROM_B };

/* The costs of aligning the first i exchanges of a with the first j of b, near the diagonal. */
struct grid {
    const struct conversation_table *a, *b;
    size_t band; /* columns looked at on each side of the diagonal */
    size_t width;
    size_t most; /* bytes of a message that are compared */
    uint8_t *ways;
    unsigned *costs; /* of two lines */
};

static size_t column(const struct grid *grid, size_t i, size_t j)
{
    return j + grid->band - i; /* from 0 to 2 * band within the band */
}

static bool in_band(const struct grid *grid, size_t i, size_t j)
{
    return j + grid->band >= i && j <= i + grid->band && j <= grid->b->count;
}

static unsigned *cost_at(const struct grid *grid, size_t i, size_t j)
{
    return &grid->costs[(i & 1) * grid->width + column(grid, i, j)];
}

/* Pairs come first among equals. */
static void fill_cell(const struct grid *grid, size_t i, size_t j)
{
    unsigned best = UINT32_MAX, cost;
    enum way way = FROM_BOTH;

    if (i && j)
        best = *cost_at(grid, i - 1, j - 1) + LIKENESS_SAME -
               likeness(&grid->a->exchanges[i - 1], &grid->b->exchanges[j - 1], grid->most);
    if (i && in_band(grid, i - 1, j)) {
        cost = *cost_at(grid, i - 1, j) + ALONE;
        if (cost < best) {
            best = cost;
            way = FROM_A;
        }
    }
    if (j && in_band(grid, i, j - 1)) {
        cost = *cost_at(grid, i, j - 1) + ALONE;
        if (cost < best) {
            best = cost;
            way = FROM_B;
        }
    }
    *cost_at(grid, i, j) = i || j ? best : 0;
    grid->ways[i * grid->width + column(grid, i, j)] = (uint8_t)way;
}

static void fill_grid(const struct grid *grid)
{
    for (size_t i = 0; i <= grid->a->count; i++)
        for (size_t j = i > grid->band ? i - grid->band : 0; in_band(grid, i, j); j++)
            fill_cell(grid, i, j);
}

static void add_pair(struct conversation_pair *pair, struct exchange *a, struct exchange *b)
{
    pair->exchanges[pair->count] = (struct exchange_pair){a, b};
    pair->count++;
}

/* Goes back through the grid; the pairs come last one first, and are then turned around. */
static void collect_pairs(const struct grid *grid, struct conversation_pair *pair)
{
    size_t i = grid->a->count, j = grid->b->count;

    while (i || j) {
        enum way way = grid->ways[i * grid->width + column(grid, i, j)];

        i -= way != FROM_B;
        j -= way != FROM_A;
        add_pair(pair, way != FROM_B ? &grid->a->exchanges[i] : NULL,
                 way != FROM_A ? &grid->b->exchanges[j] : NULL);
    }
    for (size_t first = 0, last = pair->count; first + 1 < last; first++) {
        struct exchange_pair swap = pair->exchanges[first];

        pair->exchanges[first] = pair->exchanges[--last];
        pair->exchanges[last] = swap;
    }
}

static int pair_by_likeness(struct conversation_pair *pair, size_t band)
{
    struct grid grid = {.a = pair->a, .b = pair->b, .band = band, .width = 2 * band + 1};
    const size_t cells = (pair->a->count + 1) * grid.width;

    grid.most = WORK_MAX / cells;
    grid.most = grid.most < BYTES_MIN ? BYTES_MIN : grid.most > BYTES_MAX ? BYTES_MAX : grid.most;
    grid.ways = malloc(cells);
    grid.costs = calloc(2 * grid.width, sizeof(*grid.costs));
    if (grid.ways && grid.costs) {
        fill_grid(&grid);
        collect_pairs(&grid, pair);
    }
    free(grid.ways);
    free(grid.costs);
    return pair->count || !(pair->a->count + pair->b->count) ? 0 : -ENOMEM;
}

static void pair_by_number(struct conversation_pair *pair)
{
    for (size_t i = 0; i < pair->a->count || i < pair->b->count; i++)
        add_pair(pair, i < pair->a->count ? &pair->a->exchanges[i] : NULL,
                 i < pair->b->count ? &pair->b->exchanges[i] : NULL);
}

static int pair_exchanges(struct alignment *alignment, struct conversation_pair *pair)
{
    static struct conversation_table none;
    struct conversation_pair whole = *pair;
    const size_t a = pair->a ? pair->a->count : 0, b = pair->b ? pair->b->count : 0;
    const size_t apart = a > b ? a - b : b - a;
    size_t band = CELLS_MAX / (a + 1) / 2;
    int err = 0;

    whole.a = pair->a ? pair->a : &none;
    whole.b = pair->b ? pair->b : &none;
    whole.exchanges = calloc(a + b + 1, sizeof(*whole.exchanges));
    if (!whole.exchanges)
        return -ENOMEM;
    if (band > a + b)
        band = a + b;
    if (band >= apart) {
        err = pair_by_likeness(&whole, band);
    } else {
        pair_by_number(&whole);
        alignment->coarse = true;
    }
    pair->exchanges = whole.exchanges;
    pair->count = whole.count;
    return err;
}

/* Conversations */

static bool same_server(const struct conversation_table *a, const struct conversation_table *b)
{
    return a->family == b->family && a->type == b->type &&
           strcmp(a->server.address, b->server.address) == 0;
}

/* Servers may have another address each time: a port that the system chose, say. */
static bool same_sort(const struct conversation_table *a, const struct conversation_table *b)
{
    return a->family == b->family && a->type == b->type;
}

static unsigned begin_alike(const struct conversation_table *a, const struct conversation_table *b)
{
    return a->count && b->count ? likeness(&a->exchanges[0], &b->exchanges[0], 512) : 0;
}

/* The conversation of b that is not taken and most like it; NULL when there is none. */
static struct conversation_table *find_partner(const struct conversation_table *conversation,
                                               const struct table *b, const bool *taken,
                                               bool (*same)(const struct conversation_table *,
                                                            const struct conversation_table *))
{
    struct conversation_table *best = NULL;
    unsigned most = 0;

    for (size_t i = 0, looked = 0; i < b->count && looked < CONVERSATIONS_MAX; i++) {
        unsigned alike;

        if (taken[i] || !same(conversation, &b->conversations[i]))
            continue;
        looked++;
        alike = b->count > CONVERSATIONS_MAX ? 0 : begin_alike(conversation, &b->conversations[i]);
        if (best && alike <= most)
            continue;
        best = &b->conversations[i];
        most = alike;
        if (alike == LIKENESS_SAME || b->count > CONVERSATIONS_MAX)
            break;
    }
    return best;
}

static void match_conversations(struct alignment *alignment, const struct table *b, bool *taken)
{
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < alignment->count; i++) {
            struct conversation_pair *pair = &alignment->conversations[i];

            if (pair->b)
                continue;
            pair->b = find_partner(pair->a, b, taken, pass ? same_sort : same_server);
            if (pair->b)
                taken[pair->b - b->conversations] = true;
        }
    }
    for (size_t i = 0; i < b->count; i++)
        if (!taken[i])
            alignment->conversations[alignment->count++].b = &b->conversations[i];
}

int alignment_new(struct alignment **out, const struct table *a, const struct table *b)
{
    struct alignment *alignment = calloc(1, sizeof(*alignment));
    bool *taken = calloc(b->count + 1, sizeof(*taken));
    int err = 0;

    if (alignment)
        alignment->conversations =
            calloc(a->count + b->count + 1, sizeof(*alignment->conversations));
    if (!alignment || !alignment->conversations || !taken) {
        err = -ENOMEM;
        goto out;
    }
    for (size_t i = 0; i < a->count; i++)
        alignment->conversations[alignment->count++].a = &a->conversations[i];
    match_conversations(alignment, b, taken);
    for (size_t i = 0; i < alignment->count && !err; i++)
        err = pair_exchanges(alignment, &alignment->conversations[i]);
out:
    free(taken);
    if (err)
        alignment_free(alignment);
    else
        *out = alignment;
    return err;
}

void alignment_free(struct alignment *alignment)
{
    if (!alignment)
        return;
    for (size_t i = 0; alignment->conversations && i < alignment->count; i++)
        free(alignment->conversations[i].exchanges);
    free(alignment->conversations);
    free(alignment);
}
