/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * E. W. Myers, "An O(ND) Difference Algorithm and Its Variations": on diagonal k, the furthest
 * point that d differences lead to is found from those that d - 1 lead to. A row is kept of each d,
 * to go back on.
 */
#include "capture/matches.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/array.h"

enum {
    DISTANCE_MAX = 1024, /* differences; memory grows with their square */
    STEPS_MAX = 1 << 26, /* bytes compared */
    GRAM = 8,            /* bytes by which anchors are looked up */
    ANCHOR_MIN = 16,     /* bytes of an anchor */
    ANCHORS_MAX = 2048,  /* time grows with their square */
};

int matches_add(struct matches *matches, struct match match)
{
    struct match *items;

    if (match.length == 0)
        return 0;
    items = array_grow(matches->items, matches->count, sizeof(*items));
    if (!items)
        return -ENOMEM;
    matches->items = items;
    items[matches->count++] = match;
    return 0;
}

/* The rows: row d has its 2d + 1 diagonals, from -d to d, behind the d² places of those before. */
struct rows {
    const uint8_t *a, *b;
    int a_length, b_length;
    int *places;
    size_t capacity;
    size_t steps;
};

static int *row_of(const struct rows *rows, int d)
{
    return rows->places + (size_t)d * (size_t)d + d;
}

static int rows_make_room(struct rows *rows, int d)
{
    size_t needed = (size_t)(d + 1) * (size_t)(d + 1);
    int *places;

    if (needed <= rows->capacity)
        return 0;
    places = reallocarray(rows->places, 2 * needed, sizeof(*places));
    if (!places)
        return -ENOMEM;
    rows->places = places;
    rows->capacity = 2 * needed;
    return 0;
}

/* Does the way to diagonal k come from the one above it, by a byte that is in b alone? */
static bool comes_down(const int *before, int d, int k)
{
    return k == -d || (k != d && before[k - 1] < before[k + 1]);
}

static int slide(struct rows *rows, int x, int k)
{
    int from = x;

    while (x < rows->a_length && x - k < rows->b_length && rows->a[x] == rows->b[x - k])
        x++;
    rows->steps += (size_t)(x - from) + 1;
    return x;
}

/* Fills row d in. Returns whether it reaches the end of both. */
static bool rows_advance(struct rows *rows, int d)
{
    const int *before = d ? row_of(rows, d - 1) : NULL;
    int *row = row_of(rows, d);

    for (int k = -d; k <= d; k += 2) {
        int x = !d ? 0 : comes_down(before, d, k) ? before[k + 1] : before[k - 1] + 1;

        /* Off the edge nothing is to be found; the place is one that others do better than. */
        if (x > rows->a_length || x - k > rows->b_length || x - k < 0) {
            row[k] = x;
            continue;
        }
        row[k] = slide(rows, x, k);
        if (row[k] >= rows->a_length && row[k] - k >= rows->b_length)
            return true;
    }
    return false;
}

/* Goes back from the end, row by row; the matches come last one first. */
static int rows_matches(const struct rows *rows, int d, struct matches *out)
{
    int x = rows->a_length, k = rows->a_length - rows->b_length, err = 0;

    for (; d > 0 && !err; d--) {
        const int *before = row_of(rows, d - 1);
        bool down = comes_down(before, d, k);
        int start = down ? before[k + 1] : before[k - 1] + 1;

        err = matches_add(out,
                          (struct match){(size_t)start, (size_t)(start - k), (size_t)(x - start)});
        k += down ? 1 : -1;
        x = before[k];
    }
    return err ? err : matches_add(out, (struct match){0, 0, (size_t)x});
}

static int rows_fill(struct rows *rows, int *distance)
{
    for (int d = 0; d <= DISTANCE_MAX && rows->steps < STEPS_MAX; d++) {
        if (rows_make_room(rows, d))
            return -ENOMEM;
        if (rows_advance(rows, d)) {
            *distance = d;
            return 0;
        }
    }
    return -E2BIG;
}

int matches_by_distance(struct matches *matches, const struct match_range *range)
{
    const size_t a_length = range->a_to - range->a_from, b_length = range->b_to - range->b_from;
    struct rows rows = {.a = range->a + range->a_from,
                        .b = range->b + range->b_from,
                        .a_length = (int)a_length,
                        .b_length = (int)b_length};
    struct matches found = {0};
    int distance = 0, err;

    if (a_length == 0 || b_length == 0)
        return 0;
    if (a_length > INT32_MAX / 2 || b_length > INT32_MAX / 2)
        return -E2BIG;
    err = rows_fill(&rows, &distance);
    if (!err)
        err = rows_matches(&rows, distance, &found);
    for (size_t i = found.count; i-- > 0 && !err;) {
        struct match match = found.items[i];

        match.a += range->a_from;
        match.b += range->b_from;
        err = matches_add(matches, match);
    }
    free(found.items);
    free(rows.places);
    return err;
}

/* Anchors. The grams of `a`, one in GRAM bytes, by what they hold. */

