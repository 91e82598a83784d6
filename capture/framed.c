/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A framer tells how far the frame under way reaches; when it ends, it moves to its exchange. Where
 * that is not possible, the bytes are a run, as they are without framing: what is said in one
 * direction until something is said in the other.
 */
#include "capture/framed.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "capture/stream.h"
#include "capture/text.h"

enum { NOBODY = -1 };

struct framed {
    const struct framer *framer;
    void *state;
    struct pairing pairing;
    struct stream streams[2];                /* by direction */
    struct conversation_table *conversation; /* the frames go there, during a call */
    enum direction speaking;                 /* the direction of what is added */
    int running; /* the direction of the unframed run that goes on; or NOBODY */
    const struct framed_watcher *watcher; /* gets the frames in the conversation's place; or NULL */
};

int framed_new(struct framed **out, const struct framing *framing)
{
    struct framed *framed = calloc(1, sizeof(*framed));

    if (!framed || framing->framer->begin(&framed->state, framing, &framed->pairing)) {
        free(framed);
        return -ENOMEM;
    }
    framed->framer = framing->framer;
    framed->running = NOBODY;
    framed->streams[REQUEST].exchange = FRAME_NO_EXCHANGE;
    framed->streams[RESPONSE].exchange = FRAME_NO_EXCHANGE;
    *out = framed;
    return 0;
}

void framed_free(struct framed *framed)
{
    if (!framed)
        return;
    if (framed->framer->end)
        framed->framer->end(framed->state);
    free(framed->state);
    stream_free(&framed->streams[REQUEST]);
    stream_free(&framed->streams[RESPONSE]);
    pairing_free(&framed->pairing);
    free(framed);
}

void framed_watch(struct framed *framed, const struct framed_watcher *watcher)
{
    framed->watcher = watcher;
}

bool framed_is_run(const struct framed *framed, enum direction direction)
{
    return framed->streams[direction].unframed;
}

/* Tells the watcher of all that is in the side, which is then empty. */
static int tell(struct framed *framed, size_t exchange, enum direction direction, struct side *side)
{
    static const struct said nothing;
    const struct framed_watcher *watcher = framed->watcher;
    size_t lost = side->lost;
    int err = 0;

    if (!side->count && lost)
        err = watcher->said(watcher->context, exchange, direction, &nothing, lost);
    for (size_t i = 0; i < side->count && !err; i++, lost = 0)
        err = watcher->said(watcher->context, exchange, direction, &side->messages[i], lost);
    side_free(NULL, side);
    return err;
}

/* The exchange of what the framer has not placed. */
static size_t place(struct framed *framed, enum direction direction)
{
    const struct waiting *waiting = pairing_waiting(&framed->pairing, 0);

    if (direction == REQUEST)
        return pairing_open(&framed->pairing);
    return waiting ? waiting->exchange : pairing_latest(&framed->pairing);
}

static struct side *side_of(struct framed *framed, size_t number, enum direction direction)
{
    struct exchange *exchange = exchange_at(framed->conversation, number);

    if (!exchange)
        return NULL;
    return direction == REQUEST ? &exchange->request : &exchange->response;
}

/* Moves the frame to its exchange. The number of that stays, for a run that begins with it. */
static int frame_deliver(struct framed *framed, enum direction direction)
{
    struct stream *stream = &framed->streams[direction];
    struct side *side;

    if (stream->exchange == FRAME_NO_EXCHANGE)
        stream->exchange = place(framed, direction);
    framed->running = NOBODY;
    stream->ends = false;
    stream->skip = 0;
    if (framed->watcher)
        return tell(framed, stream->exchange, direction, &stream->frame);
    side = side_of(framed, stream->exchange, direction);
    return side ? side_move(side, &stream->frame) : -ENOMEM;
}

/* Without frames */

/* Adds a message that is not framed: to the run that goes on, or to a new one. */
static int run_add(struct framed *framed, uint64_t at, const struct message *message)
{
    enum direction direction = message->direction;
    struct stream *stream = &framed->streams[direction];
    bool goes_on = framed->running == (int)direction;
    struct side *side, part = {0};
    int err;

    if (!goes_on)
        stream->exchange = direction == REQUEST ? pairing_open(&framed->pairing)
                                                : pairing_latest(&framed->pairing);
    side = framed->watcher ? &part : side_of(framed, stream->exchange, direction);
    err = side ? side_add(NULL, side, goes_on, at, message) : -ENOMEM;
    if (err) {
        side_free(NULL, &part);
        return err;
    }
    side->messages[side->count - 1].unframed = stream->failed;
    framed->running = (int)direction;
    return framed->watcher ? tell(framed, stream->exchange, direction, side) : 0;
}

