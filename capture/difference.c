/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/difference.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/cargo.h"
#include "capture/wildcard.h"

enum { COUNTER_MAX = 8, CARRIES_MAX = 16 };

/* The pair of exchanges under comparison. */
struct comparison {
    struct differences *out;
    struct exchange *old, *now;
    struct exchange_place old_place, now_place;
    const struct conversation_table *stranger;
    bool bare; /* no ancillary data was said anew */
};

const struct said *difference_old(const struct difference *difference)
{
    return &exchange_side(difference->old, difference->direction)->messages[difference->message];
}

const struct said *difference_now(const struct difference *difference)
{
    return &exchange_side(difference->now, difference->direction)->messages[difference->message];
}

/* Adds an empty difference; NULL when there is no memory. */
static struct difference *add_difference(const struct comparison *comparison,
                                         enum difference_kind kind)
{
    struct differences *out = comparison->out;
    struct difference *items = out->items;

    if (!(out->count & (out->count - 1))) {
        items = reallocarray(items, out->count ? 2 * out->count : 1, sizeof(*items));
        if (!items)
            return NULL;
        out->items = items;
    }
    items[out->count] = (struct difference){.kind = kind,
                                            .old = comparison->old,
                                            .now = comparison->now,
                                            .old_place = comparison->old_place,
                                            .now_place = comparison->now_place,
                                            .stranger = comparison->stranger};
    return &items[out->count++];
}

static int add_spot(struct difference *difference, struct block spot)
{
    struct block *spots = difference->spots, *last;
    const size_t count = difference->spot_count;

    last = count ? &spots[count - 1] : NULL;
    if (last && last->a + last->a_length == spot.a && last->b + last->b_length == spot.b) {
        last->a_length += spot.a_length;
        last->b_length += spot.b_length;
        return 0;
    }
    if (!(count & (count - 1))) {
        spots = reallocarray(spots, count ? 2 * count : 1, sizeof(*spots));
        if (!spots)
            return -ENOMEM;
        difference->spots = spots;
    }
    spots[difference->spot_count++] = spot;
    return 0;
}

/* Has the number that ends, in this form, with the range become another by a few carries at most?
 */
static bool carries(const struct said *old, const struct said *now, const struct range *range,
                    enum range_form form, size_t a, size_t b)
{
    size_t first = form == FORM_BIG ? a : range->offset;
    size_t size = form == FORM_BIG ? range_end(range) - a : a + 1 - range->offset;
    uint64_t from, to;

    if (form == FORM_BIG ? a >= range->offset : a < range_end(range))
        return false;
    if (size > COUNTER_MAX || first + b < a || first + b - a + size > now->length)
        return false;
    from = range_number(old->data + first, size, form);
    to = range_number(now->data + first + b - a, size, form);
    return (to > from ? to - from : from - to) >> (8 * range->length) < CARRIES_MAX;
}

/* A counter may have run over into bytes that did not count when it was recorded. */
bool difference_is_carry(const struct said *old, const struct said *now, size_t a, size_t b)
{
    const size_t before = a < COUNTER_MAX ? 0 : a - COUNTER_MAX;

    for (size_t i = ranges_from(&old->ranges, before); i < old->ranges.count; i++) {
        const struct range *range = &old->ranges.items[i];
        /* A single byte has no order. */
        const bool either = range->length == 1;

        if (range->offset > a + COUNTER_MAX)
            break;
        if (range->kind != RANGE_COUNTER || range->form == FORM_TEXT)
            continue;
        if (((range->form == FORM_BIG || either) && carries(old, now, range, FORM_BIG, a, b)) ||
            ((range->form == FORM_LITTLE || either) && carries(old, now, range, FORM_LITTLE, a, b)))
            return true;
    }
    return false;
}

/* A message, and how it corresponds to what was said in its place. */
struct counterpart {
    const struct said *said, *other;
    const struct blocks *blocks;
    const struct range *judged; /* the last one; they can be long, and their bytes many */
    bool allowed;
};

/* Can the range be what stands in its place in the other message? */
static bool is_allowed(struct counterpart *counterpart, const struct range *range)
{
    size_t from, to;

    if (counterpart->judged == range)
        return counterpart->allowed;
    from = blocks_begin(counterpart->blocks, range->offset);
    to = blocks_end(counterpart->blocks, range_end(range));
    counterpart->judged = range;
    counterpart->allowed =
        wildcard_allows(counterpart->said, range, counterpart->other->data + from, to - from);
    return counterpart->allowed;
}

/* Is what differs in length in a range that can be what stands there in the other message? */
static bool may_vary(struct counterpart *counterpart, size_t offset, size_t length)
{
    const struct said *said = counterpart->said;

    for (size_t i = ranges_from(&said->ranges, offset + length); i < said->ranges.count; i++) {
        const struct range *range = &said->ranges.items[i];

        if (range->offset > offset)
            break;
        if (wildcard_varies(said, range) && is_allowed(counterpart, range))
            return true;
    }
    return false;
}

