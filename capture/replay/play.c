/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The messages of the recording are gone through in their order: a request is sent, for a response
 * it is waited until as much has come as had then. How much that is, framing says where there is
 * some; else it is the bytes.
 */
#include "capture/replay/play.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture/clock.h"
#include "capture/replay/dial.h"
#include "capture/replay/frames.h"
#include "capture/replay/receive.h"
#include "capture/signals.h"
#include "capture/wildcard.h"

#define MILLISECOND UINT64_C(1000000)

/* Where the length of an answer varies, silence for so long ends it. */
#define QUIET (200 * MILLISECOND)

/* So long it is listened for what nobody expects, when all is over. */
#define SURPLUS (100 * MILLISECOND)

/* A server that was late once is not waited for as long any more. */
#define LATER (500 * MILLISECOND)

/* How many frames one view of a conversation has of the server. */
struct count {
    struct frames frames;
    size_t responses;
};

/* A conversation as it is played. */
struct party {
    const struct conversation_table *recorded;
    size_t number; /* of it, counted from 0 */
    struct dial dial;
    uint32_t now; /* its number among those that take place now; 0: none yet */
    struct count was, is;
    struct said run;      /* what the server has said since the last request */
    size_t run_wanted;    /* and had, in bytes, */
    size_t said, wanted;  /* in messages; these from the beginning, but for what came late */
    size_t settled;       /* of what is wanted: before the last request */
    uint64_t heard;       /* when something came last */
    uint64_t recorded_at; /* the time of the message before */
    size_t exchange;      /* of the last request, as it is recorded; SIZE_MAX: there is none */
    int err;              /* why it is over: -errno, or 0 */
    struct side early;    /* what was heard and is not taken down yet */
    bool answered;        /* the server had said something since the last request */
    bool opened, over, late;
};

struct player {
    struct playing *playing;
    struct party *parties;
    uint32_t numbers;
    bool reached; /* the server was connected to */
    int signals;
    struct receiver receiver;
};

/* Frames */

static int count_frame(void *context, size_t exchange, enum direction direction,
                       const struct said *said, size_t lost)
{
    struct count *count = context;

    (void)exchange;
    (void)said;
    (void)lost;
    if (frames_cut(&count->frames, RESPONSE))
        count->responses += direction == RESPONSE;
    return 0;
}

/* Taking down */

static int take_down(struct player *player, struct party *party, struct message message)
{
    if (!party->now)
        party->now = ++player->numbers;
    message.time = clock_epoch() + clock_monotonic();
    message.conversation = party->now;
    message.family = party->recorded->family;
    message.type = party->recorded->type;
    message.sent = message.direction == REQUEST;
    message.self = &party->recorded->client;
    message.peer = &party->recorded->server;
    return player->playing->add(player->playing->context, &message);
}

/* What was not answered is not one with what is asked next. */
static int take_down_request(struct player *player, struct party *party,
                             const struct kept_message *kept)
{
    const bool anew = party->exchange != SIZE_MAX && party->exchange != kept->exchange;

    party->exchange = kept->exchange;
    return take_down(player, party,
                     (struct message){.direction = REQUEST,
                                      .data = kept->message.data,
                                      .length = kept->message.length,
                                      .anew = anew});
}

/* Takes down what was heard. */
static int take_down_heard(struct player *player, struct party *party)
{
    int err = 0;

    for (size_t i = 0; i < party->early.count && !err; i++)
        err = take_down(player, party,
                        (struct message){.direction = RESPONSE,
                                         .data = party->early.messages[i].data,
                                         .length = party->early.messages[i].length});
    side_free(NULL, &party->early);
    return err;
}

/* Listening */

static bool is_stream(const struct party *party)
{
    return party->recorded->type == SOCK_STREAM;
}

