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
#include "capture/pattern_inet.h"
#include "capture/replay/dial.h"
#include "capture/replay/frames.h"
#include "capture/replay/receive.h"
#include "capture/replay/send.h"
#include "capture/signals.h"
#include "capture/wildcard.h"

/* Where the length of an answer varies, silence for so long ends one that is another. */
#define QUIET (200 * MILLISECOND)

/* So long it is listened for what nobody expects, when all is over; and who says nothing for so
 * long may wait for something. */
#define SURPLUS (100 * MILLISECOND)

/* A server that was late once is not waited for as long any more. */
#define LATER (500 * MILLISECOND)

/* So long it is waited until a server that takes no more clients is asked again. */
#define RETRY (10 * MILLISECOND)

/* So many connections that are over stay open: servers have a limit, as PostgreSQL has 100. */
enum { ENDED_MAX = 32 };

/* How many answers one view of a conversation has of the server: frames, or else messages. */
struct count {
    struct frames frames;
    size_t responses, before; /* from the beginning; and before the last request */
};

/* A conversation as it is played. */
struct played {
    const struct conversation_table *recorded;
    size_t number; /* of it, counted from 0 */
    struct dial dial;
    uint32_t now; /* its number among those that take place now; 0: none yet */
    struct count was, is;
    struct said run;      /* what the server has said since the last request */
    size_t run_wanted;    /* and had, in bytes */
    uint64_t heard;       /* when something came last */
    uint64_t recorded_at; /* the time of the message before */
    size_t exchange;      /* of the last request, as it is recorded; SIZE_MAX: there is none */
    int err;              /* why it is over: -errno, or 0 */
    struct side early;    /* what was heard and is not taken down yet */
    size_t left;          /* messages that are not played yet, */
    size_t requests_left; /* and requests among these */
    bool answered;        /* the server had said something since the last request */
    bool opened, over, late;
};

