/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What has to run while fixtures are made: commands that set something up, those that stay running
 * behind them, and those that put it away again. Nothing that began on a stage outlives it.
 */
#ifndef MANIFEST_STAGE_H
#define MANIFEST_STAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "capture/launch.h"
#include "capture/signals.h"
#include "capture/manifest/words.h"

enum { STAGE_BACKGROUND = 64, STAGE_TEXT_SIZE = 512 };

struct stage {
    const char *directory;    /* of the commands; NULL: ours */
    struct words environment; /* what differs from ours; the stage frees it */
    int file;                 /* where what they print is kept; stage_end() completes it */
    int output;               /* where they print to: a pipe that leads there */

    int signals; /* by which the user ends it */
    struct signals_heard heard;
    int interrupted;  /* by this one; 0: not yet */
    bool is_teardown; /* has it begun? */
    struct launch *background[STAGE_BACKGROUND];
    struct words names[STAGE_BACKGROUND]; /* their commands */
    size_t count;
    int tries;                  /* the pipe that "until" prints to; -1: none */
    FILE *printed;              /* what the last try has */
    char text[STAGE_TEXT_SIZE]; /* what went wrong */
};

/*
 * Begins a stage: from now on this process hears signals by it, and whatever becomes an orphan
 * below it is its child. Returns 0 or -errno.
 */
int stage_begin(struct stage *stage);

/* Takes the steps of a setup, up to the first that fails. Returns 0, or -errno with stage->text. */
int stage_setup(struct stage *stage, const json_t *steps);

/* Runs all commands of a teardown, also when one fails. Returns 0, or -errno with stage->text. */
int stage_teardown(struct stage *stage, const json_t *commands);

/*
 * Waits until the descriptor (-1: none) can be read, for so many milliseconds at most (-1: for
 * ever). Returns 1 when it can, 0 when the time is over, and -EINTR when a signal has come, which
 * is then stage->interrupted.
 */
int stage_wait(struct stage *stage, int fd, int milliseconds);

/* Ends all that still runs below this process; then all that it has printed is in the file. */
void stage_end(struct stage *stage);

#endif
