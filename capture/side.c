/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/side.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/array.h"

void *side_grow(struct arena *arena, void *array, size_t count, size_t size)
{
    if (!arena)
        return array_grow(array, count, size);
    if (count & (count - 1)) /* it has room up to the next power of two */
        return array;
    return arena_grow(arena, array, count * size, (count ? count * 2 : 1) * size);
}

static void said_free(const struct arena *arena, struct said *said)
{
    for (size_t i = 0; i < said->carried_count; i++)
        free(said->carried[i].ancillary);
    free(said->carried);
    ranges_free(&said->ranges);
    if (!arena)
        free(said->data);
}

void side_free(const struct arena *arena, struct side *side)
{
    for (size_t i = 0; i < side->count; i++)
        said_free(arena, &side->messages[i]);
    if (!arena) {
        free(side->messages);
        *side = (struct side){0};
    }
}

struct said *side_start(struct arena *arena, struct side *side)
{
    struct said *messages = side_grow(arena, side->messages, side->count, sizeof(*messages));

    if (!messages)
        return NULL;
    side->messages = messages;
    messages += side->count++;
    memset(messages, 0, sizeof(*messages));
    return messages;
}

int said_append(struct arena *arena, struct said *said, const uint8_t *data, size_t length)
{
    size_t needed = said->length + length;

    if (needed > said->capacity) {
        size_t capacity = said->capacity ? 2 * said->capacity : length;
        uint8_t *grown;

        if (capacity < needed)
            capacity = needed;
        grown = arena ? arena_grow(arena, said->data, said->capacity, capacity)
                      : realloc(said->data, capacity);
        if (!grown)
            return -errno;
        said->data = grown;
        said->capacity = capacity;
    }
    if (length)
        memcpy(said->data + said->length, data, length);
    if (arena)
        arena_touch(arena, length);
    said->length = needed;
    return 0;
}

int said_carry(struct said *said, size_t offset, bool sent, const struct ancillary *ancillary)
{
    struct carried *carried = array_grow(said->carried, said->carried_count, sizeof(*carried));
    int err;

    if (!carried)
        return -ENOMEM;
    said->carried = carried;
    carried += said->carried_count;
    carried->offset = offset;
    carried->sent = sent;
    err = ancillary_copy(&carried->ancillary, ancillary);
    if (!err)
        said->carried_count++;
    return err;
}

bool said_carried_more(const struct said *said)
{
    for (size_t i = 0; i < said->carried_count; i++)
        if (said->carried[i].ancillary->cut)
            return true;
    return false;
}

static struct said *start_at(struct arena *arena, struct side *side, uint64_t at)
{
    struct said *said = side_start(arena, side);

    if (said)
        said->at = at;
    return said;
}

int side_add(struct arena *arena, struct side *side, bool joins, uint64_t at,
             const struct message *message)
{
    struct said *said = side->count ? &side->messages[side->count - 1] : NULL;
    int err = 0;

    side->lost += message->lost;
    /* What comes after a gap is not what comes next, unless it is more of the gap. */
    if (!said || !joins || message->lost ||
        (said->missing && (message->length || message->ancillary)))
        said = start_at(arena, side, at);
    if (!said)
        return -errno;
    if (message->ancillary)
        err = said_carry(said, said->length, message->sent, message->ancillary);
    if (!err)
        err = said_append(arena, said, message->data, message->length);
    if (!err)
        said->missing += message->missing;
    return err;
}

int side_move(struct side *side, struct side *from)
{
    side->lost += from->lost;
    from->lost = 0;
    if (!side->count) {
        free(side->messages);
        side->messages = from->messages;
        side->count = from->count;
        *from = (struct side){0};
        return 0;
    }
    for (size_t i = 0; i < from->count; i++) {
        struct said *said = side_start(NULL, side);

        if (!said)
            return -ENOMEM;
        *said = from->messages[i];
        from->messages[i] = (struct said){0};
    }
    side_free(NULL, from);
    return 0;
}

bool side_incomplete(const struct side *side)
{
    if (side->lost)
        return true;
    for (size_t i = 0; i < side->count; i++)
        if (side->messages[i].missing || side->messages[i].unframed ||
            said_carried_more(&side->messages[i]))
            return true;
    return false;
}

void side_open_redacted(struct side *side)
{
    for (size_t i = 0; i < side->count; i++)
        for (size_t j = 0; j < side->messages[i].ranges.count; j++)
            if (side->messages[i].ranges.items[j].kind == RANGE_REDACTED)
                side->messages[i].ranges.items[j].kind = RANGE_LENGTH;
}