struct grams {
    size_t *places; /* offset + 1, 0 when free, SIZE_MAX when it stands there more than once */
    size_t mask;
    const uint8_t *data;
};

static size_t gram_hash(const uint8_t *data)
{
    uint64_t gram;

    memcpy(&gram, data, sizeof(gram));
    return (size_t)((gram * 0x9e3779b97f4a7c15u) >> 20);
}

/* The place of a gram that holds the same, or the free one where it would be. */
static size_t *grams_find(const struct grams *grams, const uint8_t *data, const size_t *offsets)
{
    size_t at = gram_hash(data) & grams->mask;

    while (grams->places[at] && memcmp(grams->data + offsets[at], data, GRAM) != 0)
        at = (at + 1) & grams->mask;
    return &grams->places[at];
}

/* The anchor at this place of b, as long as it gets without going back behind `floor`. */
static struct match anchor_at(const struct match_range *range, size_t a, size_t b, size_t floor)
{
    struct match anchor = {a, b, GRAM};

    while (anchor.a > range->a_from && anchor.b > floor &&
           range->a[anchor.a - 1] == range->b[anchor.b - 1]) {
        anchor.a--;
        anchor.b--;
        anchor.length++;
    }
    while (anchor.a + anchor.length < range->a_to && anchor.b + anchor.length < range->b_to &&
           range->a[anchor.a + anchor.length] == range->b[anchor.b + anchor.length])
        anchor.length++;
    return anchor;
}

static int find_anchors(struct matches *anchors, const struct match_range *range)
{
    struct grams grams = {.mask = 1, .data = range->a};
    size_t *offsets = NULL, *place, floor = range->b_from;
    int err = 0;

    while (grams.mask < 2 * ((range->a_to - range->a_from) / GRAM + 1))
        grams.mask *= 2;
    grams.places = calloc(grams.mask, sizeof(*grams.places));
    offsets = calloc(grams.mask, sizeof(*offsets));
    grams.mask--;
    if (!grams.places || !offsets) {
        err = -ENOMEM;
        goto out;
    }
    for (size_t a = range->a_from; a + GRAM <= range->a_to; a += GRAM) {
        place = grams_find(&grams, range->a + a, offsets);
        offsets[place - grams.places] = a;
        *place = *place ? SIZE_MAX : a + 1;
    }
    for (size_t b = range->b_from; b + GRAM <= range->b_to && !err;) {
        struct match anchor = {0};

        place = grams_find(&grams, range->b + b, offsets);
        if (*place && *place != SIZE_MAX)
            anchor = anchor_at(range, *place - 1, b, floor);
        b++;
        if (anchor.length < ANCHOR_MIN)
            continue;
        if (anchors->count == ANCHORS_MAX) {
            anchors->coarse = true;
            break;
        }
        err = matches_add(anchors, anchor);
        floor = b = anchor.b + anchor.length;
    }
out:
    free(grams.places);
    free(offsets);
    return err;
}

/* Keeps those of the anchors that stand in the same order in both and cover most bytes. */
static int keep_longest_chain(struct matches *anchors)
{
    const size_t count = anchors->count;
    size_t *covered = calloc(count + 1, sizeof(*covered)),
           *before = calloc(count + 1, sizeof(*before));
    const struct match *items = anchors->items;
    size_t last = SIZE_MAX, kept = count;

    if (!covered || !before) {
        free(covered);
        free(before);
        return -ENOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        before[i] = SIZE_MAX;
        for (size_t j = 0; j < i; j++) {
            if (items[j].a + items[j].length <= items[i].a && covered[j] > covered[i]) {
                covered[i] = covered[j];
                before[i] = j;
            }
        }
        covered[i] += items[i].length;
        if (last == SIZE_MAX || covered[i] > covered[last])
            last = i;
    }
    /* Going back, what is kept moves to the end, which is never in front of where it was. */
    for (; last != SIZE_MAX; last = before[last])
        anchors->items[--kept] = anchors->items[last];
    memmove(anchors->items, anchors->items + kept, (count - kept) * sizeof(*items));
    anchors->count = count - kept;
    free(covered);
    free(before);
    return 0;
}

int matches_by_anchors(struct matches *matches, const struct match_range *range)
{
    struct match_range between = *range;
    struct matches anchors = {0};
    int err = find_anchors(&anchors, range);

    if (!err && anchors.count)
        err = keep_longest_chain(&anchors);
    for (size_t i = 0; i <= anchors.count && !err; i++) {
        struct match end = {range->a_to, range->b_to, 0};
        struct match anchor = i < anchors.count ? anchors.items[i] : end;

        between.a_to = anchor.a;
        between.b_to = anchor.b;
        err = matches_by_distance(matches, &between);
        if (err == -E2BIG) {
            matches->coarse = true;
            err = 0;
        }
        if (!err)
            err = matches_add(matches, anchor);
        between.a_from = anchor.a + anchor.length;
        between.b_from = anchor.b + anchor.length;
    }
    matches->coarse = matches->coarse || anchors.coarse;
    free(anchors.items);
    return err;
}