/* Takes what has come, once. Returns 1, 0 when there is nothing, or -ENOMEM. */
static int hear_once(struct player *player, struct party *party)
{
    struct receiver *receiver = &player->receiver;
    const ssize_t got = receive(receiver, party->dial.fd, party->recorded->type, NULL);
    struct said *early;
    int err;

    if (got == -EAGAIN || got == -ENOMEM)
        return got == -ENOMEM ? -ENOMEM : 0;
    if (got < 0) {
        party->over = true;
        party->err = got == -ENODATA ? 0 : (int)got;
        return 0;
    }
    party->heard = clock_monotonic();
    party->said++;
    err = said_append(NULL, &party->run, receiver->data, (size_t)got);
    if (!err)
        err = frames_add(&party->is.frames, RESPONSE, receiver->data, (size_t)got, 0);
    early = err ? NULL : side_start(NULL, &party->early);
    if (early)
        err = said_append(NULL, early, receiver->data, (size_t)got);
    return err ? err : early ? 1 : -ENOMEM;
}

static int hear(struct player *player, struct party *party)
{
    int heard = 1;

    while (heard > 0 && !party->over)
        heard = hear_once(player, party);
    return heard;
}

/* Waits for the socket or a signal. Returns 0; -EINTR when a signal has come; or another -errno. */
static int wait_for(const struct player *player, const struct party *party, short events,
                    uint64_t until)
{
    const uint64_t now = clock_monotonic();
    uint64_t left = until > now ? (until - now + MILLISECOND - 1) / MILLISECOND : 0;
    struct pollfd polls[] = {{.fd = party->over ? -1 : party->dial.fd, .events = events},
                             {.fd = player->signals, .events = POLLIN}};

    if (poll(polls, 2, left < INT32_MAX ? (int)left : INT32_MAX) < 0 && errno != EINTR)
        return -errno;
    return polls[1].revents ? -EINTR : 0;
}

/* What the server has said since the last request, as it is recorded. */
static const struct said *recorded_run(const struct party *party, size_t exchange)
{
    const struct side *response =
        exchange < party->recorded->count ? &party->recorded->exchanges[exchange].response : NULL;

    return response && response->count == 1 ? &response->messages[0] : NULL;
}

static bool varies(const struct said *said)
{
    for (size_t i = 0; said && i < said->ranges.count; i++)
        if (wildcard_varies(said, &said->ranges.items[i]))
            return true;
    return false;
}

/* Has as much come as had when it was recorded? */
static bool is_answered(const struct party *party, size_t exchange)
{
    const struct said *run = recorded_run(party, exchange);
    const bool cut =
        frames_cut(&party->was.frames, RESPONSE) && frames_cut(&party->is.frames, RESPONSE);

    if (!is_stream(party))
        return party->said >= party->wanted;
    if (cut && party->is.responses >= party->was.responses && party->was.responses)
        return true;
    if (cut || !varies(run))
        return party->run.length >= party->run_wanted;
    return wildcard_match(run, &party->run) ||
           (party->run.length && clock_monotonic() - party->heard >= QUIET);
}

static void tell(const struct player *player, struct party *party, struct stopped stopped)
{
    stopped.conversation = party->number;
    player->playing->stopped(player->playing->context, &stopped);
}

/* Tells what has come instead of the whole answer; the rest is not waited for any more. */
static void give_up(const struct player *player, struct party *party, size_t exchange)
{
    tell(player, party,
         (struct stopped){
             .stop = party->err    ? STOP_FAILED
                     : party->over ? STOP_CLOSED
                                   : STOP_LATE,
             .err = party->err,
             .exchange = exchange,
             .there = is_stream(party) ? party->run.length : party->said - party->settled,
             .wanted = is_stream(party) ? party->run_wanted : party->wanted - party->settled});
    party->late = true;
    party->wanted = party->said;
    party->is.responses = party->was.responses;
}

/* Waits until the server has said what it had said by then. */
static int await_answer(struct player *player, struct party *party, size_t exchange)
{
    const uint64_t patience =
        party->late && player->playing->patience > LATER ? LATER : player->playing->patience;
    uint64_t until = clock_monotonic() + patience;
    int err = hear(player, party);

    while (err >= 0 && !party->over && !is_answered(party, exchange)) {
        const uint64_t now = clock_monotonic();
        const size_t before = party->run.length;

        if (now >= until)
            break;
        err = wait_for(player, party, POLLIN, until < now + QUIET ? until : now + QUIET);
        if (!err)
            err = hear(player, party);
        if (party->run.length > before) /* it goes on */
            until = clock_monotonic() + patience;
    }
    if (err >= 0)
        err = take_down_heard(player, party);
    if (err >= 0 && !is_answered(party, exchange))
        give_up(player, party, exchange);
    return err < 0 ? err : 0;
}

