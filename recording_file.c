/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "recording_file.h"

#include <errno.h>

#include "say.h"

enum status recording_file_open(struct run *run)
{
    const char *path = run->options->write;
    int err = path ? output_open(&run->recording_file, path) : 0;

    return err ? say_output_error(err, path) : STATUS_DONE;
}

/* Whoever reads it meanwhile finds its first line there. */
static int show_recording(struct run *run)
{
    int err = recording_flush(run->recording);

    return err ? err : output_show(&run->recording_file);
}

static enum status begin(struct run *run, const char *backend, bool shown)
{
    const char *path = run->options->write;
    int err = recording_begin(&run->recording, run->recording_file.file, run->command, backend);

    if (!err && shown)
        err = show_recording(run);
    return err ? say_output_error(err, path) : STATUS_DONE;
}

/* What is recorded now cannot be had again. */
enum status recording_file_begin(struct run *run, const char *backend)
{
    return run->options->write ? begin(run, backend, !run->options->read) : STATUS_DONE;
}

enum status recording_file_draft(struct run *run, const char *backend)
{
    if (run->drafted || !run->recording_file.beside || run->options->read ||
        run->options->redact.count)
        return STATUS_DONE;
    run->drafted = true;
    return begin(run, backend, true);
}

/* Writes down what was lost, which makes it whole. Returns 0 or -errno. */
static int end_recording(struct run *run)
{
    struct recording_writer *recording = run->recording;

    run->recording = NULL;
    return recording_end(recording, run->cut_short ? NULL : &run->losses);
}

enum status recording_file_end_draft(struct run *run)
{
    int err = run->recording ? end_recording(run) : 0;

    if (!err && run->drafted && fflush(run->recording_file.file))
        err = -errno;
    return err ? say_output_error(err, run->options->write) : STATUS_DONE;
}

static enum status end(struct run *run)
{
    int err = end_recording(run);

    if (!err)
        err = output_commit(&run->recording_file);
    return err ? say_output_error(err, run->options->write) : STATUS_DONE;
}

enum status recording_file_end(struct run *run)
{
    return run->recording && end(run) ? recording_file_keep(run) : STATUS_DONE;
}

enum status recording_file_keep(struct run *run)
{
    const char *seen = output_seen_as(&run->recording_file);

    /* One run of several would look as if nothing in it were volatile. */
    if (!seen || run->options->repeat > 1 || !intake_counts(run->intake).messages)
        return STATUS_USAGE;
    if (run->drafted && !run->recording) { /* all of a run, but it could not be compared */
        say("%s holds what was recorded", seen);
        output_keep(&run->recording_file);
        return STATUS_USAGE;
    }
    if (run->recording)
        recording_end(run->recording, NULL);
    run->recording = NULL;
    say("incomplete: %s holds what was recorded before that", seen);
    output_keep(&run->recording_file);
    return STATUS_INCOMPLETE;
}

static enum status write_messages(struct run *run, const struct messages *messages,
                                  const char *backend)
{
    enum status status = begin(run, backend, false);
    int err = 0;

    for (size_t i = 0; run->recording && i < messages->count && !err; i++)
        err = recording_add(run->recording, &messages->items[i]->message);
    if (err)
        return say_output_error(err, run->options->write);
    return status ? status : end(run);
}

enum status recording_file_write(struct run *run, const struct messages *messages,
                                 const char *backend)
{
    struct output draft = run->recording_file;
    enum status status;

    if (!run->options->write)
        return STATUS_DONE;
    if (!run->drafted)
        return write_messages(run, messages, backend);
    run->recording_file = (struct output){0};
    status = recording_file_open(run);
    if (!status)
        status = write_messages(run, messages, backend);
    if (!status) {
        output_discard(&draft);
        return STATUS_DONE;
    }
    output_discard(&run->recording_file);
    run->recording_file = draft;
    return recording_file_keep(run);
}
