/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "recording_file.h"

#include "say.h"

enum status recording_file_open(struct run *run)
{
    const char *path = run->options->write;
    int err = path ? output_open(&run->recording_file, path) : 0;

    return err ? say_file_error(err, path) : STATUS_DONE;
}

/* Whoever reads it meanwhile finds its first line there. */
static int show_recording(struct run *run)
{
    int err = recording_flush(run->recording);

    return err ? err : output_show(&run->recording_file);
}

enum status recording_file_begin(struct run *run, const char *backend)
{
    const char *path = run->options->write;
    FILE *file = run->recording_file.file;
    int err = path ? recording_begin(&run->recording, file, run->command, backend) : 0;

    if (!err && path && !run->options->read &&
        !run->golden) /* what is recorded now cannot be had again */
        err = show_recording(run);
    return err ? say_output_error(err, path) : STATUS_DONE;
}

enum status recording_file_end(struct run *run)
{
    struct recording_writer *recording = run->recording;
    int err;

    if (!recording)
        return STATUS_DONE;
    run->recording = NULL;
    err = recording_end(recording, &run->losses);
    if (!err)
        err = output_commit(&run->recording_file);
    if (!err)
        return STATUS_DONE;
    say_output_error(err, run->options->write);
    return recording_file_keep(run);
}

enum status recording_file_keep(struct run *run)
{
    const char *seen = output_seen_as(&run->recording_file);

    if (!seen || !intake_counts(run->intake).messages)
        return STATUS_USAGE;
    if (run->recording)
        recording_end(run->recording, NULL);
    run->recording = NULL;
    say("incomplete: %s holds what was recorded before that", seen);
    output_keep(&run->recording_file);
    return STATUS_INCOMPLETE;
}

enum status recording_file_write(struct run *run, const struct messages *messages,
                                 const char *backend)
{
    enum status status = recording_file_begin(run, backend);
    int err = 0;

    for (size_t i = 0; run->recording && i < messages->count && !err; i++)
        err = recording_add(run->recording, &messages->items[i]->message);
    if (err)
        return say_output_error(err, run->options->write);
    return status ? status : recording_file_end(run);
}
