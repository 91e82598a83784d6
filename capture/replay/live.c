/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What a client says becomes messages: as they come, by framing, or by what was recorded. The first
 * message of a request finds its exchange, the others follow.
 */
#include "capture/replay/live.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/replay/answer.h"
#include "capture/replay/frames.h"
#include "capture/size.h"

/* What is no request after so many bytes more than the longest that is recorded will be none. */
enum { EXCESS_MAX = 16 << 20 };

/* Bytes of answers; who does not take its own is heard no more. */
enum { WAITING_MAX = 64 << 20 };

struct live {
    struct play_book *book;
    struct script_place place;
    struct scripted *current; /* whose request is not complete; or NULL */
    struct side asked;        /* what came of the request */
    size_t replied;           /* parts of its response that are on their way */
    struct said answer;       /* the message of the response that they are of, as it is now */
    size_t answers;           /* which one, counted from 1; 0: there is none */
    struct said heard;        /* of a stream, as far as it is not framed: what is no request yet */
    struct frames frames;     /* of a stream that is framed, if only at first */
    struct side requests;     /* frames that were found */
    size_t next_request;      /* of them */
    struct outbox outbox;
    size_t pending; /* bytes of a stream that were heard since the last request */
    bool stalled;   /* it has said more than was taken, as it was full */
    bool said_anything;
    bool lost; /* where it is in the recording: what it said was not known */
    bool ends; /* it says no more */
};

static struct scripted_conversation *conversation_of(const struct live *live)
{
    return &live->book->script->conversations[live->place.conversation];
}

/* Answers */

/* Makes the message of the response, unless it has been made for the part before. */
static int make_answer(struct live *live, const struct scripted *scripted, size_t message)
{
    const struct said *recorded = &scripted->exchange->response.messages[message];
    bool resized = false;
    int err;

    if (live->answers == message + 1)
        return 0;
    live->answers = message + 1;
    live->answer.length = 0;
    err = answer_fill(&live->answer, scripted->exchange, message, &live->asked, &resized);
    live->book->resized += resized;
    if (recorded->missing || recorded->carried_count)
        live->book->lacks(live->book->context, scripted, message);
    return err;
}

/* Puts a part of the response of the exchange into *out. What it echoes may be longer than it was.
 */
static int make_part(struct live *live, const struct scripted *scripted, size_t reply,
                     struct said *out)
{
    const struct reply *part = &scripted->replies[reply];
    const bool is_last =
        reply + 1 == scripted->count || scripted->replies[reply + 1].message != part->message;
    int err = make_answer(live, scripted, part->message);
    const size_t length = live->answer.length;
    size_t from = part->offset, to = is_last ? length : reply_end(scripted, reply);

    if (err)
        return err;
    from = size_min(from, length);
    to = size_min(to, length);
    return to > from ? said_append(NULL, out, live->answer.data + from, to - from) : 0;
}

/* Sends the parts of the response that come when so much of the request has. */
static int reply(struct live *live, const struct scripted *scripted, size_t asked, uint64_t now)
{
    int err = 0;

    while (live->replied < scripted->count && scripted->replies[live->replied].after <= asked &&
           !err) {
        const struct reply *part = &scripted->replies[live->replied];
        const uint64_t from = live->outbox.due > now ? live->outbox.due : now;
        struct said bytes = {0};

        err = make_part(live, scripted, live->replied, &bytes);
        if (!err)
            err = frames_add(&live->frames, RESPONSE, bytes.data, bytes.length, 0);
        if (!err)
            err = outbox_add(&live->outbox, &bytes, live->book->timed ? from + part->delay : now);
        free(bytes.data);
        live->replied++;
    }
    return err;
}

/* Nothing of the next request has come yet. */
static void begin_request(struct live *live)
{
    live->current = NULL;
    live->replied = 0;
    live->answers = 0;
    side_free(NULL, &live->asked);
}

static void exchange_is_over(struct live *live, struct scripted *scripted)
{
    scripted->asked++;
    live->book->answered++;
    begin_request(live);
}

/* What the server says unasked, where the client has come to. */
static int say_unasked(struct live *live, uint64_t now)
{
    const struct scripted_conversation *conversation = conversation_of(live);
    int err = 0;

    while (live->place.exchange < conversation->conversation->count && !err) {
        struct scripted *scripted = &conversation->exchanges[live->place.exchange];

        if (scripted->exchange->request.count)
            break;
        live->place.exchange++;
        err = reply(live, scripted, 0, now);
        scripted->asked++;
        begin_request(live);
    }
    return err;
}

bool play_book_is_full(const struct play_book *book)
{
    return book->waiting >= WAITING_MAX;
}

