/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/array.h"
#include "capture/frame.h"

/* A large message should not leave its room behind with each of a thousand conversations. */
enum { KEPT_MAX = 1 << 16 };

void stream_free(struct stream *stream)
{
    for (size_t i = 0; i < stream->carried_count; i++)
        free(stream->carried[i].ancillary);
    free(stream->carried);
    free(stream->shown);
    side_free(NULL, &stream->frame);
}

static int grow(struct stream *stream, size_t needed)
{
    size_t capacity = 2 * stream->capacity > needed ? 2 * stream->capacity : needed;
    uint8_t *shown = realloc(stream->shown, capacity);

    if (!shown)
        return -ENOMEM;
    stream->shown = shown;
    stream->capacity = capacity;
    return 0;
}

/* Keeps the ancillary data until the next byte that is shown is taken. */
static int carry(struct stream *stream, const struct message *message)
{
    struct stream_carried *carried =
        array_grow(stream->carried, stream->carried_count, sizeof(*carried));
    int err;

    if (!carried)
        return -ENOMEM;
    stream->carried = carried;
    carried += stream->carried_count;
    carried->at = stream->offset + stream_shown(stream);
    carried->sent = message->sent;
    err = ancillary_copy(&carried->ancillary, message->ancillary);
    if (!err)
        stream->carried_count++;
    return err;
}

int stream_show(struct stream *stream, const struct message *message)
{
    size_t kept = stream_shown(stream);
    size_t length = message->length;

    if (message->ancillary && carry(stream, message))
        return -ENOMEM;
    if (stream->start > 0)
        memmove(stream->shown, stream->shown + stream->start, kept);
    stream->start = 0;
    stream->end = kept;
    if (kept + length > stream->capacity && grow(stream, kept + length))
        return -ENOMEM;
    if (length > 0)
        memcpy(stream->shown + kept, message->data, length);
    stream->end += length;
    return 0;
}

/* The part of the frame that bytes can be appended to. NULL when there is no memory. */
static struct said *frame_part(struct stream *stream)
{
    struct side *frame = &stream->frame;
    struct said *said = frame->count ? &frame->messages[frame->count - 1] : NULL;
    bool first = !said;

    if (said && !stream->torn && !said->missing)
        return said;
    if (first)
        stream->frame_from = stream->offset;
    said = side_start(NULL, frame);
    if (said) {
        said->unframed = stream->torn || !first;
        said->at = stream->offset;
    }
    stream->torn = false;
    return said;
}

/* Ancillary data goes with its byte, if that is among the next ones, which part is to get. */
static int hand_over(struct stream *stream, struct said *part, size_t length)
{
    size_t done = 0;
    int err = 0;

    for (; !err && done < stream->carried_count; done++) {
        struct stream_carried *carried = &stream->carried[done];

        if (carried->at >= stream->offset + length)
            break;
        err = said_carry(part, part->length + (carried->at - stream->offset), carried->sent,
                         carried->ancillary);
        free(carried->ancillary);
    }
    stream->carried_count -= done;
    if (stream->carried_count > 0)
        memmove(stream->carried, stream->carried + done,
                stream->carried_count * sizeof(*stream->carried));
    return err;
}

int stream_take(struct stream *stream, size_t length)
{
    struct said *part;

    if (!length)
        return 0;
    part = frame_part(stream);
    if (!part || hand_over(stream, part, length) ||
        said_append(NULL, part, stream->shown + stream->start, length))
        return -ENOMEM;
    stream->start += length;
    stream->offset += length;
    if (!stream_shown(stream) && stream->capacity > KEPT_MAX) {
        free(stream->shown);
        stream->shown = NULL;
        stream->start = stream->end = stream->capacity = 0;
    }
    return 0;
}

int stream_take_all(struct stream *stream)
{
    int err = stream_take(stream, stream_shown(stream));
    struct said *part;

    if (err || !stream->carried_count)
        return err;
    part = frame_part(stream);
    return part ? hand_over(stream, part, 1) : -ENOMEM;
}

int stream_skip(struct stream *stream)
{
    size_t length = stream_shown(stream);
    int err;

    if (length > stream->skip)
        length = stream->skip;
    err = stream_take(stream, length);
    if (stream->skip != FRAME_REST)
        stream->skip -= length;
    return err;
}

int stream_miss(struct stream *stream, size_t missing)
{
    struct side *frame = &stream->frame;
    struct said *last = frame->count ? &frame->messages[frame->count - 1] : NULL;
    /* What is missing right behind a gap makes that longer. */
    struct said *part = last && last->missing && !stream->torn ? last : frame_part(stream);

    if (!part || hand_over(stream, part, missing))
        return -ENOMEM;
    part->missing += missing;
    stream->offset += missing;
    return 0;
}

void stream_tear(struct stream *stream)
{
    for (size_t i = 0; i < stream->frame.count; i++)
        stream->frame.messages[i].unframed = true;
    stream->torn = true;
}
