/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What was said in an exchange stays together: bytes of two runs are never mixed in one message.
 * Where messages do not fit into exchanges, as framing may cut them, a whole conversation does.
 * Everything keeps the place in the recording that it had, so that only what changes moves.
 */
#include "capture/regenerate.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/tree.h"

/* A message for the new recording. */
struct entry {
    struct kept_message *kept;
    size_t place;    /* in the old recording; SIZE_MAX: behind all that was there */
    size_t sequence; /* among those with the same place */
    size_t pair;     /* of conversations, that it belongs to */
};

/* The messages of a version, sorted by what they belong to. */
struct message_index {
    struct entry *entries; /* `pair` is the conversation's number here */
    size_t count;
};

struct assembly {
    struct message_index old, now;
    struct entry *entries;
    size_t count;
};

static int by_exchange(const void *first, const void *second)
{
    const struct entry *a = first, *b = second;
    int order = tree_compare_numbers(a->pair, b->pair);

    if (!order)
        order = tree_compare_numbers(a->kept->exchange, b->kept->exchange);
    return order ? order : tree_compare_numbers(a->place, b->place);
}

static int by_place(const void *first, const void *second)
{
    const struct entry *a = first, *b = second;
    int order = tree_compare_numbers(a->place, b->place);

    return order ? order : tree_compare_numbers(a->sequence, b->sequence);
}

static int index_new(struct message_index *index, const struct messages *messages)
{
    index->entries = calloc(messages->count + 1, sizeof(*index->entries));
    if (!index->entries)
        return -ENOMEM;
    index->count = messages->count;
    for (size_t i = 0; i < messages->count; i++)
        index->entries[i] = (struct entry){.kept = messages->items[i],
                                           .place = i,
                                           .pair = messages->items[i]->message.conversation - 1};
    qsort(index->entries, index->count, sizeof(*index->entries), by_exchange);
    return 0;
}

/* The messages of a conversation, or with `exchange`, of one exchange of it. */
static struct entry *find(const struct message_index *index, size_t conversation,
                          const size_t *exchange, size_t *count)
{
    size_t low = 0, high = index->count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct entry *entry = &index->entries[middle];

        if (entry->pair < conversation ||
            (entry->pair == conversation && exchange && entry->kept->exchange < *exchange))
            low = middle + 1;
        else
            high = middle;
    }
    for (*count = 0; low + *count < index->count; ++*count) {
        const struct entry *entry = &index->entries[low + *count];

        if (entry->pair != conversation || (exchange && entry->kept->exchange != *exchange))
            break;
    }
    return &index->entries[low];
}

/* Is every message of the conversation a part of one exchange? */
static bool is_tidy(const struct message_index *index, size_t conversation)
{
    size_t count;
    const struct entry *entries = find(index, conversation, NULL, &count);

    for (size_t i = 0; i < count; i++)
        if (!entries[i].kept->whole)
            return false;
    return true;
}

/* Where the next old message in that direction stands, from *at on; `none` when there is none. */
static size_t place_of_next(const struct entry *old, size_t count, size_t *at,
                            enum direction direction, size_t none)
{
    while (*at < count && old[*at].kept->message.direction != direction)
        ++*at;
    return *at < count ? old[(*at)++].place : none;
}

/*
 * Adds messages, and gives them their places. One that there is an old one for, the next in its
 * direction, gets the place of that, so that what a side has said stays in its order. One that
 * there is none for goes right behind *last; but a request goes before the next old request, at
 * next_old, and before what the server had said unasked. *last is then the last place of the old
 * ones. entries may be the old ones themselves.
 */
static void add(struct assembly *assembly, size_t pair, const struct entry *entries, size_t count,
                const struct entry *old, size_t old_count, size_t next_old, size_t *last)
{
    size_t at[2] = {0}, behind[2];

    for (size_t i = 0; i < old_count; i++)
        if (*last == SIZE_MAX || old[i].place > *last)
            *last = old[i].place;
    if (old_count && old->kept->message.direction == RESPONSE && old->place < next_old)
        next_old = old->place;
    behind[REQUEST] = next_old < *last ? next_old : *last;
    behind[RESPONSE] = *last;
    for (size_t i = 0; i < count; i++) {
        enum direction direction = entries[i].kept->message.direction;
        size_t *where = &behind[direction];

        *where = place_of_next(old, old_count, &at[direction], direction, *where);
        assembly->entries[assembly->count] =
            (struct entry){entries[i].kept, *where, assembly->count, pair};
        assembly->count++;
    }
}