/* The same of the bytes missing behind a message, when the others are in the run already. */
static int run_miss(struct framed *framed, const struct message *message)
{
    struct message rest = *message;

    rest.length = 0;
    rest.lost = 0;
    rest.ancillary = NULL;
    return run_add(framed, framed->conversation->position[message->direction] + message->length,
                   &rest);
}

/* What the framer has begun or not taken becomes the beginning of a run. */
static int stop_framing(struct framed *framed, enum direction direction)
{
    struct stream *stream = &framed->streams[direction];
    int err = stream_take_all(stream);

    stream->unframed = true;
    if (direction == REQUEST)
        framed->pairing.requests_unframed = true;
    if (err || (!stream_begun(stream) && !stream->frame.lost))
        return err;
    if (stream->failed)
        stream_tear(stream);
    err = frame_deliver(framed, direction);
    framed->running = (int)direction;
    return err;
}

static int give_up(struct framed *framed, enum direction direction, uint64_t at, const char *format,
                   ...) __attribute__((format(printf, 4, 5)));

/* Stops framing because of what is wrong at that byte of the stream, and has it said. */
static int give_up(struct framed *framed, enum direction direction, uint64_t at, const char *format,
                   ...)
{
    char *why;
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vasprintf(&why, format, arguments);
    va_end(arguments);
    if (length < 0)
        return -ENOMEM;
    framed->streams[direction].failed = true;
    framed->conversation->wrong[direction] = (struct unframed){.at = at, .why = why};
    return stop_framing(framed, direction);
}

/* With frames */

/* Does what the framer says of the bytes it was shown. *moved says whether that led anywhere. */
static int obey(struct framed *framed, enum direction direction, int result,
                const struct frame_step *step, bool *moved)
{
    struct stream *stream = &framed->streams[direction];

    *moved = true;
    switch (result) {
    case FRAME_STEP:
        stream->skip = step->skip;
        stream->ends = step->ends;
        stream->exchange = step->exchange;
        return stream_take(stream, step->take);
    case FRAME_RAW:
        return stop_framing(framed, direction);
    case FRAME_WRONG:
        return give_up(framed, direction, stream->offset, "%s", step->wrong);
    case FRAME_WAIT: /* in vain, when more is said here and the other direction cannot go on */
        if (framed->streams[!direction].unframed && framed->speaking == direction)
            return give_up(framed, direction, stream->offset,
                           "what this is depends on the other direction, which is not framed");
        stream->waits = true;
        break;
    case FRAME_MORE:
        break;
    default:
        return result;
    }
    *moved = false;
    return 0;
}

/*
 * Goes on in one direction as far as possible, or to the end of a frame that the other one waits
 * for. *moved becomes true when it went on at all.
 */
static int go_on(struct framed *framed, enum direction direction, bool *moved)
{
    struct stream *stream = &framed->streams[direction];
    struct stream *other = &framed->streams[!direction];
    int err = 0;

    if (stream->waits && framed->speaking != direction)
        return 0;
    stream->waits = false;
    for (bool more = true; !err && more && !stream->unframed;) {
        err = stream_skip(stream);
        if (err || stream->skip > 0)
            break;
        if (stream->ends) {
            err = frame_deliver(framed, direction);
            stream->exchange = FRAME_NO_EXCHANGE;
            more = !other->waits;
            other->waits = false;
            *moved = true;
        } else if (stream_shown(stream) > 0) {
            struct frame_step step = {.exchange = stream->exchange};
            int result =
                framed->framer->read(framed->state, direction, stream->shown + stream->start,
                                     stream_shown(stream), &step);

            err = obey(framed, direction, result, &step, &more);
        } else {
            break;
        }
        *moved = *moved || more;
    }
    return err;
}

/* What is found in one direction can be what the other one waits for. */
static int go_on_both(struct framed *framed, enum direction first)
{
    bool moved;
    int err;

    do {
        moved = false;
        err = go_on(framed, first, &moved);
        if (!err)
            err = go_on(framed, !first, &moved);
    } while (!err && moved);
    return err;
}

