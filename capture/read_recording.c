/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Reads our own recordings: their messages are paired already. */

#include "capture/reader.h"
#include "capture/recording.h"

/* What is wrong with a JSON object is better told as that than as no known dump. */
static int looks(const uint8_t *bytes, size_t size)
{
    return size == 0 || bytes[0] == '{' ? 50 : 0;
}

static int read_messages(struct reading *reading, struct recording_reader *reader,
                         struct recording_error *error)
{
    bool complete;
    int err =
        reading->begin(reading->context, recording_command(reader), recording_backend(reader));

    if (!err)
        err = recording_read(reader, reading->message, reading->context, error);
    if (err)
        return err;
    recording_losses(reader, &reading->losses, &complete);
    if (!complete)
        reading_is_cut(reading, reading->dumps, "last line");
    return 0;
}

static int read(struct reading *reading)
{
    struct recording_reader *reader = NULL;
    struct recording_error error = {0};
    int err = recording_open(&reader, reading->dumps->file, &error);

    if (!err)
        err = read_messages(reading, reader, &error);
    if (error.text[0]) {
        reading_fail(reading, reading->dumps, error.line, "%s", error.text);
        reading->error.column = error.column;
    }
    recording_close(reader);
    return err;
}

const struct reader reader_recording = {
    .name = "recording",
    .summary = "what sockfixture -w wrote",
    .looks = looks,
    .read = read,
};