/* Where the first request stands from *at on; SIZE_MAX when there is none. */
static size_t find_request(const struct entry *entries, size_t count, size_t *at)
{
    while (*at < count && entries[*at].kept->message.direction != REQUEST)
        ++*at;
    return *at < count ? entries[*at].place : SIZE_MAX;
}

/* Whether the pair differs. Differences are in the order of the pairs: *next is the first of this.
 */
static bool differs(const struct differences *differences, size_t *next,
                    const struct exchange_pair *pair)
{
    const size_t first = *next;

    while (*next < differences->count && differences->items[*next].old == pair->a &&
           differences->items[*next].now == pair->b)
        ++*next;
    return *next > first;
}

/* All messages of a conversation in the order in which they were said. */
static const struct entry *find_in_order(const struct message_index *index, size_t conversation,
                                         size_t *count)
{
    struct entry *entries = find(index, conversation, NULL, count);

    qsort(entries, *count, sizeof(*entries), by_place);
    return entries;
}

/*
 * The whole conversation, as it was or as it is, in the places that it had. Its own order stays: to
 * a framing, what one side has said may mean something else before what the other has than behind.
 */
static void add_conversation(struct assembly *assembly, size_t number, size_t old_number,
                             size_t now_number, bool changed)
{
    size_t old_count, now_count, place = SIZE_MAX;
    const struct entry *old = find_in_order(&assembly->old, old_number, &old_count);
    const struct entry *now = find_in_order(&assembly->now, now_number, &now_count);
    const struct entry *entries = changed ? now : old;

    for (size_t i = 0; i < (changed ? now_count : old_count); i++, assembly->count++) {
        place = i < old_count ? old[i].place : place;
        assembly->entries[assembly->count] =
            (struct entry){entries[i].kept, place, assembly->count, number};
    }
}

static void add_exchanges(struct assembly *assembly, size_t number,
                          const struct conversation_pair *pair, size_t old_number,
                          size_t now_number, const struct differences *differences, size_t next)
{
    size_t old_messages, at = 0, last = SIZE_MAX;
    const struct entry *first = find(&assembly->old, old_number, NULL, &old_messages);

    /* What is new at the beginning comes before what stood there. */
    for (size_t i = 0; i < old_messages; i++)
        last = first[i].place < last ? first[i].place : last;
    for (size_t i = 0; i < pair->count; i++) {
        const struct exchange_pair *exchanges = &pair->exchanges[i];
        const struct entry *old = NULL, *now = NULL;
        size_t old_count = 0, now_count = 0, exchange;
        bool changed = differs(differences, &next, exchanges);

        if (exchanges->a) {
            exchange = (size_t)(exchanges->a - pair->a->exchanges);
            old = find(&assembly->old, old_number, &exchange, &old_count);
            at = (size_t)(old - first) + old_count;
        }
        if (exchanges->b) {
            exchange = (size_t)(exchanges->b - pair->b->exchanges);
            now = find(&assembly->now, now_number, &exchange, &now_count);
        }
        add(assembly, number, changed ? now : old, changed ? now_count : old_count, old, old_count,
            find_request(first, old_messages, &at), &last);
    }
}

static void assemble(struct assembly *assembly, const struct version *old,
                     const struct version *now, const struct alignment *alignment,
                     const struct differences *differences)
{
    size_t next = 0;

    for (size_t i = 0; i < alignment->count; i++) {
        const struct conversation_pair *pair = &alignment->conversations[i];
        const size_t first = next;
        size_t old_number = pair->a ? (size_t)(pair->a - old->table->conversations) : SIZE_MAX;
        size_t now_number = pair->b ? (size_t)(pair->b - now->table->conversations) : SIZE_MAX;
        bool changed = false;

        for (size_t j = 0; j < pair->count; j++)
            changed |= differs(differences, &next, &pair->exchanges[j]);
        if (is_tidy(&assembly->old, old_number) && is_tidy(&assembly->now, now_number))
            add_exchanges(assembly, i, pair, old_number, now_number, differences, first);
        else
            add_conversation(assembly, i, old_number, now_number, changed);
    }
}

