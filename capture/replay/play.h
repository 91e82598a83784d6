/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The recorded client: asks a server what was asked, and takes down what it says now. */
#ifndef CAPTURE_REPLAY_PLAY_H
#define CAPTURE_REPLAY_PLAY_H

#include "capture/frame.h"
#include "capture/messages.h"
#include "capture/replay/reach.h"

/* Why a conversation does not go on as it was recorded. */
enum stop {
    STOP_LATE,   /* the answer has not come in time, or not all of it */
    STOP_CLOSED, /* the server has closed the connection */
    STOP_FAILED, /* sending failed */
    STOP_GONE,   /* the server, which was there before, cannot be connected to any more */
    STOP_LACKS,  /* the recording does not have all of the request */
};

/* Where that is. */
struct stopped {
    enum stop stop;
    size_t conversation, exchange; /* SIZE_MAX: not known */
    size_t there, wanted;          /* bytes of the answer, or messages where they are whole ones; of
                                      STOP_CLOSED 0 where it was not even asked for */
    int err;                       /* of STOP_FAILED: -errno */
    const char *why;               /* of STOP_GONE */
};

struct playing {
    const char *address; /* of the server */
    const struct messages *messages;
    const struct table *table;     /* of these (messages_table()) */
    const struct framing *framing; /* of streams; or NULL */
    bool timed;                    /* requests wait as long as they did when they were recorded */
    uint64_t patience;             /* nanoseconds that an answer may take */

    /* Takes down a message of the conversation as it is now. Returns 0 or -errno. */
    int (*add)(void *context, const struct message *message);
    void (*stopped)(void *context, const struct stopped *stopped);
    void *context;

    char why[REACH_WHY_SIZE]; /* why the server cannot be asked at all; "" when it can */
};

/* Plays all conversations in the order in which they were recorded. Returns 0 or -errno. */
int play(struct playing *playing);

#endif
