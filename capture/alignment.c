/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Conversations are matched by their server, and among those with one server by how they begin.
 * In each, the exchanges are aligned so that what is unlike in all pairs, with a price on every
 * exchange that stands alone, is least. Of several that are alike, the last stand alone.
 */
#include "capture/alignment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/likeness.h"
#include "capture/size.h"

enum {
    ALONE = 401,              /* what an exchange costs that is in one table alone */
    CELLS_MAX = 1 << 22,      /* pairs of exchanges that are looked at */
    WORK_MAX = 1 << 26,       /* bytes that are compared for that */
    BYTES_MIN = 64,           /* but of each message so many */
    BYTES_MAX = 4096,         /* and no more than so many */
    CONVERSATIONS_MAX = 1024, /* more of them with one server are matched by their order */
};

/* A nonce may be all that is said: of two that are as long as each other, none stands alone. */
_Static_assert(LIKENESS_SAME - LIKENESS_LENGTHS < 2 * (ALONE - 1),
               "two alone cost more than their pair");

/* The way that leads to a pair of exchanges at the least cost. */
enum way { FROM_BOTH, FROM_A, FROM_B };

/* Exchanges of one conversation in both tables, which are to be paired. */
struct stretch {
    struct exchange *a, *b;
    size_t a_count, b_count;
};

/*
 * The costs of aligning the last i exchanges of a with the last j of b, near the diagonal: from the
 * end, so that the way goes from the beginning, where pairs come first among equals.
 */
struct grid {
    const struct stretch *of;
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
    return j + grid->band >= i && j <= i + grid->band && j <= grid->of->b_count;
}

static unsigned *cost_at(const struct grid *grid, size_t i, size_t j)
{
    return &grid->costs[(i & 1) * grid->width + column(grid, i, j)];
}

/* NULL when it is none of them: the place is 0. */
static struct exchange *from_end(struct exchange *exchanges, size_t count, size_t place)
{
    return place ? &exchanges[count - place] : NULL;
}

/* Of equals, the one that is known to be there in some runs only stands alone. */
static unsigned cost_alone(const struct exchange *exchange)
{
    return exchange->seen < exchange->runs ? ALONE - 1 : ALONE;
}