bool live_is_full(const struct live *live)
{
    return live->outbox.waiting && play_book_is_full(live->book);
}

/* Requests */

/* The exchange is where the conversation goes on from. */
static void turn_to(struct live *live, const struct script_match *match)
{
    struct script *script = live->book->script;

    if (live->place.turned && match->conversation != live->place.conversation) {
        script->conversations[live->place.conversation].clients--;
        script->conversations[match->conversation].clients++;
    }
    live->place = (struct script_place){match->conversation, match->exchange + 1, false};
    live->current = &script->conversations[match->conversation].exchanges[match->exchange];
}

static int keep_asked(struct live *live, const struct heard *heard)
{
    struct said *said = side_start(NULL, &live->asked);

    return said ? said_append(NULL, said, heard->data, heard->length) : -errno;
}

/* A message of the request has come; it may be the last. */
static int take_message(struct live *live, const struct heard *heard, uint64_t now)
{
    struct scripted *scripted = live->current;
    int err = keep_asked(live, heard);

    if (!err)
        err = reply(live, scripted, live->asked.count, now);
    if (err || live->asked.count < scripted->exchange->request.count)
        return err;
    exchange_is_over(live, scripted);
    return say_unasked(live, now);
}

static int tell_unknown(struct live *live, const struct heard *heard)
{
    struct unknown unknown = {.data = heard->data, .length = heard->length, .ends = live->ends};
    const struct scripted *next = live->current;

    if (next) {
        unknown.nearest = next;
        unknown.message = live->asked.count;
        unknown.place.conversation = live->place.conversation;
        unknown.place.exchange = (size_t)(next - conversation_of(live)->exchanges);
    } else if (script_nearest(live->book->script, heard, &unknown.place)) {
        unknown.nearest = &live->book->script->conversations[unknown.place.conversation]
                               .exchanges[unknown.place.exchange];
    }
    live->lost = live->book->type != SOCK_DGRAM;
    begin_request(live);
    return live->book->unknown(live->book->context, &unknown);
}

/* The next message of a request that has begun. */
static enum fit fit_current(const struct live *live, const struct heard *heard, size_t *taken)
{
    const struct side *request = &live->current->exchange->request;

    return fit_message(&request->messages[live->asked.count], heard, taken);
}

/* Takes a message off what was heard, if there is one. *taken is 0 when there is none yet. */
static int take_heard(struct live *live, const struct heard *heard, bool settle, size_t *taken,
                      uint64_t now)
{
    struct heard message = *heard;
    struct script_match match = {0};
    enum fit fit = FIT_NOT;

    *taken = 0;
    if (live->current)
        fit = fit_current(live, heard, taken);
    if (fit == FIT_NOT) {
        fit = script_find(live->book->script, &live->place, heard, settle, &match);
        if (fit == FIT_WHOLE) {
            begin_request(live);
            turn_to(live, &match);
            *taken = match.taken;
        }
    }
    if (fit == FIT_PART) {
        *taken = 0;
        return 0;
    }
    if (fit == FIT_NOT) {
        *taken = heard->length;
        return tell_unknown(live, heard);
    }
    message.length = *taken;
    return take_message(live, &message, now);
}

/* Goes on with what was heard of a stream where it is not framed. */
static int go_on(struct live *live, bool settle, uint64_t now)
{
    size_t done = 0, taken = 1;
    int err = 0;

    live->stalled = false;
    while (done < live->heard.length && taken && !err && !live->lost && !live->stalled) {
        const struct heard heard = {live->heard.data + done, live->heard.length - done, true};

        err = take_heard(live, &heard, settle, &taken, now);
        done += taken;
        live->stalled = live_is_full(live) && done < live->heard.length;
    }
    if (done)
        memmove(live->heard.data, live->heard.data + done, live->heard.length - done);
    live->heard.length -= done;
    return err;
}

/* Frames */

static int keep_frame(void *context, size_t exchange, enum direction direction,
                      const struct said *said, size_t lost)
{
    struct live *live = context;
    struct said *kept;

    (void)exchange;
    (void)lost;
    if (direction == RESPONSE)
        return 0;
    if (!frames_cut(&live->frames, REQUEST))
        return said_append(NULL, &live->heard, said->data, said->length);
    kept = side_start(NULL, &live->requests);
    return kept ? said_append(NULL, kept, said->data, said->length) : -errno;
}

/* Answers may bring forth further frames, as the framing knows of them. */
static int take_frames(struct live *live, uint64_t now)
{
    int err = 0;

    live->stalled = false;
    while (live->next_request < live->requests.count && !err && !live->lost) {
        const struct said *said = &live->requests.messages[live->next_request];
        const struct heard heard = {said->data, said->length, false};
        size_t taken;

        live->stalled = live_is_full(live);
        if (live->stalled)
            return 0;
        live->next_request++;
        err = take_heard(live, &heard, false, &taken, now);
    }
    live->next_request = 0;
    side_free(NULL, &live->requests);
    return err;
}

