/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/frame.h"

/* A large message should not leave its room behind with each of a thousand conversations. */
enum { KEPT_MAX = 1 << 16 };

void stream_free(struct stream *stream)
{
    free(stream->shown);
    side_free(&stream->frame);
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

int stream_show(struct stream *stream, const uint8_t *data, size_t length)
{
    size_t kept = stream_shown(stream);

    if (stream->start > 0)
        memmove(stream->shown, stream->shown + stream->start, kept);
    stream->start = 0;
    stream->end = kept;
    if (kept + length > stream->capacity && grow(stream, kept + length))
        return -ENOMEM;
    if (length > 0)
        memcpy(stream->shown + kept, data, length);
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
    said = side_start(frame);
    if (said)
        said->unframed = stream->torn || !first;
    stream->torn = false;
    return said;
}

int stream_take(struct stream *stream, size_t length)
{
    struct said *part;

    if (!length)
        return 0;
    part = frame_part(stream);
    if (!part || said_append(part, stream->shown + stream->start, length))
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
    struct said *part = frame_part(stream);

    if (!part)
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