struct player {
    struct playing *playing;
    struct played *played;
    uint32_t numbers;
    size_t ended; /* connections that are open, though all in them was played */
    bool reached; /* there is a server: it was connected to, or of UDP has said something */
    bool ends;    /* it answered when it was told that nothing more comes */
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

static int count_frames(struct count *count, const struct framing *framing)
{
    return frames_begin(&count->frames, framing, (struct framed_watcher){count, count_frame});
}

/* Taking down */

static int take_down(struct player *player, struct played *played, struct message message)
{
    if (!played->now)
        played->now = ++player->numbers;
    message.time = clock_epoch() + clock_monotonic();
    message.conversation = played->now;
    message.family = played->recorded->family;
    message.type = played->recorded->type;
    message.sent = message.direction == REQUEST;
    message.self = &played->recorded->client;
    message.peer = &played->recorded->server;
    return player->playing->add(player->playing->context, &message);
}

/* What was not answered is not one with what is asked next. */
static int take_down_request(struct player *player, struct played *played,
                             const struct kept_message *kept)
{
    const bool anew = played->exchange != SIZE_MAX && played->exchange != kept->exchange;

    played->exchange = kept->exchange;
    return take_down(player, played,
                     (struct message){.direction = REQUEST,
                                      .data = kept->message.data,
                                      .length = kept->message.length,
                                      .anew = anew});
}

/* Takes down what was heard. */
static int take_down_heard(struct player *player, struct played *played)
{
    int err = 0;

    for (size_t i = 0; i < played->early.count && !err; i++)
        err = take_down(player, played,
                        (struct message){.direction = RESPONSE,
                                         .data = played->early.messages[i].data,
                                         .length = played->early.messages[i].length});
    side_free(NULL, &played->early);
    return err;
}

/* Listening */

static bool is_stream(const struct played *played)
{
    return played->recorded->type == SOCK_STREAM;
}

/* With UDP there is no connection. */
static bool is_udp(const struct player *player, const struct played *played)
{
    return played->recorded->type == SOCK_DGRAM && pattern_is_inet(player->playing->address);
}

/* Takes what has come, once. Returns 1, 0 when there is nothing, or -errno. */
static int hear_once(struct player *player, struct played *played)
{
    struct receiver *receiver = &player->receiver;
    const ssize_t got = receive(receiver, played->dial.fd, played->recorded->type, NULL);
    struct said *early;
    int err;

    if (got == -EAGAIN || got == -ENOMEM)
        return got == -ENOMEM ? -ENOMEM : 0;
    if (got == -ECONNREFUSED && !player->reached) {
        dial_say_why(player->playing->why, player->playing->address, (int)got,
                     played->recorded->type);
        return (int)got;
    }
    player->reached = player->reached || got >= 0;
    if (got < 0) {
        played->over = true;
        played->err = got == -ENODATA ? 0 : (int)got;
        return 0;
    }
    played->heard = clock_monotonic();
    played->is.responses += !is_stream(played);
    err = said_append(NULL, &played->run, receiver->data, (size_t)got);
    if (!err)
        err = frames_add(&played->is.frames, RESPONSE, receiver->data, (size_t)got, 0);
    early = err ? NULL : side_start(NULL, &played->early);
    if (early)
        err = said_append(NULL, early, receiver->data, (size_t)got);
    return err ? err : early ? 1 : -ENOMEM;
}

static int hear(struct player *player, struct played *played)
{
    int heard = 1;

    while (heard > 0 && !played->over)
        heard = hear_once(player, played);
    return heard;
}

/* Waits for the socket or a signal. Returns 0; -EINTR when a signal has come; or another -errno. */
static int wait_for(const struct player *player, const struct played *played, short events,
                    uint64_t until)
{
    const uint64_t now = clock_monotonic();
    const int timeout = clock_timeout(until > now ? until - now : 0);
    struct pollfd polls[] = {{.fd = played->over ? -1 : played->dial.fd, .events = events},
                             {.fd = player->signals, .events = POLLIN}};

    if (poll(polls, 2, timeout) < 0 && errno != EINTR)
        return -errno;
    return polls[1].revents ? -EINTR : 0;
}

/* What the server has said since the last request, as it is recorded. */
static const struct said *recorded_run(const struct played *played, size_t exchange)
{
    const struct side *response =
        exchange < played->recorded->count ? &played->recorded->exchanges[exchange].response : NULL;

    return response && response->count == 1 ? &response->messages[0] : NULL;
}

static bool varies(const struct said *said)
{
    for (size_t i = 0; said && i < said->ranges.count; i++)
        if (wildcard_varies(said, &said->ranges.items[i]))
            return true;
    return false;
}

/* Is it known of both views how many answers they have? */
static bool is_counted(const struct played *played)
{
    return !is_stream(played) ||
           (frames_cut(&played->was.frames, RESPONSE) && frames_cut(&played->is.frames, RESPONSE));
}

/* Has as much come as had when it was recorded? */
static bool is_answered(const struct played *played, size_t exchange)
{
    const struct said *run = recorded_run(played, exchange);
    const bool counted = is_counted(played);
    size_t taken;

    if (counted && played->was.responses)
        return played->is.responses >= played->was.responses;
    if (counted || !varies(run))
        return played->run.length >= played->run_wanted;
    if (wildcard_match(run, &played->run))
        return true;
    return played->run.length && clock_monotonic() - played->heard >= QUIET &&
           wildcard_begins(run, &played->run, &taken) != FIT_PART;
}

static void tell(const struct player *player, struct played *played, struct stopped stopped)
{
    stopped.conversation = played->number;
    player->playing->stopped(player->playing->context, &stopped);
}

/* Tells what has come instead of the whole answer. */
static void tell_unanswered(const struct player *player, struct played *played, size_t exchange)
{
    const size_t there = played->is.responses - played->is.before;
    const size_t wanted = played->was.responses - played->was.before;
    const bool stream = is_stream(played);

    if (is_counted(played) && wanted && there >= wanted && !played->over)
        return; /* as many as had come; what is behind is the answer to another request */
    tell(player, played,
         (struct stopped){.stop = played->err    ? STOP_FAILED
                                  : played->over ? STOP_CLOSED
                                                 : STOP_LATE,
                          .err = played->err,
                          .exchange = exchange,
                          .there = stream ? played->run.length : there,
                          .wanted = stream ? played->run_wanted : wanted});
}

/* What was to come before the last request is not waited for once more. */
static void give_up(struct played *played)
{
    const size_t behind =
        played->was.before > played->is.responses ? played->was.before - played->is.responses : 0;

    played->late = true;
    played->is.responses += behind;
    played->is.before += behind;
}

/* How long is waited where it may be in vain. */
static uint64_t later(const struct player *player)
{
    return player->playing->patience > LATER ? LATER : player->playing->patience;
}

/* Closes a conversation, but for what has come. Returns 0 or -errno. */
static int close_played(struct player *player, struct played *played)
{
    int err = played->over ? 0 : hear(player, played);

    played->over = true;
    dial_close(&played->dial);
    return err < 0 ? err : take_down_heard(player, played);
}

/*
 * When a client closes is not recorded. Closes all but so many of those that are over; they stay
 * open until somebody waits for it, as servers do that take one client at a time. Returns how many
 * were closed, or -errno.
 */
static int close_ended(struct player *player, size_t keep)
{
    int closed = 0, err = 0;

    for (size_t i = 0; player->ended > keep && !err; i++) {
        struct played *played = &player->played[i];

        if (played->left || played->dial.fd < 0)
            continue;
        player->ended--;
        closed++;
        err = close_played(player, played);
    }
    return err ? err : closed;
}

/* Waits that long for what the server had said by then. */
static int listen_for(struct player *player, struct played *played, size_t exchange,
                      uint64_t patience)
{
    uint64_t until = clock_monotonic() + patience;
    int err = hear(player, played);

    while (err >= 0 && !played->over && !is_answered(played, exchange)) {
        const uint64_t now = clock_monotonic();
        const size_t before = played->run.length;

        if (now >= until)
            break;
        err = wait_for(player, played, POLLIN, until < now + SURPLUS ? until : now + SURPLUS);
        if (!err)
            err = hear(player, played);
        if (played->run.length > before) /* it goes on */
            until = clock_monotonic() + patience;
        else if (err >= 0)
            err = close_ended(player, 0);
    }
    return err < 0 ? err : 0;
}

/*
 * A server that waits for the end of what it is asked has none: that is not recorded either. From
 * then on it is told at once.
 */
static int end_asking(struct player *player, struct played *played, size_t exchange)
{
    const bool is_last =
        !played->requests_left && !played->over && played->recorded->type != SOCK_DGRAM;
    int err;

    if (!is_last || is_answered(played, exchange) || shutdown(played->dial.fd, SHUT_WR))
        return 0;
    err = listen_for(player, played, exchange, later(player));
    if (!err && is_answered(played, exchange)) {
        player->ends = true;
    } else { /* if it has gone now, that is not why */
        played->over = false;
        played->err = 0;
    }
    return err;
}

/* Waits until the server has said what it had said by then. */
static int await_answer(struct player *player, struct played *played, size_t exchange)
{
    int err = player->ends ? end_asking(player, played, exchange) : 0;

    if (!err)
        err = listen_for(player, played, exchange,
                         played->late ? later(player) : player->playing->patience);
    if (!err && !player->ends)
        err = end_asking(player, played, exchange);
    if (err >= 0)
        err = take_down_heard(player, played);
    if (err < 0 || is_answered(played, exchange))
        return err < 0 ? err : 0;
    tell_unanswered(player, played, exchange);
    give_up(played);
    return 0;
}

/* Speaking */

/* Sends what is left of a request; who does not listen meanwhile may wait for ever. */
static int send_all(struct player *player, struct played *played, const struct message *message,
                    size_t *sent)
{
    uint64_t until = clock_monotonic() + player->playing->patience;
    int err = 0;

    *sent = 0;
    do {
        const ssize_t now =
            send_some(played->dial.fd, message->data + *sent, message->length - *sent, NULL);

        if (now >= 0) {
            *sent += (size_t)now;
            until = clock_monotonic() + player->playing->patience;
            continue;
        }
        if (now != -EAGAIN)
            return (int)now;
        if (clock_monotonic() >= until)
            return -ETIMEDOUT;
        err = wait_for(player, played, POLLIN | POLLOUT, until);
        if (!err)
            err = hear(player, played);
    } while (err >= 0 && *sent < message->length && !played->over);
    return err < 0 ? err : played->over && *sent < message->length ? -EPIPE : 0;
}

static bool is_trouble_with_us(int err)
{
    return err == -ENOMEM || err == -EINTR || err == -ENOSPC || err == -EMFILE || err == -ENFILE;
}

/*
 * What comes unasked behind an answer belongs to that. But where several requests were said before
 * the first answer, one that comes early now has its place behind them all the same.
 */
static int begin_request(struct player *player, struct played *played)
{
    int err = hear(player, played);

    if (err < 0 || !played->answered)
        return err;
    played->answered = false;
    played->run.length = 0;
    played->run_wanted = 0;
    played->was.before = played->was.responses;
    played->is.before = played->is.responses;
    return take_down_heard(player, played);
}

/* What nothing was sent of was not said; of what was cut off there may be an answer. */
static int send_request(struct player *player, struct played *played,
                        const struct kept_message *kept)
{
    const struct message *message = &kept->message;
    size_t sent = 0;
    int failed = frames_add(&played->is.frames, REQUEST, message->data, message->length, 0),
        err = 0;

    if (!failed)
        failed = send_all(player, played, message, &sent);
    if (!failed || sent)
        err = take_down_request(player, played, kept);
    return err ? err : failed;
}

static int say_request(struct player *player, struct played *played,
                       const struct kept_message *kept)
{
    const struct message *message = &kept->message;
    int err = begin_request(player, played);

    if (err < 0)
        return err;
    if (message->missing || message->lost) {
        played->over = true;
        tell(player, played, (struct stopped){.stop = STOP_LACKS, .exchange = kept->exchange});
        return 0;
    }
    if (played->over) {
        if (!played->late)
            tell(player, played, (struct stopped){.stop = STOP_CLOSED, .exchange = kept->exchange});
        played->late = true;
        return 0;
    }
    err = send_request(player, played, kept);
    if (!err || is_trouble_with_us(err))
        return err;
    tell(player, played,
         (struct stopped){.stop = STOP_FAILED, .exchange = kept->exchange, .err = err});
    err = hear(player, played);
    played->over = played->late = true;
    return err < 0 ? err : 0;
}

/* The gap that was before the request. */
static int let_time_pass(const struct player *player, const struct played *played,
                         const struct message *message)
{
    const uint64_t now = clock_monotonic();

    if (!player->playing->timed || !played->recorded_at || message->time <= played->recorded_at)
        return 0;
    for (uint64_t until = now + message->time - played->recorded_at; clock_monotonic() < until;) {
        int err = wait_for(player, played, 0, until);

        if (err)
            return err;
    }
    return 0;
}

/* Going through */

/* Where we have no descriptor left, or the server no room, conversations that are over make way.
 * Returns 0 when it can be tried again, or -errno. */
static int make_way(struct player *player, struct played *played, int why, uint64_t until)
{
    const uint64_t now = clock_monotonic();
    int closed = close_ended(player, 0);

    if (closed)
        return closed < 0 ? closed : 0;
    return why == -EMFILE || now >= until ? why : wait_for(player, played, 0, now + RETRY);
}

static int dial_played(struct player *player, struct played *played)
{
    struct playing *playing = player->playing;
    const uint64_t until = clock_monotonic() + playing->patience;
    int err, way = 0;

    do {
        err = dial_open(&played->dial, playing->address, played->recorded->type, playing->why);
        if (err == -EMFILE || err == -EAGAIN)
            way = make_way(player, played, err, until);
    } while (!way && (err == -EMFILE || err == -EAGAIN));
    if (!err) /* it may have failed before */
        playing->why[0] = '\0';
    return way ? way : err;
}

/* A server that is gone meanwhile has its say in the conversations before. */
static int connect_played(struct player *player, struct played *played, size_t exchange)
{
    struct playing *playing = player->playing;
    int err = dial_played(player, played);

    player->reached = player->reached || (!err && !is_udp(player, played));
    if (!err || !player->reached || is_trouble_with_us(err))
        return err;
    played->over = played->late = true;
    tell(player, played,
         (struct stopped){.stop = STOP_GONE, .exchange = exchange, .why = playing->why});
    playing->why[0] = '\0';
    return 0;
}

static int open_played(struct player *player, struct played *played, size_t exchange)
{
    const struct playing *playing = player->playing;
    int err = player->ended < ENDED_MAX ? 0 : close_ended(player, ENDED_MAX / 2);

    played->opened = true;
    if (err >= 0)
        err = connect_played(player, played, exchange);
    if (!err && playing->framing && is_stream(played)) {
        err = count_frames(&played->was, playing->framing);
        if (!err)
            err = count_frames(&played->is, playing->framing);
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
    struct played *played = &player->played[kept->message.conversation - 1];
    int err = played->opened ? 0 : open_played(player, played, kept->exchange);

    if (!err)
        err = frames_add(&played->was.frames, kept->message.direction, kept->message.data,
                         kept->message.length, kept->message.missing);
    if (!err && kept->message.direction == REQUEST) {
        err = let_time_pass(player, played, &kept->message);
        if (!err)
            err = say_request(player, played, kept);
    } else if (!err) {
        played->answered = true;
        played->was.responses += !is_stream(played);
        played->run_wanted += kept->message.length + kept->message.missing;
        if (!played->over && ends_answer(messages, i))
            err = await_answer(player, played, kept->exchange);
    }
    played->recorded_at = kept->message.time;
    played->left--;
    player->ended += !played->left && played->dial.fd >= 0;
    played->requests_left -= kept->message.direction == REQUEST;
    return err;
}

/* What nobody waits for may come a little later than what was waited for. */
static int listen_on(struct player *player)
{
    const uint64_t until = clock_monotonic() + SURPLUS;
    int err = 0;

    for (size_t i = 0; i < player->playing->table->count && err >= 0; i++) {
        struct played *played = &player->played[i];

        while (played->opened && !played->over && err >= 0 && clock_monotonic() < until) {
            err = wait_for(player, played, POLLIN, until);
            if (!err)
                err = hear(player, played);
        }
        if (played->opened && !played->over && err >= 0)
            err = hear(player, played);
        if (err >= 0)
            err = take_down_heard(player, played);
    }
    return err < 0 ? err : 0;
}

static void played_free(struct played *played)
{
    dial_close(&played->dial);
    frames_end(&played->was.frames);
    frames_end(&played->is.frames);
    side_free(NULL, &played->early);
    free(played->run.data);
}

static void count_message(const struct player *player, const struct message *message)
{
    struct played *played = &player->played[message->conversation - 1];

    played->left++;
    played->requests_left += message->direction == REQUEST;
}

/* player_end() may be called in any case. */
static int player_begin(struct player *player, struct playing *playing)
{
    const size_t count = playing->table->count;

    *player = (struct player){.playing = playing, .signals = -1};
    player->played = calloc(count + 1, sizeof(*player->played));
    if (!player->played)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        player->played[i] = (struct played){.recorded = &playing->table->conversations[i],
                                            .number = i,
                                            .dial.fd = -1,
                                            .exchange = SIZE_MAX};
    for (size_t i = 0; i < playing->messages->count; i++)
        count_message(player, &playing->messages->items[i]->message);
    if (receiver_new(&player->receiver))
        return -ENOMEM;
    player->signals = signals_open();
    return player->signals < 0 ? player->signals : 0;
}

static void player_end(struct player *player)
{
    for (size_t i = 0; player->played && i < player->playing->table->count; i++)
        played_free(&player->played[i]);
    if (player->signals >= 0)
        close(player->signals);
    free(player->played);
    receiver_free(&player->receiver);
}

int play(struct playing *playing)
{
    struct player player;
    int err = player_begin(&player, playing);

    playing->why[0] = '\0';
    for (size_t i = 0; i < playing->messages->count && !err; i++)
        err = play_message(&player, i);
    if (!err)
        err = listen_on(&player);
    player_end(&player);
    return err;
}
