/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/replay/match.h"

#include <string.h>

#include "capture/difference.h"
#include "capture/likeness.h"
#include "capture/size.h"

enum { NEAREST_BYTES = 4096, NEAREST_EXCHANGES = 1 << 16 };

/* Messages */

/* The first byte from `from` on, before `to`, that is another; `to` when there is none. */
static size_t differs_in(const struct said *recorded, const struct heard *heard, size_t from,
                         size_t to)
{
    const struct said now = {.data = (uint8_t *)heard->data, .length = heard->length};

    while (from < to && (recorded->data[from] == heard->data[from] ||
                         difference_is_carry(recorded, &now, from, from)))
        from++;
    return from;
}

/* The same, of bytes that are in the range. */
static size_t refused_in(const struct said *recorded, const struct heard *heard,
                         const struct range *range, size_t from, size_t to)
{
    while (from < to && wildcard_allows_byte(range, recorded->data[from], heard->data[from]))
        from++;
    return from;
}

size_t fit_differs(const struct said *recorded, const struct heard *heard)
{
    const size_t end = size_min(recorded->length, heard->length);
    size_t at = 0;

    for (size_t i = 0; i < recorded->ranges.count && at < end; i++) {
        const struct range *range = &recorded->ranges.items[i];
        const size_t begin = size_min(range->offset, end), stop = size_min(range_end(range), end);

        if (!range_is_volatile(range))
            continue;
        at = differs_in(recorded, heard, at, begin);
        if (at < begin)
            return at;
        at = refused_in(recorded, heard, range, begin, stop);
        if (at < stop)
            return at;
    }
    at = differs_in(recorded, heard, at, end);
    return at < end ? at : size_min(recorded->length + recorded->missing, heard->length);
}

/* Where the first of the ranges begins that may be longer or shorter; SIZE_MAX: nowhere. */
static size_t varies_from(const struct said *recorded)
{
    for (size_t i = 0; i < recorded->ranges.count; i++)
        if (wildcard_varies(recorded, &recorded->ranges.items[i]))
            return recorded->ranges.items[i].offset;
    return SIZE_MAX;
}

enum fit fit_message(const struct said *recorded, const struct heard *heard, size_t *taken)
{
    const size_t whole = recorded->length + recorded->missing;
    const size_t same = fit_differs(recorded, heard), varies = varies_from(recorded);
    const struct said said = {.data = (uint8_t *)heard->data, .length = heard->length};
    enum fit fit;

    *taken = heard->stream ? whole : heard->length;
    if (same == whole && (heard->stream || heard->length == whole))
        return FIT_WHOLE;
    *taken = heard->length;
    if (varies > same)
        return heard->stream && same == heard->length ? FIT_PART : FIT_NOT;
    if (!heard->stream)
        return wildcard_match(recorded, &said) ? FIT_WHOLE : FIT_NOT;
    fit = wildcard_begins(recorded, &said, taken);
    return fit == FIT_NOT && same == heard->length ? FIT_PART : fit;
}

/* Exchanges */

/* How good a match is: the smaller, the better. */
struct rank {
    unsigned class;
    size_t distance;
};

enum {
    NEXT,     /* what comes next */
    FOLLOWS,  /* further behind in the same conversation, and not asked for yet */
    BEGINS,   /* begins a conversation that nobody was given */
    NEW,      /* not asked for yet */
    REPEATS,  /* begins a conversation */
    AGAIN,    /* of the same conversation */
    ANYWHERE, /* of another */
};

/* The first exchange of a conversation that a client asks for. */
static size_t first_request(const struct scripted_conversation *scripted)
{
    size_t first = 0;

    while (first < scripted->conversation->count &&
           !scripted->exchanges[first].exchange->request.count)
        first++;
    return first;
}

static struct rank rank_same(const struct scripted_conversation *scripted,
                             const struct script_place *place, size_t exchange)
{
    const bool asked = scripted->exchanges[exchange].asked > 0;

    if (exchange == place->exchange)
        return (struct rank){NEXT, 0};
    if (exchange > place->exchange)
        return (struct rank){asked ? AGAIN : FOLLOWS, exchange - place->exchange};
    if (place->exchange >= scripted->conversation->count) /* it begins anew */
        return (struct rank){AGAIN, exchange};
    return (struct rank){asked ? AGAIN : NEW, place->exchange - exchange};
}

