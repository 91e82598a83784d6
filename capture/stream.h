/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * One direction of a framed conversation. Bytes are shown to the framer until they are taken; then
 * they are a part of the frame under way. So a frame that says it is longer than all that comes
 * costs no more than what has come.
 */
#ifndef CAPTURE_STREAM_H
#define CAPTURE_STREAM_H

#include "capture/side.h"

/* Ancillary data, and the byte of the stream that it came with. */
struct stream_carried {
    uint64_t at;
    bool sent;
    struct ancillary *ancillary;
};

struct stream {
    uint8_t *shown; /* what was said and not taken is shown[start] to shown[end - 1] */
    size_t start, end, capacity;
    uint64_t offset;                /* of shown[start] in the stream */
    struct stream_carried *carried; /* ancillary data that belongs to bytes not taken */
    size_t carried_count;

    struct side frame;   /* the one under way, in parts where something is missing within it */
    uint64_t frame_from; /* where in the stream it began */
    size_t skip;         /* bytes of it that the framer need not see; or FRAME_REST */
    bool ends;           /* behind them it ends */
    bool torn;           /* what comes next does not follow what is there */
    size_t exchange;     /* the one it belongs to, or FRAME_NO_EXCHANGE */

    bool waits;    /* for the other direction to go on */
    bool unframed; /* what comes stands as it comes */
    bool failed;   /* because it could not be framed, and not because it has no frames */
};

void stream_free(struct stream *stream);

/* How many bytes are not taken. */
static inline size_t stream_shown(const struct stream *stream)
{
    return stream->end - stream->start;
}

static inline bool stream_begun(const struct stream *stream)
{
    return stream->frame.count > 0;
}

/* Adds a copy of what was said, and of what came with it, to what is shown. Returns 0 or -ENOMEM.
 */
int stream_show(struct stream *stream, const struct message *message);

/* Makes the next bytes that are shown a part of the frame. Returns 0 or -ENOMEM. */
int stream_take(struct stream *stream, size_t length);

/* Takes all that is shown, and ancillary data that came with nothing. Returns 0 or -ENOMEM. */
int stream_take_all(struct stream *stream);

/* Takes what is to be skipped, as far as it has come. Returns 0 or -ENOMEM. */
int stream_skip(struct stream *stream);

/* Makes bytes that nobody has seen, and that all shown ones are in front of, a part of the frame.
 * Returns 0 or -ENOMEM. */
int stream_miss(struct stream *stream, size_t missing);

/* What there is of the frame is not a whole one. */
void stream_tear(struct stream *stream);

#endif