/* Speaking */

/* Sends what is left of a request; who does not listen meanwhile may wait for ever. */
static int send_all(struct player *player, struct party *party, const struct message *message,
                    size_t *sent)
{
    uint64_t until = clock_monotonic() + player->playing->patience;
    int err = 0;

    *sent = 0;
    do {
        ssize_t now =
            send(party->dial.fd, message->data + *sent, message->length - *sent, MSG_NOSIGNAL);

        if (now >= 0) {
            *sent += (size_t)now;
            until = clock_monotonic() + player->playing->patience;
            continue;
        }
        if (errno != EAGAIN && errno != EINTR)
            return -errno;
        if (clock_monotonic() >= until)
            return -ETIMEDOUT;
        err = wait_for(player, party, POLLIN | POLLOUT, until);
        if (!err)
            err = hear(player, party);
    } while (err >= 0 && *sent < message->length && !party->over);
    return err < 0 ? err : party->over && *sent < message->length ? -EPIPE : 0;
}

static bool is_trouble_with_us(int err)
{
    return err == -ENOMEM || err == -EINTR || err == -ENOSPC || err == -EMFILE || err == -ENFILE;
}

/*
 * What comes unasked behind an answer belongs to that. But where several requests were said before
 * the first answer, one that comes early now has its place behind them all the same.
 */
static int begin_request(struct player *player, struct party *party)
{
    int err = hear(player, party);

    if (err < 0 || !party->answered)
        return err;
    party->answered = false;
    party->run.length = 0;
    party->run_wanted = 0;
    party->settled = party->wanted;
    return take_down_heard(player, party);
}

/* What nothing was sent of was not said; of what was cut off there may be an answer. */
static int send_request(struct player *player, struct party *party, const struct kept_message *kept)
{
    const struct message *message = &kept->message;
    size_t sent = 0;
    int failed = frames_add(&party->is.frames, REQUEST, message->data, message->length, 0), err = 0;

    if (!failed)
        failed = send_all(player, party, message, &sent);
    if (!failed || sent)
        err = take_down_request(player, party, kept);
    return err ? err : failed;
}

static int say_request(struct player *player, struct party *party, const struct kept_message *kept)
{
    const struct message *message = &kept->message;
    int err = begin_request(player, party);

    if (err < 0)
        return err;
    if (message->missing || message->lost) {
        party->over = true;
        tell(player, party, (struct stopped){.stop = STOP_LACKS, .exchange = kept->exchange});
        return 0;
    }
    if (party->over) {
        if (!party->late)
            tell(player, party, (struct stopped){.stop = STOP_CLOSED, .exchange = kept->exchange});
        party->late = true;
        return 0;
    }
    err = send_request(player, party, kept);
    if (!err || is_trouble_with_us(err))
        return err;
    tell(player, party,
         (struct stopped){.stop = STOP_FAILED, .exchange = kept->exchange, .err = err});
    err = hear(player, party);
    party->over = party->late = true;
    return err < 0 ? err : 0;
}

/* The gap that was before the request. */
static int let_time_pass(const struct player *player, const struct party *party,
                         const struct message *message)
{
    const uint64_t now = clock_monotonic();

    if (!player->playing->timed || !party->recorded_at || message->time <= party->recorded_at)
        return 0;
    for (uint64_t until = now + message->time - party->recorded_at; clock_monotonic() < until;) {
        int err = wait_for(player, party, 0, until);

        if (err)
            return err;
    }
    return 0;
}

/* Going through */