static struct rank rank_of(const struct script *script, const struct script_place *place,
                           size_t conversation, size_t exchange)
{
    const struct scripted_conversation *scripted = &script->conversations[conversation];
    const struct scripted_conversation *own = &script->conversations[place->conversation];
    const bool turns = place->turned || place->exchange >= own->conversation->count;

    if (scripted == own)
        return rank_same(scripted, place, exchange);
    if (turns && exchange == first_request(scripted))
        return (struct rank){scripted->clients ? REPEATS : BEGINS, scripted->clients};
    if (!scripted->exchanges[exchange].asked)
        return (struct rank){NEW, conversation};
    return (struct rank){ANYWHERE, script->count - conversation};
}

static bool is_better(struct rank a, struct rank b)
{
    return a.class != b.class ? a.class < b.class : a.distance < b.distance;
}

/* How the first message of the exchange's request fits. */
static enum fit fit_exchange(const struct scripted *scripted, const struct heard *heard,
                             size_t *taken)
{
    const struct side *request = &scripted->exchange->request;

    if (!request->count || (heard->stream && !request->messages[0].length))
        return FIT_NOT;
    return fit_message(&request->messages[0], heard, taken);
}

/* The exchange that comes next at the place; NULL behind the last. */
static const struct scripted *next_at(const struct script *script, const struct script_place *place)
{
    const struct scripted_conversation *own = &script->conversations[place->conversation];

    return place->exchange < own->conversation->count ? &own->exchanges[place->exchange] : NULL;
}

/* Looks everywhere. */
static enum fit find_anywhere(const struct script *script, const struct script_place *place,
                              const struct heard *heard, struct script_match *match)
{
    struct rank best = {ANYWHERE + 1, 0};
    enum fit found = FIT_NOT;

    for (size_t i = 0; i < script->count; i++) {
        for (size_t j = 0; j < script->conversations[i].conversation->count; j++) {
            struct rank rank = rank_of(script, place, i, j);
            size_t taken = 0;
            enum fit fit;

            if (!is_better(rank, best))
                continue;
            fit = fit_exchange(&script->conversations[i].exchanges[j], heard, &taken);
            if (fit == FIT_WHOLE) {
                best = rank;
                *match = (struct script_match){i, j, taken};
            }
            found = fit > found ? fit : found;
        }
    }
    return found;
}

enum fit script_find(const struct script *script, const struct script_place *place,
                     const struct heard *heard, bool settle, struct script_match *match)
{
    const struct scripted *next = next_at(script, place);
    size_t taken = 0;
    enum fit fit = next ? fit_exchange(next, heard, &taken) : FIT_NOT;

    if (fit == FIT_WHOLE) {
        *match = (struct script_match){place->conversation, place->exchange, taken};
        return fit;
    }
    if (fit == FIT_PART && !settle)
        return fit;
    return find_anywhere(script, place, heard, match);
}

/* More of a stream may come: what is compared of a longer request is no more than was heard. */
static struct said begun(const struct said *recorded, const struct heard *heard)
{
    struct said said = *recorded;

    if (!heard->stream || said.length <= heard->length)
        return said;
    said.length = heard->length;
    while (said.ranges.count && range_end(&said.ranges.items[said.ranges.count - 1]) > said.length)
        said.ranges.count--;
    return said;
}

bool script_nearest(const struct script *script, const struct heard *heard,
                    struct script_match *match)
{
    struct said said = {.data = (uint8_t *)heard->data, .length = heard->length};
    struct exchange asked = {.request = {.messages = &said, .count = 1}};
    size_t looked = 0;
    unsigned most = 0;
    bool found = false;

    for (size_t i = 0; i < script->count; i++) {
        const struct scripted_conversation *scripted = &script->conversations[i];

        for (size_t j = 0; j < scripted->conversation->count && looked < NEAREST_EXCHANGES; j++) {
            struct exchange known = *scripted->exchanges[j].exchange;
            struct said first;
            unsigned alike;

            if (!known.request.count)
                continue;
            looked++;
            if (known.request.count == 1) {
                first = begun(&known.request.messages[0], heard);
                known.request.messages = &first;
            }
            asked.response = known.response; /* that it may not count */
            alike = likeness(&asked, &known, NEAREST_BYTES);
            if (found && alike <= most)
                continue;
            found = true;
            most = alike;
            *match = (struct script_match){.conversation = i, .exchange = j};
        }
    }
    return found;
}
