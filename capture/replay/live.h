/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What a replayed server has to say to one client: takes what the client says, finds out what was
 * recorded of it, and puts the answers in order. It knows nothing of sockets.
 */
#ifndef CAPTURE_REPLAY_LIVE_H
#define CAPTURE_REPLAY_LIVE_H

#include "capture/frame.h"
#include "capture/replay/match.h"
#include "capture/replay/outbox.h"

/* A request that was not recorded. */
struct unknown {
    const uint8_t *data;
    size_t length;
    bool ends;                      /* the client has gone before more of it came */
    const struct scripted *nearest; /* what is most like it; NULL when there is nothing */
    struct script_match place;      /* of that */
    size_t message;                 /* of the nearest's request, counted from 0 */
};

/* What all clients share. */
struct play_book {
    struct script *script;
    const struct framing *framing; /* of streams; or NULL */
    int type;                      /* SOCK_STREAM, ... */
    bool timed;                    /* answers wait as long as they did when they were recorded */

    /* Is told of each request that nobody knows. Returns 0 or -errno. */
    int (*unknown)(void *context, const struct unknown *unknown);

    /* Is told of what can be replayed in part only. */
    void (*lacks)(void *context, const struct scripted *scripted, size_t message);
    void *context;

    size_t waiting;  /* bytes of answers that are not sent yet, to all of them */
    size_t answered; /* exchanges, if with nothing */
    size_t resized;  /* responses whose length is another one, as what they echo is */
};

/* True while clients should take their answers before they ask for more, as so much is waiting. */
bool play_book_is_full(const struct play_book *book);

struct live;

/* A client has come. Returns 0 and it in *out, or -ENOMEM. Free it with live_free(). */
int live_new(struct live **out, struct play_book *book, uint64_t now);
void live_free(struct live *live);

/* It has said so much more: a part of a stream, or a message. Returns 0 or -errno. */
int live_hear(struct live *live, const uint8_t *data, size_t length, uint64_t now);

/*
 * It has said nothing for a while: what it has said is taken as all that it will. Returns 0 or
 * -errno.
 */
int live_settle(struct live *live, uint64_t now);

/* True while it has said something that is no request yet. */
bool live_is_partial(const struct live *live);

/* The same of this client; who has taken all of its own may always ask. */
bool live_is_full(const struct live *live);

/* Goes on with what it has said, where that was full. Returns 0 or -errno. */
int live_resume(struct live *live, uint64_t now);

/* It has gone, or says no more: what is no request by now will be none. Returns 0 or -errno. */
int live_end(struct live *live, uint64_t now);

/* What is to be sent to it. */
struct outbox *live_outbox(struct live *live);

/* It has asked for what nobody knows: as the answer cannot come, it better does not wait. */
bool live_is_lost(const struct live *live);

/* All was said that the conversation has. */
bool live_is_over(const struct live *live);

#endif