/* Conversations have their numbers in the order in which they begin. */
static int hand_out(struct messages *out, const struct assembly *assembly, size_t pairs)
{
    uint32_t *numbers = calloc(pairs + 1, sizeof(*numbers)), next = 0;

    out->items = calloc(assembly->count + 1, sizeof(*out->items));
    if (!numbers || !out->items) {
        free(numbers);
        return -ENOMEM;
    }
    for (size_t i = 0; i < assembly->count; i++) {
        const struct entry *entry = &assembly->entries[i];

        if (!numbers[entry->pair])
            numbers[entry->pair] = ++next;
        entry->kept->message.conversation = numbers[entry->pair];
        out->items[out->count++] = entry->kept;
    }
    free(numbers);
    return 0;
}

int regenerate(struct messages *out, const struct version *old, const struct version *now,
               const struct alignment *alignment, const struct differences *differences)
{
    struct assembly assembly = {0};
    int err = index_new(&assembly.old, old->messages);

    if (!err)
        err = index_new(&assembly.now, now->messages);
    if (!err)
        assembly.entries =
            calloc(old->messages->count + now->messages->count + 1, sizeof(*assembly.entries));
    if (!assembly.entries)
        err = -ENOMEM;
    if (!err) {
        assemble(&assembly, old, now, alignment, differences);
        qsort(assembly.entries, assembly.count, sizeof(*assembly.entries), by_place);
        err = hand_out(out, &assembly, alignment->count);
    }
    free(assembly.old.entries);
    free(assembly.now.entries);
    free(assembly.entries);
    return err;
}

/* Ranges */

static bool all_are(const uint8_t *bytes, size_t length, int (*is)(int byte))
{
    for (size_t i = 0; i < length; i++)
        if (!is(bytes[i]))
            return false;
    return true;
}

/* Do the bytes begin or end with those others? */
static bool has_at_end(const uint8_t *bytes, size_t length, const uint8_t *end, size_t end_length)
{
    return memcmp(bytes, end, end_length) == 0 ||
           memcmp(bytes + length - end_length, end, end_length) == 0;
}

/*
 * How many of the bytes from `begin` on, where the range may be now, are taken for it. There can be
 * more of them as something else has come to stand beside it, and fewer as it is gone, and a byte
 * stands there that it had by chance.
 */
static size_t carried_length(const struct said *old, const struct range *range,
                             const struct said *now, size_t begin, size_t length)
{
    const uint8_t *was, *is;

    if (!length || length == range->length || range->kind == RANGE_LENGTH)
        return length;
    was = old->data + range->offset;
    is = now->data + begin;
    if (length > range->length)
        return range->length && all_are(is, length, isalnum) ? length : range->length;
    if (all_are(was, range->length, isdigit) && all_are(is, length, isdigit))
        return length;
    return has_at_end(was, range->length, is, length) ? 0 : length;
}

/* What is carried over to a message that has others of its bytes. */
static struct range carry(const struct range *range, const struct said *old, const struct said *now,
                          const struct blocks *blocks)
{
    const size_t end = blocks_end(blocks, range_end(range));
    struct range carried = *range;

    carried.offset = blocks_begin(blocks, range->offset);
    carried.length = carried_length(old, range, now, carried.offset,
                                    end > carried.offset ? end - carried.offset : 0);
    return carried;
}

/* Of what is known of no bytes, it is how many there are. */
static bool may_be_empty(const struct range *range)
{
    return range->kind == RANGE_LENGTH || (range->kind == RANGE_ECHO && !range->length);
}

static int carry_ranges(struct said *old, struct said *now)
{
    struct ranges own = now->ranges;
    struct blocks blocks;
    int err = blocks_align(&blocks, old->data, old->length, now->data, now->length);

    if (err)
        return err;
    now->ranges = (struct ranges){0};
    for (size_t i = 0; i < old->ranges.count && !err; i++) {
        const struct range *range = &old->ranges.items[i];
        const struct range carried = carry(range, old, now, &blocks);

        if (range_is_volatile(range) && (carried.length || may_be_empty(range)))
            err = ranges_add(&now->ranges, carried);
    }
    /* What is known of the new message itself is more than what was known of the old one. */
    if (!err)
        err = ranges_merge(&now->ranges, &own);
    ranges_free(&own);
    blocks_free(&blocks);
    return err;
}

