/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Reads the two files that socat -r and -R write: all that went from left to right, and all that
 * went back. In which order they were said only a framing can tell.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "capture/talk.h"

enum { PIECE = 1 << 16 };

/* Bytes have no looks: this one is asked for by its name. */
static int looks(const uint8_t *bytes, size_t size)
{
    (void)bytes;
    (void)size;
    return 0;
}

static int read_side(struct talk *talk, struct reading *reading, int end)
{
    const struct dump *dump = &reading->dumps[end];
    uint8_t *data = malloc(PIECE);
    int err = data ? 0 : -ENOMEM;
    size_t size;

    while (!err && (size = fread(data, 1, PIECE, dump->file)) > 0)
        err = talk_said(talk, reading, end, 0, data, size, size);
    if (!err && ferror(dump->file))
        err = reading_fail(reading, dump, 0, "cannot be read");
    free(data);
    return err;
}

static int read(struct reading *reading)
{
    struct talk talk = {0};
    uint64_t number = 0;
    bool right;
    int err = talk_kind_find(&talk.kind, reading, 0);

    if (!err)
        err = talk_sides(reading, &right);
    if (!err && reading->count != 2)
        err = reading_fail(reading, reading->dumps, 0,
                           "raw dumps come in twos: -r for what the client said, and -r again for "
                           "what the server did");
    if (!err && talk.kind.type != SOCK_STREAM)
        err = reading_fail(reading, reading->dumps, 0,
                           "where one message ends is not told, so it can be of streams alone");
    if (!err)
        err = reading->begin(reading->context, NULL, "raw");
    if (!err) {
        talk.ends[right].client = true;
        err = talk_begin(&talk, reading, &number);
    }
    for (int i = 0; i < 2 && !err; i++)
        err = read_side(&talk, reading, right ? !i : i);
    return err;
}

const struct reader reader_raw = {
    .name = "raw",
    .summary = "the two files of socat -r and -R",
    .several = true,
    .needs = READER_SERVER | READER_TYPE | READER_CLIENT,
    .looks = looks,
    .read = read,
};