/*
 * Can byte b stand in the place of byte a, which is in a volatile range? Of a number that is as
 * long as it was, it may be a sign.
 */
static bool may_be(struct counterpart *counterpart, size_t a, size_t b)
{
    const struct range *range = ranges_find(&counterpart->said->ranges, a);

    return range &&
           (wildcard_allows_byte(range, counterpart->said->data[a], counterpart->other->data[b]) ||
            is_allowed(counterpart, range));
}

/* Adds the spots of a block in which more differs than what is volatile. */
static int compare_block(struct difference *difference, const struct block *block,
                         struct counterpart *old, struct counterpart *now)
{
    int err = 0;

    if (block_varies(block))
        return may_vary(old, block->a, block->a_length) || may_vary(now, block->b, block->b_length)
                   ? 0
                   : add_spot(difference, *block);
    for (size_t i = 0; i < block->a_length && !err; i++) {
        const size_t a = block->a + i, b = block->b + i;

        if (old->said->data[a] != now->said->data[b] && !may_be(old, a, b) && !may_be(now, b, a) &&
            !difference_is_carry(old->said, now->said, a, b))
            err = add_spot(difference, (struct block){a, 1, b, 1});
    }
    return err;
}

static int compare_blocks(struct difference *difference)
{
    const struct said *was = difference_old(difference), *is = difference_now(difference);
    struct blocks back;
    struct counterpart old = {.said = was, .other = is, .blocks = &difference->blocks};
    struct counterpart now = {.said = is, .other = was, .blocks = &back};
    int err = blocks_turn(&back, &difference->blocks);

    if (err)
        return err;
    for (size_t i = 0; i < difference->blocks.count && !err; i++)
        err = compare_block(difference, &difference->blocks.items[i], &old, &now);
    blocks_free(&back);
    return err;
}

/* Begins a difference of one message; the blocks that it has from then on are its own. */
static struct difference *add_of_message(const struct comparison *comparison,
                                         enum difference_kind kind, enum direction direction,
                                         size_t message)
{
    struct difference *difference = add_difference(comparison, kind);
    const struct said *old, *now;

    if (!difference)
        return NULL;
    difference->direction = direction;
    difference->message = message;
    old = difference_old(difference);
    now = difference_now(difference);
    if (blocks_align(&difference->blocks, old->data, old->length, now->data, now->length)) {
        comparison->out->count--;
        return NULL;
    }
    comparison->out->coarse = comparison->out->coarse || difference->blocks.coarse;
    return difference;
}

static void drop_last(struct differences *differences)
{
    struct difference *last = &differences->items[--differences->count];

    blocks_free(&last->blocks);
    free(last->spots);
}

/* May the message be longer in another run, or shorter, behind the bytes that are there of it? */
static bool varies_behind(const struct said *said)
{
    const size_t count = said->ranges.count;
    const struct range *last = count ? &said->ranges.items[count - 1] : NULL;

    return last && range_end(last) == said->length && wildcard_varies(said, last);
}

static int compare_bytes(const struct comparison *comparison, enum direction direction,
                         size_t message)
{
    const struct said *old = &exchange_side(comparison->old, direction)->messages[message];
    const struct said *now = &exchange_side(comparison->now, direction)->messages[message];
    struct difference *difference;
    int err;

    if (wildcard_match(old, now) || wildcard_match(now, old))
        return 0;
    difference = add_of_message(comparison, DIFFERENCE_BYTES, direction, message);
    if (!difference)
        return -ENOMEM;
    err = compare_blocks(difference);
    if (err || difference->spot_count)
        return err;
    if (old->missing != now->missing && !varies_behind(old))
        difference->kind = DIFFERENCE_LENGTH;
    else
        drop_last(comparison->out);
    return 0;
}

static int compare_carried(const struct comparison *comparison, enum direction direction,
                           size_t message)
{
    const struct said *old = &exchange_side(comparison->old, direction)->messages[message];
    const struct said *now = &exchange_side(comparison->now, direction)->messages[message];
    struct difference *difference;

    if (comparison->bare || (!old->carried_count && !now->carried_count))
        return 0;
    difference = add_of_message(comparison, DIFFERENCE_CARRIED, direction, message);
    if (!difference)
        return -ENOMEM;
    if (cargo_is_same(old, now, &difference->blocks))
        drop_last(comparison->out);
    return 0;
}