/* Missing bytes come next, which does no harm where the framer would not have looked at them. */
static int miss(struct framed *framed, enum direction direction, size_t missing)
{
    struct stream *stream = &framed->streams[direction];
    const uint64_t at = stream->offset + stream_shown(stream);
    bool known = stream_shown(stream) == 0 && stream->skip >= missing;
    int err = stream_take(stream, stream_shown(stream));

    if (!err)
        err = stream_miss(stream, missing);
    if (err)
        return err;
    if (known) {
        if (stream->skip != FRAME_REST)
            stream->skip -= missing;
        return go_on_both(framed, direction);
    }
    if (framed->framer->resumes) {
        if (direction == RESPONSE) /* any of them can have been answered there */
            pairing_forget(&framed->pairing);
        return 0;
    }
    return give_up(framed, direction, at, "bytes are missing (%zu)", missing);
}

/* Messages are lost before what comes next, and nobody knows how long or in which direction. */
static int lose(struct framed *framed, size_t lost)
{
    for (int i = 0; i < 2; i++) {
        struct stream *stream = &framed->streams[i];
        int err;

        if (stream->unframed)
            continue;
        err = framed->framer->resumes
                  ? stream_take_all(stream)
                  : give_up(framed, (enum direction)i, stream->offset + stream_shown(stream),
                            "messages were lost (%zu)", lost);
        if (err)
            return err;
        stream_tear(stream);
    }
    pairing_forget(&framed->pairing);
    return 0;
}

int framed_add(struct framed *framed, struct conversation_table *conversation,
               const struct message *message)
{
    struct stream *stream = &framed->streams[message->direction];
    int err;

    framed->conversation = conversation;
    framed->speaking = message->direction;
    err = message->lost ? lose(framed, message->lost) : 0;
    if (err)
        return err;
    if (stream->unframed)
        return run_add(framed, conversation->position[message->direction], message);
    stream->frame.lost += message->lost;
    err = stream_show(stream, message);
    if (!err)
        err = go_on_both(framed, message->direction);
    if (!err && message->missing)
        err = stream->unframed ? run_miss(framed, message)
                               : miss(framed, message->direction, message->missing);
    return err;
}

/* The stream ends within a frame, which from there on could not be framed. */
static int cut_short(struct framed *framed, enum direction direction, uint64_t from)
{
    const struct stream *stream = &framed->streams[direction];
    uintmax_t there = stream->offset + stream_shown(stream) - from;

    if (stream->ends && stream->skip > 0)
        return give_up(framed, direction, from,
                       "the frame says it has %ju %s, and the stream ends after %ju of them",
                       there + stream->skip, text_counted(there + stream->skip, "byte", "bytes"),
                       there);
    if (stream->skip > 0)
        return give_up(framed, direction, from,
                       "the stream ends after %ju %s of the frame, and %zu more %s to come", there,
                       text_counted(there, "byte", "bytes"), stream->skip,
                       text_counted(stream->skip, "has", "have"));
    return give_up(framed, direction, from, "the stream ends within the frame, after %ju byte%s",
                   there, text_counted(there, "", "s"));
}

static int finish_stream(struct framed *framed, enum direction direction)
{
    struct stream *stream = &framed->streams[direction];
    const struct framer *framer = framed->framer;
    uint64_t from;
    bool something;
    int err;

    framed->speaking = direction;
    err = go_on_both(framed, direction);
    if (err)
        return err;
    from = stream_begun(stream) ? stream->frame_from : stream->offset;
    something = stream_begun(stream) || stream_shown(stream) > 0 || stream->carried_count > 0;
    if (stream->unframed || (!something && !stream->frame.lost))
        return 0;
    if (something && !(framer->whole && framer->whole(framed->state, direction)))
        return cut_short(framed, direction, from);
    err = stream_take_all(stream);
    if (!err && framer->resumes)
        err = pairing_in_order(&framed->pairing, direction, &stream->exchange);
    return err ? err : frame_deliver(framed, direction);
}

int framed_finish(struct framed *framed, struct conversation_table *conversation)
{
    int err;

    framed->conversation = conversation;
    err = finish_stream(framed, REQUEST);
    return err ? err : finish_stream(framed, RESPONSE);
}
