/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What becomes of every message: whether it is wanted, and how much of it. What is wanted is shown
 * to whoever watches, and goes into the recording, the table, or both.
 */
#ifndef CAPTURE_INTAKE_H
#define CAPTURE_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/backend.h"
#include "capture/message.h"

struct intake;
struct messages;
struct patterns;
struct recording_writer;
struct table;

/* All that is pointed to stays the caller's and must outlive the intake. */
struct intake_options {
    const struct patterns *patterns; /* which conversations are wanted (capture/selection.h) */
    size_t count;                    /* of exchanges that are wanted; 0: all */
    size_t max_message;              /* bytes of each message that are wanted; 0: all */
    bool whole;                      /* longer messages come whole, and are to be cut here */
    bool show;                       /* each message on standard error */

    /* Is told of each message that is wanted; or NULL. */
    void (*inspect)(void *context, const struct message *message);
    void *context; /* of inspect */
    struct table *table;
};

/* Returns 0 and the intake in *out, or -errno. Free it with intake_free(). */
int intake_new(struct intake **out, const struct intake_options *options);
void intake_free(struct intake *intake);

/* Where messages are to be recorded from now on; NULL: nowhere. */
void intake_record(struct intake *intake, struct recording_writer *recording);

/* Where messages are to be kept from now on, instead of going anywhere else but the recording. */
void intake_keep(struct intake *intake, struct messages *messages);

/* Who is given every message after that; its result is as that of intake_take(). */
void intake_pass_on(struct intake *intake, int (*add)(void *context, const struct message *message),
                    void *context);

/* Takes a message; intake is a struct intake. Returns 0 or -errno. */
int intake_take(void *intake, const struct message *message);

/* Lets the recording be read as far as it is. Returns 0 or -errno. */
int intake_flush(struct intake *intake);

/* No more will come. Returns 0 or -errno. */
int intake_finish(struct intake *intake);

/*
 * How many nanoseconds from now there will be all that is wanted, if nothing comes meanwhile: 0
 * when there is. Returns false as long as more is wanted.
 */
bool intake_left(const struct intake *intake, uint64_t *left);

struct intake_counts {
    uint64_t messages; /* that were wanted */
    uint64_t bytes;
    uint32_t conversations; /* that were selected */
    size_t exchanges;     /* of so many as are wanted: answered, and from intake_finish() on all */
    size_t unanswered;    /* messages left out as so many exchanges were complete without them */
    uint64_t placed;      /* lost messages of which the conversation is known */
    struct losses losses; /* of each message: what could not be read of it, or was not wanted */
    bool unrecorded;      /* the recording could not be written: that is why there was an error */
    bool unwritten;       /* whom they are passed on to could not take one: that is why */
    bool full;            /* there was no room to keep the messages: that is why */
};

/* What has been counted so far. */
struct intake_counts intake_counts(const struct intake *intake);

#endif
