/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "run.h"

#include <string.h>

#include "capture/losses.h"
#include "capture/pattern.h"
#include "capture/secret.h"
#include "fixture_file.h"
#include "recording_file.h"
#include "say.h"
#include "shortfall.h"
#include "writing.h"

void run_say_note(void *context, const char *text)
{
    struct run *run = context;

    progress_line_erase(&run->line);
    say("%s", text);
}

enum status run_say_broken_off(struct run *run, int err, const char *what)
{
    struct intake_counts counts = intake_counts(run->intake);

    if (counts.full)
        say("%s: no room to keep the messages (let TMPDIR name a folder that has more)", what);
    else if (counts.unrecorded)
        say_output_error(err, run->options->write);
    else if (counts.unwritten)
        say_output_error(err, run->options->output);
    else
        say_error(err, what);
    return recording_file_keep(run);
}

enum status run_begin(struct run *run, const char *backend)
{
    enum status status;

    run->by_functions = strcmp(backend, "socket") == 0;
    if (run->golden) {
        int err = golden_begin(run->golden, run->command, backend);

        if (err)
            return say_error(err, "recording");
        intake_keep(run->intake, &golden_current(run->golden)->messages);
        status = recording_file_draft(run, backend);
    } else {
        status = writing_begin(run, backend);
        if (!status)
            status = recording_file_open(run);
        if (!status)
            status = recording_file_begin(run, backend);
    }
    if (!status && run->recording)
        intake_record(run->intake, run->recording);
    return status;
}

static enum status finish_table(struct run *run)
{
    int err = run->table ? table_finish(run->table) : 0;

    if (err)
        return say_error(err, "recording");
    if (run->table && shortfall_say_unframed(run->table))
        run->incomplete = true;
    return STATUS_DONE;
}

/* Nothing was kept although a server was named: a mistake, unless it is there and silent. */
static enum status check_selection(const struct run *run)
{
    const struct option_words *sockets = &run->options->sockets;
    size_t index = 0;
    bool missing = false;
    const char *path;

    if (intake_counts(run->intake).conversations > 0)
        return STATUS_DONE;
    path = patterns_path(run->scope.patterns, &index, &missing);
    if (sockets->count == 1 && missing && run->options->command && !run->options->read) {
        say("%s: no such socket (is the server running?)", path);
        return STATUS_USAGE;
    }
    if (!run->options->quiet)
        say("no messages%s%s", sockets->count ? " with " : " were recorded",
            sockets->count > 1 ? "any of the sockets asked for"
            : sockets->count   ? sockets->at[0]
                               : "");
    return STATUS_DONE;
}

/* What the run has given is kept, until all of them are over. */
static enum status keep_run(struct run *run)
{
    struct golden_run *current = golden_current(run->golden);

    current->losses = run->losses;
    current->placed = run->placed;
    current->incomplete = run->incomplete;
    current->cut_short = run->cut_short;
    return recording_file_end_draft(run);
}

enum status run_end(struct run *run)
{
    struct intake_counts counts;
    enum status status;
    int err = intake_finish(run->intake);

    if (err)
        return run_say_broken_off(run, err, "recording");
    status = check_selection(run);
    if (status)
        return status;
    counts = intake_counts(run->intake);
    if (run->options->read && !run->dumped)
        counts.losses.cut = 0; /* the recording has counted them */
    losses_add(&run->losses, &counts.losses);
    run->placed = counts.placed;
    if (shortfall_say_losses(run))
        run->incomplete = true;
    if (!run->options->quiet)
        shortfall_say_left_out(run);
    if (run->golden)
        return keep_run(run);
    status = finish_table(run);
    if (!status)
        status = writing_end(run);
    if (!status)
        status = recording_file_end(run);
    if (!status)
        status = fixture_file_write(run);
    if (!status && run->incomplete)
        status = STATUS_INCOMPLETE;
    return status;
}

void run_warn_of_secrets(void *context, const struct message *message)
{
    struct run *run = context;
    size_t offset = 0, length = 0;
    const char *what =
        run->warned ? NULL
                    : secrets_find(run->known, message->data, message->length, &offset, &length);

    if (!what)
        return;
    run->warned = true;
    progress_line_erase(&run->line);
    say("a %s seems to hold %s, at [%zu:%zu] (--redact secrets puts filler there)",
        direction_name(message->direction), what, offset, offset + length);
}