static int hear_framed(struct live *live, const uint8_t *data, size_t length, uint64_t now)
{
    int err = frames_add(&live->frames, REQUEST, data, length, 0);

    live->pending = live->requests.count ? 0 : live->pending + length;
    if (!err)
        err = take_frames(live, now);
    if (err || live->stalled || frames_cut(&live->frames, REQUEST))
        return err;
    err = go_on(live, false, now);
    live->pending = live->heard.length;
    return err;
}

static int hear_unframed(struct live *live, const uint8_t *data, size_t length, uint64_t now)
{
    int err = said_append(NULL, &live->heard, data, length);

    if (!err)
        err = go_on(live, false, now);
    live->pending = live->heard.length;
    return err;
}

/* What the client does */

int live_hear(struct live *live, const uint8_t *data, size_t length, uint64_t now)
{
    const struct heard heard = {data, length, false};
    size_t taken;
    int err;

    live->said_anything = true;
    if (live->lost)
        return 0;
    if (live->book->type != SOCK_STREAM)
        return take_heard(live, &heard, false, &taken, now);
    if (live->frames.framed)
        err = hear_framed(live, data, length, now);
    else
        err = hear_unframed(live, data, length, now);
    if (!err && !live->lost && live->pending > live->book->script->longest + EXCESS_MAX)
        err = tell_unknown(live, &heard);
    return err;
}

int live_settle(struct live *live, uint64_t now)
{
    return live->heard.length ? go_on(live, true, now) : 0;
}

bool live_is_partial(const struct live *live)
{
    return live->heard.length > 0;
}

/* Nothing comes behind what was heard: what of it is no request by now will be none. */
static int end_heard(struct live *live, uint64_t now)
{
    struct heard rest;
    int err = live_settle(live, now);

    if (err || live->stalled)
        return err;
    rest = (struct heard){live->heard.data, live->heard.length, true}; /* more could have come */
    if (rest.length && !live->lost)
        err = tell_unknown(live, &rest);
    live->heard.length = 0;
    return err;
}

int live_resume(struct live *live, uint64_t now)
{
    int err;

    if (!live->stalled || live_is_full(live))
        return 0;
    err = take_frames(live, now);
    if (err || live->stalled)
        return err;
    return live->ends ? end_heard(live, now) : go_on(live, false, now);
}

int live_end(struct live *live, uint64_t now)
{
    int err = 0;

    live->ends = true;
    if (live->lost)
        return 0;
    if (live->frames.framed)
        err = frames_finish(&live->frames);
    if (!err)
        err = take_frames(live, now);
    return err || live->stalled ? err : end_heard(live, now);
}

/* From beginning to end */

/* The conversation that fewest have been given, and of these the first. */
static size_t choose_conversation(const struct script *script)
{
    size_t best = 0;

    for (size_t i = 1; i < script->count; i++)
        if (script->conversations[i].clients < script->conversations[best].clients)
            best = i;
    return best;
}

int live_new(struct live **out, struct play_book *book, uint64_t now)
{
    struct live *live = calloc(1, sizeof(*live));
    int err = 0;

    if (!live)
        return -ENOMEM;
    live->book = book;
    outbox_begin(&live->outbox, &book->waiting);
    live->place = (struct script_place){choose_conversation(book->script), 0, true};
    conversation_of(live)->clients++;
    if (book->framing && book->type == SOCK_STREAM)
        err = frames_begin(&live->frames, book->framing, (struct framed_watcher){live, keep_frame});
    if (!err)
        err = say_unasked(live, now);
    if (err)
        live_free(live);
    else
        *out = live;
    return err;
}

void live_free(struct live *live)
{
    if (!live)
        return;
    /* Whoever says nothing only looks whether there is a server. */
    if (!live->said_anything)
        conversation_of(live)->clients--;
    outbox_free(&live->outbox);
    frames_end(&live->frames);
    side_free(NULL, &live->asked);
    side_free(NULL, &live->requests);
    free(live->heard.data);
    free(live->answer.data);
    free(live);
}

struct outbox *live_outbox(struct live *live)
{
    return &live->outbox;
}

bool live_is_lost(const struct live *live)
{
    return live->lost;
}

bool live_is_over(const struct live *live)
{
    return !live->outbox.first && !live->stalled && !live->current && !live->heard.length &&
           live->said_anything &&
           live->place.exchange >= conversation_of(live)->conversation->count;
}
