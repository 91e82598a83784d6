/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The recorded server: takes clients, and answers each of them by the script. */
#ifndef CAPTURE_REPLAY_SERVE_H
#define CAPTURE_REPLAY_SERVE_H

#include "capture/replay/listen.h"
#include "capture/replay/live.h"

struct launch;
struct message;

struct serving {
    struct play_book *book;
    struct listeners *listeners;
    struct launch *launch; /* the command whose end is the end; or NULL */
    size_t count;          /* of exchanges that are answered; 0: any number */
    uint64_t duration;     /* nanoseconds; 0: as long as it takes */

    /* Is told of each message that was said; or NULL. */
    void (*show)(void *context, const struct message *message);

    /* Is told of what went wrong with a client, in words. */
    void (*trouble)(void *context, const char *text);
    void *context;

    /* What is given back. */
    bool interrupted; /* by a signal */
    bool stopped;     /* before the command had ended, which was sent SIGTERM */
    int exec_error;   /* of the command: -errno, or 0 */
};

/*
 * Serves until the command has ended, a signal comes, or so many exchanges or so much time are
 * over. Returns 0 or -errno.
 */
int serve(struct serving *serving);

#endif