/* Is neither in the range, nor beside it, anything that the message is known to have? */
static bool is_unheard_of(const struct range *range, const struct said *said)
{
    const size_t next = ranges_from(&said->ranges, range->offset);

    return next == said->ranges.count || said->ranges.items[next].offset > range_end(range);
}

static int learn_ranges(struct said *old, struct said *now)
{
    struct ranges news = {0};
    int err = 0;

    if (old->length != now->length)
        return 0;
    for (size_t i = 0; i < now->ranges.count && !err; i++) {
        const struct range *range = &now->ranges.items[i];

        if (range_is_volatile(range) && is_unheard_of(range, old))
            err = ranges_add(&news, *range);
    }
    if (!err)
        err = ranges_merge(&old->ranges, &news);
    ranges_free(&news);
    return err;
}

/* What is done with a message of the old table and the one that it is in the new one. */
typedef int with_both(struct said *old, struct said *now);

static int for_side(const struct side *old, const struct side *now, with_both *function)
{
    int err = 0;

    for (size_t i = 0; i < old->count && i < now->count && !err; i++)
        err = function(&old->messages[i], &now->messages[i]);
    return err;
}

static int for_messages(const struct alignment *alignment, with_both *function)
{
    int err = 0;

    for (size_t i = 0; i < alignment->count; i++) {
        for (size_t j = 0; j < alignment->conversations[i].count && !err; j++) {
            const struct exchange_pair *pair = &alignment->conversations[i].exchanges[j];

            if (!pair->a || !pair->b)
                continue;
            err = for_side(&pair->a->request, &pair->b->request, function);
            if (!err)
                err = for_side(&pair->a->response, &pair->b->response, function);
        }
    }
    return err;
}

static bool echoes(const struct said *request, const struct said *response,
                   const struct range *range)
{
    return range->echo_offset <= request->length &&
           range->length <= request->length - range->echo_offset &&
           (range->length == 0 || /* what is empty may have no bytes */
            memcmp(request->data + range->echo_offset, response->data + range->offset,
                   range->length) == 0);
}

/* An echo that was carried over comes back from another place of the request by now, or no more. */
static int settle_echo(const struct side *old, const struct side *now, const struct said *response,
                       struct range *range)
{
    const struct said *request;
    struct blocks blocks;
    int err;

    if (range->echo_message < now->count && range->echo_message < old->count) {
        request = &now->messages[range->echo_message];
        if (echoes(request, response, range))
            return 0;
        err =
            blocks_align(&blocks, old->messages[range->echo_message].data,
                         old->messages[range->echo_message].length, request->data, request->length);
        if (err)
            return err;
        range->echo_offset = blocks_begin(&blocks, range->echo_offset);
        blocks_free(&blocks);
        if (echoes(request, response, range))
            return 0;
    }
    *range = (struct range){.offset = range->offset, .length = range->length};
    return 0;
}

static int settle_echoes(const struct exchange_pair *pair)
{
    const struct side *responses = &pair->b->response;
    int err = 0;

    for (size_t i = 0; i < responses->count && !err; i++) {
        struct said *response = &responses->messages[i];

        for (size_t j = 0; j < response->ranges.count && !err; j++)
            if (response->ranges.items[j].kind == RANGE_ECHO)
                err = settle_echo(&pair->a->request, &pair->b->request, response,
                                  &response->ranges.items[j]);
    }
    return err;
}

int regenerate_ranges(const struct alignment *alignment)
{
    int err = for_messages(alignment, carry_ranges);

    for (size_t i = 0; i < alignment->count && !err; i++) {
        for (size_t j = 0; j < alignment->conversations[i].count && !err; j++) {
            const struct exchange_pair *pair = &alignment->conversations[i].exchanges[j];

            if (!pair->a || !pair->b)
                continue;
            err = settle_echoes(pair);
            if (!pair->b->runs) {
                pair->b->seen = pair->a->seen;
                pair->b->runs = pair->a->runs;
            }
        }
    }
    return err;
}

int regenerate_learn(const struct alignment *alignment)
{
    return for_messages(alignment, learn_ranges);
}
