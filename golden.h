/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Recordings that stay as they are until what is said truly differs: the runs of the command are
 * kept until the last one is over, compared with each other, and with the recording that is there.
 */
#ifndef GOLDEN_H
#define GOLDEN_H

#include "capture/backend.h"
#include "capture/difference.h"
#include "capture/messages.h"
#include "capture/range_option.h"
#include "capture/secret.h"
#include "capture/volatile.h"
#include "emit/fresh.h"
#include "options.h"

/* A run of the command, or a recording that was read. */
struct golden_run {
    struct messages messages;
    struct table *table; /* of them */
    struct losses losses;
    uint64_t placed; /* lost messages of which the conversation is known */
    bool incomplete; /* something is known to be missing */
    bool cut_short;  /* its end is */
    char **words;    /* of the command, as they were given; end with NULL */
    char **command;  /* the same, with filler in the place of secrets */
    char *backend;
};

struct golden {
    const struct framing *framing; /* of streams; or NULL */
    const char *name;              /* that the user gave the fixture; or NULL */
    struct secrets *secrets;       /* to redact; or NULL */
    struct range_option *ranges;   /* that the user added, and then those taken away */
    size_t volatile_count, stable_count;
    struct golden_run *runs;
    size_t count;
    struct golden_run old; /* the recording that is there; without a table if there is none */
    bool other_command;    /* that is one of another command */
    bool replays;          /* now, secrets stand where there was filler, and no ancillary data */
    bool keeps;            /* what it says is volatile is not added to: it is only checked */

    /* Found by golden_settle(). */
    struct volatile_report report;
    int redacted; /* secrets of the first run */
    struct alignment *alignment;
    struct differences differences; /* of the old recording and the first run */
    bool learned;                   /* what is volatile in the old one is known better now */
    struct messages merged;         /* the old recording and what differs; lent from both */
};

enum { GOLDEN_TEXT_SIZE = 512 };

/*
 * Is there a need for it? Not where messages can be written down as they come and no recording is
 * there yet.
 */
bool golden_is_wanted(const struct options *options);

/*
 * Gets ready for the runs, and reads the recording that is there. Returns 0, -ENOMEM, or another
 * -errno with, in text, what is wrong; *out is then left alone. framing may be NULL. Free it with
 * golden_free().
 */
int golden_new(struct golden **out, const struct options *options, const struct framing *framing,
               char text[GOLDEN_TEXT_SIZE]);
void golden_free(struct golden *golden);

/* Begins the next run. Returns 0 or -ENOMEM. */
int golden_begin(struct golden *golden, char *const *command, const char *backend);

/* The run that was begun last; its messages and losses are the caller's to fill in. */
struct golden_run *golden_current(struct golden *golden);

/*
 * All runs are over: redacts them, finds what is volatile, and what differs from the recording that
 * is there. Returns 0; -ENOMEM; or -EINVAL with, in text, what the user has asked for that is not.
 */
int golden_settle(struct golden *golden, char text[GOLDEN_TEXT_SIZE]);

/*
 * Why the recording that is there would be replaced, or be known better, though nothing that is
 * said differs; NULL when it would not.
 */
const char *golden_outdated(const struct golden *golden);

/* Why the recording that is there is of no use, and replaced as a whole; or NULL. */
const char *golden_replaces(const struct golden *golden);

/* Is anything known to be missing of what was said now? Every run counts. */
bool golden_is_incomplete(const struct golden *golden);

/* Is the recording that is there to be left as it is? */
bool golden_is_same(const struct golden *golden);

/*
 * Merges what differs into the recording that is there, or takes the first run if there is none.
 * Puts what is to be written into *messages, and the table of it into *table, for the caller to
 * free. Returns 0 or -ENOMEM.
 */
int golden_merge(struct golden *golden, const struct messages **messages, struct table **table);

/* What was read, and is settled, becomes the recording that the next run is compared with. */
void golden_make_old(struct golden *golden);

/* What differs between two tables. */
struct golden_told {
    const struct table *old, *now;
    const struct differences *differences;
    char *const *command; /* whose exchanges they are */
    const char *outdated; /* what is wrong with the old one, or with comparing it; or NULL */
};

/* Tells it, as golden_report() does. */
int golden_tell(const struct golden_told *told, const struct options *options,
                const struct stale_file *stale, FILE *out);

/*
 * Tells what differs, also of a fixture, in the format that the user has chosen. Returns 0 or
 * -errno.
 */
int golden_report(const struct golden *golden, const struct options *options,
                  const struct stale_file *stale, FILE *out);

#endif