/* A server that is gone meanwhile has its say in the conversations before. */
static int connect_party(struct player *player, struct party *party, size_t exchange)
{
    struct playing *playing = player->playing;
    int err = dial_open(&party->dial, playing->address, party->recorded->type, playing->why);

    player->reached = player->reached || !err;
    if (!err || !player->reached || is_trouble_with_us(err))
        return err;
    party->over = party->late = true;
    tell(player, party,
         (struct stopped){.stop = STOP_GONE, .exchange = exchange, .why = playing->why});
    playing->why[0] = '\0';
    return 0;
}

static int open_party(struct player *player, struct party *party, size_t exchange)
{
    const struct playing *playing = player->playing;
    int err;

    party->opened = true;
    err = connect_party(player, party, exchange);
    if (!err && playing->framing && is_stream(party)) {
        err = frames_begin(&party->was.frames, playing->framing, count_frame, &party->was);
        if (!err)
            err = frames_begin(&party->is.frames, playing->framing, count_frame, &party->is);
    }
    return err;
}

/* Is it the last of what the server says there, before anything else? */
static bool ends_answer(const struct messages *messages, size_t i)
{
    const struct message *this = &messages->items[i]->message, *next;

    if (i + 1 == messages->count)
        return true;
    next = &messages->items[i + 1]->message;
    return next->direction == REQUEST || next->conversation != this->conversation;
}

static int play_message(struct player *player, size_t i)
{
    const struct messages *messages = player->playing->messages;
    const struct kept_message *kept = messages->items[i];
    struct party *party = &player->parties[kept->message.conversation - 1];
    int err = party->opened ? 0 : open_party(player, party, kept->exchange);

    if (!err)
        err = frames_add(&party->was.frames, kept->message.direction, kept->message.data,
                         kept->message.length, kept->message.missing);
    if (!err && kept->message.direction == REQUEST) {
        err = let_time_pass(player, party, &kept->message);
        if (!err)
            err = say_request(player, party, kept);
    } else if (!err) {
        party->answered = true;
        party->wanted++;
        party->run_wanted += kept->message.length + kept->message.missing;
        if (!party->over && ends_answer(messages, i))
            err = await_answer(player, party, kept->exchange);
    }
    party->recorded_at = kept->message.time;
    return err;
}

/* What nobody waits for may come a little later than what was waited for. */
static int listen_on(struct player *player)
{
    const uint64_t until = clock_monotonic() + SURPLUS;
    int err = 0;

    for (size_t i = 0; i < player->playing->table->count && err >= 0; i++) {
        struct party *party = &player->parties[i];

        while (party->opened && !party->over && err >= 0 && clock_monotonic() < until) {
            err = wait_for(player, party, POLLIN, until);
            if (!err)
                err = hear(player, party);
        }
        if (party->opened && !party->over && err >= 0)
            err = hear(player, party);
        if (err >= 0)
            err = take_down_heard(player, party);
    }
    return err < 0 ? err : 0;
}

static void party_free(struct party *party)
{
    if (party->opened)
        dial_close(&party->dial);
    frames_end(&party->was.frames);
    frames_end(&party->is.frames);
    side_free(NULL, &party->early);
    free(party->run.data);
}

int play(struct playing *playing)
{
    struct player player = {.playing = playing, .signals = -1};
    const size_t count = playing->table->count;
    int err = 0;

    playing->why[0] = '\0';
    player.parties = calloc(count + 1, sizeof(*player.parties));
    if (receiver_new(&player.receiver) || !player.parties)
        err = -ENOMEM;
    for (size_t i = 0; i < count && !err; i++) {
        player.parties[i].recorded = &playing->table->conversations[i];
        player.parties[i].number = i;
        player.parties[i].exchange = SIZE_MAX;
    }
    if (!err) {
        player.signals = signals_open();
        err = player.signals < 0 ? player.signals : 0;
    }
    for (size_t i = 0; i < playing->messages->count && !err; i++)
        err = play_message(&player, i);
    if (!err)
        err = listen_on(&player);
    for (size_t i = 0; player.parties && i < count; i++)
        party_free(&player.parties[i]);
    if (player.signals >= 0)
        close(player.signals);
    free(player.parties);
    receiver_free(&player.receiver);
    return err;
}