static void fill_cell(const struct grid *grid, size_t i, size_t j)
{
    const struct exchange *a = from_end(grid->of->a, grid->of->a_count, i);
    const struct exchange *b = from_end(grid->of->b, grid->of->b_count, j);
    unsigned best = UINT32_MAX, cost;
    enum way way = FROM_BOTH;

    if (i && j)
        best = *cost_at(grid, i - 1, j - 1) + LIKENESS_SAME - likeness(a, b, grid->most);
    if (i && in_band(grid, i - 1, j)) {
        cost = *cost_at(grid, i - 1, j) + cost_alone(a);
        if (cost < best) {
            best = cost;
            way = FROM_A;
        }
    }
    if (j && in_band(grid, i, j - 1)) {
        cost = *cost_at(grid, i, j - 1) + cost_alone(b);
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
    for (size_t i = 0; i <= grid->of->a_count; i++)
        for (size_t j = i > grid->band ? i - grid->band : 0; in_band(grid, i, j); j++)
            fill_cell(grid, i, j);
}

static void add_pair(struct conversation_pair *pair, struct exchange *a, struct exchange *b)
{
    pair->exchanges[pair->count] = (struct exchange_pair){a, b};
    pair->count++;
}

static void collect_pairs(const struct grid *grid, struct conversation_pair *pair)
{
    size_t i = grid->of->a_count, j = grid->of->b_count;

    while (i || j) {
        const enum way way = grid->ways[i * grid->width + column(grid, i, j)];

        add_pair(pair, way != FROM_B ? from_end(grid->of->a, grid->of->a_count, i) : NULL,
                 way != FROM_A ? from_end(grid->of->b, grid->of->b_count, j) : NULL);
        i -= way != FROM_B;
        j -= way != FROM_A;
    }
}

/* A way that leaves the band has so many alone on the one side, and nearly as many on the other. */
static bool is_best(const struct grid *grid)
{
    const size_t a = grid->of->a_count, b = grid->of->b_count, apart = a > b ? a - b : b - a;

    return *cost_at(grid, a, b) <= ALONE * (2 * (grid->band + 1) - apart);
}

static int pair_by_likeness(struct alignment *alignment, struct conversation_pair *pair,
                            const struct stretch *of, size_t band)
{
    struct grid grid = {.of = of, .band = band, .width = 2 * band + 1};
    const size_t cells = (of->a_count + 1) * grid.width;
    int err = -ENOMEM;

    grid.most = WORK_MAX / cells;
    grid.most = grid.most < BYTES_MIN ? BYTES_MIN : grid.most > BYTES_MAX ? BYTES_MAX : grid.most;
    grid.ways = malloc(cells);
    grid.costs = calloc(2 * grid.width, sizeof(*grid.costs));
    if (grid.ways && grid.costs) {
        fill_grid(&grid);
        collect_pairs(&grid, pair);
        alignment->coarse |= !is_best(&grid);
        err = 0;
    }
    free(grid.ways);
    free(grid.costs);
    return err;
}

static void pair_by_number(struct conversation_pair *pair, const struct stretch *of)
{
    for (size_t i = 0; i < of->a_count || i < of->b_count; i++)
        add_pair(pair, i < of->a_count ? &of->a[i] : NULL, i < of->b_count ? &of->b[i] : NULL);
}

/* The widest band that there is room for. */
static size_t widest_band(const struct stretch *of)
{
    return size_min(CELLS_MAX / (of->a_count + 1) / 2, of->a_count + of->b_count);
}

static int pair_stretch(struct alignment *alignment, struct conversation_pair *pair,
                        const struct stretch *of)
{
    const size_t a = of->a_count, b = of->b_count, apart = a > b ? a - b : b - a;
    const size_t band = widest_band(of);

    if (band >= apart)
        return pair_by_likeness(alignment, pair, of, band);
    pair_by_number(pair, of);
    alignment->coarse = true;
    return 0;
}

static bool are_same(const struct exchange *a, const struct exchange *b)
{
    return likeness(a, b, BYTES_MAX) == LIKENESS_SAME;
}

/* Pairs what is the same at both ends of many: the band need only cover what is between. */
static int pair_ends_first(struct alignment *alignment, struct conversation_pair *pair,
                           const struct stretch *of)
{
    struct stretch left = *of;
    size_t ends = 0;
    int err;

    while (left.a_count && left.b_count && are_same(left.a, left.b)) {
        add_pair(pair, left.a++, left.b++);
        left.a_count--;
        left.b_count--;
    }
    while (left.a_count && left.b_count &&
           are_same(&left.a[left.a_count - 1], &left.b[left.b_count - 1])) {
        left.a_count--;
        left.b_count--;
        ends++;
    }
    err = pair_stretch(alignment, pair, &left);
    for (size_t i = 0; i < ends; i++)
        add_pair(pair, &left.a[left.a_count + i], &left.b[left.b_count + i]);
    return err;
}

static struct stretch stretch_of(const struct conversation_pair *pair)
{
    return (struct stretch){
        .a = pair->a ? pair->a->exchanges : NULL,
        .b = pair->b ? pair->b->exchanges : NULL,
        .a_count = pair->a ? pair->a->count : 0,
        .b_count = pair->b ? pair->b->count : 0,
    };
}

static int pair_exchanges(struct alignment *alignment, struct conversation_pair *pair)
{
    const struct stretch all = stretch_of(pair);
    const size_t most = all.a_count + all.b_count;

    pair->exchanges = calloc(most + 1, sizeof(*pair->exchanges));
    if (!pair->exchanges)
        return -ENOMEM;
    return widest_band(&all) == most ? pair_stretch(alignment, pair, &all)
                                     : pair_ends_first(alignment, pair, &all);
}

/* Conversations */

/* What has to be the same of two conversations, as an order. */
typedef int order(const struct conversation_table *a, const struct conversation_table *b);

/* Servers may have another address each time: a port that the system chose, say. */
static int order_by_sort(const struct conversation_table *a, const struct conversation_table *b)
{
    return a->family != b->family ? a->family - b->family : a->type - b->type;
}

static int order_by_server(const struct conversation_table *a, const struct conversation_table *b)
{
    int sort = order_by_sort(a, b);

    return sort ? sort : strcmp(a->server.address, b->server.address);
}

/* The conversations of b that have no partner yet: in an order, and then as they are in b. */
struct left {
    order *by;
    struct conversation_table **places;
    size_t count;
    size_t *next; /* of each place, one further on before which there is none left; or itself */
};

static int compare_places(const void *a, const void *b, void *context)
{
    const struct conversation_table *first = *(struct conversation_table *const *)a;
    const struct conversation_table *second = *(struct conversation_table *const *)b;
    int by = ((struct left *)context)->by(first, second);

    return by ? by : (first > second) - (first < second);
}

static int left_begin(struct left *left, order *by, const struct table *b, const bool *taken)
{
    *left = (struct left){.by = by};
    left->places = calloc(b->count + 1, sizeof(struct conversation_table *));
    left->next = calloc(b->count + 1, sizeof(*left->next));
    if (!left->places || !left->next)
        return -ENOMEM;
    for (size_t i = 0; i < b->count; i++)
        if (!taken[i])
            left->places[left->count++] = &b->conversations[i];
    for (size_t i = 0; i <= left->count; i++)
        left->next[i] = i;
    qsort_r(left->places, left->count, sizeof(*left->places), compare_places, left);
    return 0;
}

static void left_end(struct left *left)
{
    free(left->places);
    free(left->next);
}

/* The first place from `at` on that is not taken; the count when there is none. */
static size_t left_from(struct left *left, size_t at)
{
    while (left->next[at] != at) {
        left->next[at] = left->next[left->next[at]];
        at = left->next[at];
    }
    return at;
}

/* The first place whose conversation is the same as this one, or would come behind it. */
static size_t left_find(const struct left *left, const struct conversation_table *conversation)
{
    size_t from = 0, to = left->count;

    while (from < to) {
        size_t middle = from + (to - from) / 2;

        if (left->by(left->places[middle], conversation) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static unsigned begin_alike(const struct conversation_table *a, const struct conversation_table *b)
{
    return a->count && b->count ? likeness(&a->exchanges[0], &b->exchanges[0], 512) : 0;
}

/* Takes the one that is most like it, or, of many, the first. NULL when there is none. */
static struct conversation_table *take_partner(struct left *left,
                                               const struct conversation_table *conversation,
                                               bool many)
{
    size_t best = left->count;
    unsigned most = 0;

    for (size_t i = left_from(left, left_find(left, conversation));
         i < left->count && left->by(left->places[i], conversation) == 0;
         i = left_from(left, i + 1)) {
        const unsigned alike = many ? LIKENESS_SAME : begin_alike(conversation, left->places[i]);

        if (best == left->count || alike > most) {
            best = i;
            most = alike;
        }
        if (alike == LIKENESS_SAME)
            break;
    }
    if (best == left->count)
        return NULL;
    left->next[best] = best + 1;
    return left->places[best];
}

static int match_by(struct alignment *alignment, order *by, const struct table *b, bool *taken)
{
    struct left left;
    int err = left_begin(&left, by, b, taken);

    for (size_t i = 0; i < alignment->count && !err; i++) {
        struct conversation_pair *pair = &alignment->conversations[i];

        if (pair->b)
            continue;
        pair->b = take_partner(&left, pair->a, b->count > CONVERSATIONS_MAX);
        if (pair->b)
            taken[pair->b - b->conversations] = true;
    }
    left_end(&left);
    return err;
}

static int match_conversations(struct alignment *alignment, const struct table *b, bool *taken)
{
    int err = match_by(alignment, order_by_server, b, taken);

    if (!err)
        err = match_by(alignment, order_by_sort, b, taken);
    for (size_t i = 0; i < b->count && !err; i++)
        if (!taken[i])
            alignment->conversations[alignment->count++].b = &b->conversations[i];
    return err;
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
    err = match_conversations(alignment, b, taken);
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
