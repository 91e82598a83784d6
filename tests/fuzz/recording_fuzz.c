/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Any bytes as a recording. It is refused with a place, or taken; what is taken is written again,
 * and that is read without fault and written as the same bytes.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/recording.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct text {
    char *at;
    size_t length;
};

static void expect(bool is_so, const char *what)
{
    if (is_so)
        return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static int add(void *writer, const struct message *message)
{
    expect(recording_add(writer, message) == 0, "a message cannot be written");
    return 0;
}

/* Hands what was read on to a new recording in *again. Returns what recording_read() does. */
static int copy(struct recording_reader *reader, struct text *again, struct recording_error *error)
{
    FILE *out = open_memstream(&again->at, &again->length);
    struct recording_writer *writer = NULL;
    struct losses losses;
    bool complete;
    int err;

    expect(out, "no memory");
    err = recording_begin(&writer, out, recording_command(reader), recording_backend(reader));
    expect(!err, "a recording cannot be begun");
    err = recording_read(reader, add, writer, error);
    recording_losses(reader, &losses, &complete);
    expect(recording_end(writer, &losses) == 0, "a recording cannot be ended");
    fclose(out);
    return err;
}

/* Returns 0 with what it was written as in *again, or -errno. */
static int read_and_write(const uint8_t *data, size_t size, struct text *again)
{
    FILE *file = size ? fmemopen((void *)(uintptr_t)data, size, "r") : fopen("/dev/null", "re");
    struct recording_error error = {0};
    struct recording_reader *reader = NULL;
    int err;

    expect(file, "no file");
    err = recording_open(&reader, file, &error);
    if (!err)
        err = copy(reader, again, &error);
    expect(!err || (error.text[0] && error.line && error.column), "nothing is said");
    recording_close(reader);
    fclose(file);
    return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text once = {0}, twice = {0};

    if (read_and_write(data, size, &once) == 0) {
        expect(read_and_write((const uint8_t *)once.at, once.length, &twice) == 0,
               "what was written cannot be read");
        expect(once.length == twice.length && memcmp(once.at, twice.at, once.length) == 0,
               "what was read is not what was written");
    }
    free(once.at);
    free(twice.at);
    return 0;
}
