/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Text that comes back is what was asked for rather than a number, and says nothing of what else
 * could be asked for; so it is left alone.
 */
#include "capture/replay/presume.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/size.h"

enum {
    ECHO_MIN = 4,       /* bytes; fewer may be chance */
    REQUEST_MAX = 64,   /* how far into a request it is looked, */
    RESPONSE_MAX = 128, /* and into a response */
    DIFFER_MAX = 256,   /* so many have to differ from each other: all, of fewer */
};

/* The exchanges that have one request and one response each. */
struct pairs {
    struct exchange **at;
    size_t count;
    size_t request, response; /* the shortest lengths */
};

static struct said *request_of(const struct pairs *pairs, size_t i)
{
    return &pairs->at[i]->request.messages[0];
}

static struct said *response_of(const struct pairs *pairs, size_t i)
{
    return &pairs->at[i]->response.messages[0];
}

static bool is_pair(const struct exchange *exchange)
{
    return exchange->request.count == 1 && exchange->response.count == 1;
}

static bool any_ranges(const struct side *side)
{
    for (size_t i = 0; i < side->count; i++)
        if (side->messages[i].ranges.count)
            return true;
    return false;
}

bool presume_is_known(const struct table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        for (size_t j = 0; j < table->conversations[i].count; j++) {
            const struct exchange *exchange = &table->conversations[i].exchanges[j];

            if (exchange->runs || any_ranges(&exchange->request) || any_ranges(&exchange->response))
                return true;
        }
    }
    return false;
}

/* Collects them. Returns 0 or -ENOMEM. */
static int collect(struct pairs *pairs, const struct table *table)
{
    *pairs = (struct pairs){.request = REQUEST_MAX, .response = RESPONSE_MAX};
    pairs->at = calloc(table_exchanges(table) + 1, sizeof(struct exchange *));
    if (!pairs->at)
        return -ENOMEM;
    for (size_t i = 0; i < table->count; i++) {
        for (size_t j = 0; j < table->conversations[i].count; j++) {
            struct exchange *exchange = &table->conversations[i].exchanges[j];

            if (!is_pair(exchange))
                continue;
            pairs->at[pairs->count++] = exchange;
            pairs->request = size_min(pairs->request, exchange->request.messages[0].length);
            pairs->response = size_min(pairs->response, exchange->response.messages[0].length);
        }
    }
    return 0;
}

/* Does the byte come back there in all of them? */
static bool comes_back(const struct pairs *pairs, size_t from, size_t to)
{
    for (size_t i = 0; i < pairs->count; i++)
        if (request_of(pairs, i)->data[from] != response_of(pairs, i)->data[to])
            return false;
    return true;
}

static bool is_constant(const struct pairs *pairs, size_t offset)
{
    for (size_t i = 1; i < pairs->count; i++)
        if (request_of(pairs, i)->data[offset] != request_of(pairs, 0)->data[offset])
            return false;
    return true;
}

static bool is_text(const uint8_t *data, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!isprint(data[i]) && !isspace(data[i]))
            return false;
    return true;
}

/* Is it another one in each, and a number at least in one? */
static bool is_number(const struct pairs *pairs, size_t offset, size_t length)
{
    bool all_text = true;

    for (size_t i = 0; i < size_min(pairs->count, DIFFER_MAX); i++) {
        const uint8_t *data = request_of(pairs, i)->data + offset;

        all_text = all_text && is_text(data, length);
        for (size_t j = 0; j < i; j++)
            if (memcmp(data, request_of(pairs, j)->data + offset, length) == 0)
                return false;
    }
    return !all_text;
}

static int mark(const struct pairs *pairs, const struct range *echo)
{
    const struct range source = {.offset = echo->echo_offset, .length = echo->length};
    int err = 0;

    for (size_t i = 0; i < pairs->count && !err; i++) {
        err = ranges_add(&request_of(pairs, i)->ranges, source);
        if (!err)
            err = ranges_add(&response_of(pairs, i)->ranges, *echo);
    }
    return err;
}

/*
 * The next run of bytes from *from on that comes back `shift` bytes further on, or, if it is
 * negative, before. Its ends are bytes that vary. Returns its length; 0 when there is none.
 */
static size_t next_run(const struct pairs *pairs, ptrdiff_t shift, size_t *from)
{
    size_t end, last = 0;

    for (;; ++*from) {
        if (*from >= pairs->request || (ptrdiff_t)*from + shift >= (ptrdiff_t)pairs->response)
            return 0;
        if ((ptrdiff_t)*from + shift >= 0 && !is_constant(pairs, *from) &&
            comes_back(pairs, *from, (size_t)((ptrdiff_t)*from + shift)))
            break;
    }
    for (end = *from; end < pairs->request && (ptrdiff_t)end + shift < (ptrdiff_t)pairs->response &&
                      comes_back(pairs, end, (size_t)((ptrdiff_t)end + shift));
         end++)
        if (!is_constant(pairs, end))
            last = end;
    return last + 1 - *from;
}

static int find_echoes(const struct pairs *pairs, struct range found[PRESUMED_MAX])
{
    int count = 0, err = 0;

    for (ptrdiff_t shift = -REQUEST_MAX; shift < RESPONSE_MAX; shift++) {
        size_t length;

        for (size_t from = 0; (length = next_run(pairs, shift, &from)); from += length) {
            const struct range echo = {.offset = (size_t)((ptrdiff_t)from + shift),
                                       .length = length,
                                       .kind = RANGE_ECHO,
                                       .echo_offset = from};

            if (length < ECHO_MIN || count == PRESUMED_MAX || !is_number(pairs, from, length))
                continue;
            err = mark(pairs, &echo);
            if (err)
                return err;
            found[count++] = echo;
        }
    }
    return count;
}

int presume_echoes(struct table *table, struct range found[PRESUMED_MAX])
{
    struct pairs pairs;
    int count;

    if (presume_is_known(table))
        return 0;
    count = collect(&pairs, table);
    if (!count && pairs.count > 1)
        count = find_echoes(&pairs, found);
    free(pairs.at);
    return count;
}
