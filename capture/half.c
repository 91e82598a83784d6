/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Sequence numbers go round: one is before another when less than half the circle lies between. */
#include "capture/half.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "capture/tree.h"

/* So much can wait for bytes that do not come, before these are given up. */
enum { HELD_MAX = 16 << 20 };

/* More than was sent before its SYN was captured, and more than can be on its way. */
enum { EARLY_MAX = 1 << 16, NEAR_MAX = 1 << 24 };

/* Bytes that came before those in front of them. */
struct half_piece {
    uint32_t sequence;
    size_t number; /* of those with one sequence number, the first that came is the first */
    size_t length, missing;
    uint8_t data[];
};

static int32_t distance(uint32_t from, uint32_t to)
{
    return (int32_t)(to - from);
}

/* All that wait lie within half the circle. */
static int compare_pieces(const void *a, const void *b)
{
    const struct half_piece *one = a, *other = b;
    const int32_t behind = distance(other->sequence, one->sequence);

    return behind ? (behind > 0) - (behind < 0) : tree_compare_numbers(one->number, other->number);
}

/* The first of those that wait; NULL when none does. */
static struct half_piece *first_piece(const struct half *half)
{
    return tree_first(&half->pieces);
}

static void drop_piece(struct half *half, struct half_piece *piece)
{
    half->held -= sizeof(*piece) + piece->length;
    tree_drop(&half->pieces, piece, compare_pieces);
}

void half_free(struct half *half)
{
    tdestroy(half->pieces, free);
    *half = (struct half){0};
}

void half_begin(struct half *half, uint32_t sequence)
{
    if (half->known)
        return;
    half->known = true;
    half->empty = false;
    half->next = half->first = sequence;
}

void half_suppose(struct half *half, uint32_t sequence, bool empty)
{
    int32_t behind = half->supposed ? distance(half->next, sequence) : -1;

    if (half->known || behind > 0)
        return;
    half->supposed = true;
    half->empty = empty && (behind < 0 || half->empty);
    half->next = sequence;
}

void half_begin_as_supposed(struct half *half)
{
    if (half->known || !half->supposed)
        return;
    half->known = true;
    half->first = half->next;
}

bool half_reaches(const struct half *half, uint32_t sequence)
{
    bool one_more = half->empty || half->doubtful || (half->ended && half->next == half->end);

    return half->known && distance(half->next + one_more, sequence) <= 0;
}

bool half_began_with(const struct half *half, uint32_t sequence)
{
    uint32_t first = half->known ? half->first : half->next;

    return !(half->known || half->supposed) || first - sequence + half->empty < EARLY_MAX;
}

bool half_is_near(const struct half *half, uint32_t sequence)
{
    return !(half->known || half->supposed) || half->next - sequence + NEAR_MAX / 2 < NEAR_MAX;
}

bool half_can_have(const struct half *half, uint32_t sequence)
{
    return half->known && distance(half->first, sequence) >= 0 && half_is_near(half, sequence);
}

static int hold(struct half *half, uint32_t sequence, const uint8_t *data, size_t length,
                size_t missing)
{
    struct half_piece *piece = malloc(sizeof(*piece) + length);

    if (!piece)
        return -ENOMEM;
    *piece = (struct half_piece){sequence, half->counted++, length, missing};
    if (length)
        memcpy(piece->data, data, length);
    if (!tsearch(piece, &half->pieces, compare_pieces)) {
        free(piece);
        return -ENOMEM;
    }
    half->held += sizeof(*piece) + length;
    return 0;
}

/* Delivers what of a segment, which does not begin behind the next byte, is new. */
static int deliver_new(struct half *half, uint32_t sequence, const uint8_t *data, size_t length,
                       size_t missing, half_deliver *deliver, void *context)
{
    size_t old = (size_t)distance(sequence, half->next);

    if (old >= length + missing)
        return 0;
    if (old > length) {
        missing -= old - length;
        length = 0;
    } else {
        data += old;
        length -= old;
    }
    half->next += (uint32_t)(length + missing);
    half->empty = half->doubtful = false;
    return deliver(context, data, length, missing);
}

/* Delivers the pieces that nothing is missing before any more. */
static int release(struct half *half, half_deliver *deliver, void *context)
{
    struct half_piece *piece;
    int err = 0;

    while (!err && (piece = first_piece(half)) && distance(piece->sequence, half->next) >= 0) {
        err = deliver_new(half, piece->sequence, piece->data, piece->length, piece->missing,
                          deliver, context);
        drop_piece(half, piece);
    }
    return err;
}

/* Gives up what is missing before that byte. */
static int skip_to(struct half *half, uint32_t sequence, half_deliver *deliver, void *context)
{
    int err = 0;

    while (!err && distance(half->next, sequence) > 0) {
        const struct half_piece *first = first_piece(half);
        uint32_t to = sequence;
        uint32_t from = half->next;

        if (first && distance(first->sequence, to) > 0)
            to = first->sequence;
        half->next = to;
        half->empty = half->doubtful = false;
        err = deliver(context, NULL, 0, to - from);
        if (!err)
            err = release(half, deliver, context);
    }
    return err;
}

int half_add(struct half *half, uint32_t sequence, const uint8_t *data, size_t length,
             size_t missing, half_deliver *deliver, void *context)
{
    int err;

    if (length + missing == 0)
        return 0;
    if (half->empty && sequence == half->next + 1)
        half->next = sequence;
    if (distance(half->next, sequence) > 0) {
        err = hold(half, sequence, data, length, missing);
        if (!err && half->held > HELD_MAX)
            err = skip_to(half, first_piece(half)->sequence, deliver, context);
        return err;
    }
    err = deliver_new(half, sequence, data, length, missing, deliver, context);
    return err ? err : release(half, deliver, context);
}

void half_end(struct half *half, uint32_t sequence)
{
    half->ended = true;
    half->end = sequence;
}

int half_acknowledged(struct half *half, uint32_t sequence, half_deliver *deliver, void *context)
{
    if (half->ended && distance(half->end, sequence) > 0)
        sequence = half->end;
    /* One more than all there was: that may be a FIN that the capture lacks, which takes a number
     * and is no byte. Or it answers a keep-alive, whose number is one too low, and says so. */
    if (!half->ended && !half->pieces && distance(half->next, sequence) == 1) {
        half->doubtful = !half->empty;
        half->next += half->empty;
        half->empty = false;
        return 0;
    }
    return skip_to(half, sequence, deliver, context);
}

int half_finish(struct half *half, half_deliver *deliver, void *context)
{
    int err = 0;

    while (!err && half->pieces)
        err = skip_to(half, first_piece(half)->sequence, deliver, context);
    if (!err && half->ended)
        err = skip_to(half, half->end, deliver, context);
    return err;
}
