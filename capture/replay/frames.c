/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/replay/frames.h"

#include <stdlib.h>
#include <sys/socket.h>

int frames_begin(struct frames *frames, const struct framing *framing,
                 struct framed_watcher watcher)
{
    int err = framed_new(&frames->framed, framing);

    if (err)
        return err;
    frames->conversation.type = SOCK_STREAM;
    frames->watcher = watcher;
    framed_watch(frames->framed, &frames->watcher);
    return 0;
}

void frames_end(struct frames *frames)
{
    framed_free(frames->framed);
    free(frames->conversation.wrong[REQUEST].why);
    free(frames->conversation.wrong[RESPONSE].why);
}

bool frames_cut(const struct frames *frames, enum direction direction)
{
    return frames->framed && !framed_is_run(frames->framed, direction);
}

int frames_add(struct frames *frames, enum direction direction, const uint8_t *data, size_t length,
               size_t missing)
{
    static const struct end nobody = {.address = (char *)""};
    const struct message message = {
        .conversation = 1,
        .direction = direction,
        .type = SOCK_STREAM,
        .self = &nobody,
        .peer = &nobody,
        .data = data,
        .length = length,
        .missing = missing,
    };
    int err = frames->framed ? framed_add(frames->framed, &frames->conversation, &message) : 0;

    frames->conversation.position[direction] += length + missing;
    return err;
}

int frames_finish(struct frames *frames)
{
    return framed_finish(frames->framed, &frames->conversation);
}