/* What came back when it was recorded is to come back now. */
static int compare_echo(const struct comparison *comparison, size_t message,
                        const struct range *range)
{
    const struct side *requests = &comparison->old->request;
    struct difference *difference;
    struct blocks request;
    const struct said *now;
    size_t from, length, there, there_length;
    int err;

    if (range->echo_message >= requests->count ||
        range->echo_offset + range->length > requests->messages[range->echo_message].length)
        return 0;
    difference = add_of_message(comparison, DIFFERENCE_ECHO, RESPONSE, message);
    if (!difference)
        return -ENOMEM;
    now = &comparison->now->request.messages[range->echo_message];
    err = blocks_align(&request, requests->messages[range->echo_message].data,
                       requests->messages[range->echo_message].length, now->data, now->length);
    if (err)
        return err;
    there = blocks_begin(&request, range->echo_offset);
    there_length = blocks_end(&request, range->echo_offset + range->length) - there;
    from = blocks_begin(&difference->blocks, range->offset);
    length = blocks_end(&difference->blocks, range_end(range)) - from;
    blocks_free(&request);
    if (length == there_length &&
        (length == 0 || /* what is empty may have no bytes */
         memcmp(difference_now(difference)->data + from, now->data + there, length) == 0)) {
        drop_last(comparison->out);
        return 0;
    }
    return add_spot(difference, (struct block){range->offset, range->length, from, length});
}

static int compare_side(const struct comparison *comparison, enum direction direction)
{
    const struct side *old = exchange_side(comparison->old, direction);
    const struct side *now = exchange_side(comparison->now, direction);
    struct difference *difference;
    int err = 0;

    if (old->count != now->count) {
        difference = add_difference(comparison, DIFFERENCE_COUNT);
        if (difference)
            difference->direction = direction;
        return difference ? 0 : -ENOMEM;
    }
    for (size_t i = 0; i < old->count && !err; i++) {
        err = compare_bytes(comparison, direction, i);
        if (!err)
            err = compare_carried(comparison, direction, i);
    }
    return err;
}

static int compare_exchange(const struct comparison *comparison)
{
    const size_t before = comparison->out->count;
    int err = compare_side(comparison, REQUEST);

    if (!err)
        err = compare_side(comparison, RESPONSE);
    if (err || comparison->out->count != before)
        return err;
    for (size_t i = 0; i < comparison->old->response.count && !err; i++) {
        const struct ranges *ranges = &comparison->old->response.messages[i].ranges;

        for (size_t j = 0; j < ranges->count && !err; j++)
            if (ranges->items[j].kind == RANGE_ECHO)
                err = compare_echo(comparison, i, &ranges->items[j]);
    }
    return err;
}

/* An exchange that is in one alone differs, unless it is known to be there in some runs only. */
static int compare_alone(const struct comparison *comparison)
{
    const struct exchange *there = comparison->old ? comparison->old : comparison->now;

    if (there->seen < there->runs)
        return 0;
    return add_difference(comparison, comparison->old ? DIFFERENCE_MISSING : DIFFERENCE_ADDED)
               ? 0
               : -ENOMEM;
}

static size_t index_in(const struct conversation_table *conversation,
                       const struct exchange *exchange)
{
    return conversation && exchange ? (size_t)(exchange - conversation->exchanges) : 0;
}

/* A bit for each type of socket, of Unix or the internet. */
static unsigned sort_of(const struct conversation_table *conversation)
{
    return 1U << (conversation->type + (conversation->family == AF_UNIX ? 0 : 8));
}

static unsigned sorts_of(const struct table *table)
{
    unsigned sorts = 0;

    for (size_t i = 0; i < table->count; i++)
        sorts |= sort_of(&table->conversations[i]);
    return sorts;
}

/* The one that is alone, if the other table has only conversations of other sorts. */
static const struct conversation_table *find_stranger(const struct conversation_pair *pair,
                                                      unsigned old_sorts, unsigned now_sorts)
{
    const struct conversation_table *alone = pair->a ? pair->a : pair->b;
    const unsigned others = pair->a ? now_sorts : old_sorts;

    return !(pair->a && pair->b) && others && !(others & sort_of(alone)) ? alone : NULL;
}

int differences_find(struct differences *out, const struct table *old, const struct table *now,
                     const struct alignment *alignment, bool bare)
{
    const unsigned old_sorts = sorts_of(old), now_sorts = sorts_of(now);
    struct differences found = {0};
    int err = 0;

    for (size_t i = 0; i < alignment->count && !err; i++) {
        const struct conversation_pair *pair = &alignment->conversations[i];

        for (size_t j = 0; j < pair->count && !err; j++) {
            struct exchange *a = pair->exchanges[j].a, *b = pair->exchanges[j].b;
            struct comparison comparison = {.out = &found, .old = a, .now = b, .bare = bare};

            comparison.stranger = find_stranger(pair, old_sorts, now_sorts);
            comparison.old_place.conversation = a ? (size_t)(pair->a - old->conversations) : 0;
            comparison.old_place.exchange = index_in(pair->a, a);
            comparison.now_place.conversation = b ? (size_t)(pair->b - now->conversations) : 0;
            comparison.now_place.exchange = index_in(pair->b, b);
            err = a && b ? compare_exchange(&comparison) : compare_alone(&comparison);
        }
    }
    /* Where nothing differs, no exchanges could be better paired. */
    found.coarse |= alignment->coarse && found.count;
    if (err)
        differences_free(&found);
    else
        *out = found;
    return err;
}

void differences_free(struct differences *differences)
{
    while (differences->count)
        drop_last(differences);
    free(differences->items);
    *differences = (struct differences){0};
}
