/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A message is selected, counted against the quota, shortened, shown and put down, in this order.
 */
#include "capture/intake.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "capture/ancillary.h"
#include "capture/clock.h"
#include "capture/exchange.h"
#include "capture/losses.h"
#include "capture/messages.h"
#include "capture/quota.h"
#include "capture/recording.h"
#include "capture/selection.h"
#include "capture/show.h"
#include "capture/terminal.h"

/* Without a message for so long, the last of so many exchanges is complete. */
#define QUIET (250 * MILLISECOND)

struct intake {
    struct intake_options options;
    struct selection *selection;
    struct quota *quota; /* when so many exchanges are wanted */
    struct recording_writer *recording;
    struct messages *kept;                                    /* or NULL */
    int (*add)(void *context, const struct message *message); /* gets them as well; or NULL */
    void *context;
    FILE *view; /* when messages are shown */
    char view_buffer[1 << 16];
    bool colors;
    struct intake_counts counts;
};

/*
 * Counts what is left out of a message, and leaves it out where nobody has yet. What was left out
 * when a message was recorded that is now read, the recording has counted.
 */
static void shorten(struct intake *intake, struct message *message)
{
    size_t most = intake->options.max_message, whole = message->length + message->missing;
    bool counted = intake->options.whole && message->missing;
    size_t left_out;

    if (!most || whole <= most)
        return;
    left_out = whole - most;
    if (intake->options.whole) {
        left_out = message->length > most ? message->length - most : 0;
        message->length -= left_out;
        message->missing += left_out;
    }
    intake->counts.losses.left_out += left_out;
    intake->counts.losses.shortened += left_out && !counted;
}

/* Whether ancillary data is all that is missing, of the bytes that were asked for. */
static bool lacks_ancillary(const struct intake *intake, const struct message *message)
{
    size_t most = intake->options.max_message;

    return message->ancillary && message->ancillary->cut &&
           (!message->missing || (most && message->length >= most));
}

/* Counts what could not be read of a message. Bytes that a file lacks, its reader has told of. */
static void count_missing(struct intake *intake, const struct message *message)
{
    struct losses *losses = &intake->counts.losses;

    if (lacks_ancillary(intake, message))
        losses->cut++;
    else if (!intake->options.whole)
        losses_count(losses, message->length + message->missing, message->length,
                     intake->options.max_message);
}

/* Gives the message to all who want it. */
static int pass(struct intake *intake, const struct message *message)
{
    int err = 0;

    if (intake->view)
        show_message(intake->view, message, intake->colors);
    if (intake->options.inspect)
        intake->options.inspect(intake->options.context, message);
    if (intake->recording)
        err = recording_add(intake->recording, message);
    if (err) {
        intake->counts.unrecorded = true;
        return err;
    }
    if (intake->kept)
        return messages_add(intake->kept, message);
    if (intake->options.table)
        err = table_add(intake->options.table, message);
    intake->counts.full = err == -ENOSPC;
    if (!err && intake->add) {
        err = intake->add(intake->context, message);
        intake->counts.unwritten = err < 0;
    }
    return err;
}

static int put_down(void *context, const struct message *original)
{
    struct intake *intake = context;
    struct message message = *original;
    struct ranges ranges = {0};
    int err = 0;

    count_missing(intake, original);
    shorten(intake, &message);
    intake->counts.messages++;
    intake->counts.bytes += message.length;
    intake->counts.placed += message.lost;
    if (message.ranges && message.length < original->length) {
        err = ranges_cut(&ranges, message.ranges, message.length);
        message.ranges = &ranges;
    }
    if (!err)
        err = pass(intake, &message);
    ranges_free(&ranges);
    return err;
}

int intake_take(void *context, const struct message *original)
{
    struct intake *intake = context;
    struct message message = *original;
    int wanted = selection_take(intake->selection, &message);

    if (wanted <= 0)
        return wanted;
    if (!intake->quota)
        return put_down(intake, &message);
    wanted = quota_add(intake->quota, &message, clock_monotonic());
    return wanted < 0 ? wanted : 0;
}

/* A buffer of its own, so that what is on the screen is written in one piece. */
static int open_view(struct intake *intake)
{
    int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0); /* a command is given no more than it had */

    intake->view = fd < 0 ? NULL : fdopen(fd, "w");
    if (!intake->view) {
        int err = -errno;

        if (fd >= 0)
            close(fd);
        return err;
    }
    setvbuf(intake->view, intake->view_buffer, _IOFBF, sizeof(intake->view_buffer));
    intake->colors = terminal_colors(intake->view);
    return 0;
}

static int open_quota(struct intake *intake)
{
    const struct quota_options options = {
        .exchanges = intake->options.count,
        .quiet = QUIET,
        .message = put_down,
        .context = intake,
    };

    return quota_new(&intake->quota, &options);
}

int intake_new(struct intake **out, const struct intake_options *options)
{
    struct intake *intake = calloc(1, sizeof(*intake));
    int err;

    if (!intake)
        return -ENOMEM;
    intake->options = *options;
    err = selection_new(&intake->selection, options->patterns);
    if (!err && options->count)
        err = open_quota(intake);
    if (!err && options->show)
        err = open_view(intake);
    if (err) {
        intake_free(intake);
        return err;
    }
    *out = intake;
    return 0;
}

void intake_free(struct intake *intake)
{
    if (!intake)
        return;
    if (intake->view)
        fclose(intake->view);
    quota_free(intake->quota);
    selection_free(intake->selection);
    free(intake);
}

void intake_pass_on(struct intake *intake, int (*add)(void *context, const struct message *message),
                    void *context)
{
    intake->add = add;
    intake->context = context;
}

void intake_record(struct intake *intake, struct recording_writer *recording)
{
    intake->recording = recording;
}

void intake_keep(struct intake *intake, struct messages *messages)
{
    intake->kept = messages;
}

int intake_flush(struct intake *intake)
{
    int err = intake->recording ? recording_flush(intake->recording) : 0;

    intake->counts.unrecorded = intake->counts.unrecorded || err;
    return err;
}

int intake_finish(struct intake *intake)
{
    return intake->quota ? quota_finish(intake->quota) : 0;
}

bool intake_left(const struct intake *intake, uint64_t *left)
{
    return intake->quota && quota_left(intake->quota, clock_monotonic(), left);
}

struct intake_counts intake_counts(const struct intake *intake)
{
    struct intake_counts counts = intake->counts;

    counts.conversations = selection_count(intake->selection);
    if (intake->quota) {
        counts.exchanges = quota_passed(intake->quota);
        counts.unanswered = quota_left_out(intake->quota);
    }
    return counts;
}
