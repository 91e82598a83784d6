/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "recording_file.h"

#include "say.h"

enum status recording_file_open(struct run *run)
{
    const char *path = run->options->write;
    int err = path ? output_open(&run->recording_file, path) : 0;

    return err ? say_output_error(err, path) : STATUS_DONE;
}

enum status recording_file_begin(struct run *run, const char *backend)
{
    const char *path = run->options->write;
    FILE *file = run->recording_file.file;
    int err = path ? recording_begin(&run->recording, file, run->command, backend) : 0;

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
    return err ? say_output_error(err, run->options->write) : STATUS_DONE;
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
