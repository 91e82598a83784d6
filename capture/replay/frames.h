/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What of a conversation that takes place now is a frame. */
#ifndef CAPTURE_REPLAY_FRAMES_H
#define CAPTURE_REPLAY_FRAMES_H

#include "capture/framed.h"

/* All zero where nothing is framed: then nothing is told of. End it with frames_end(). */
struct frames {
    struct framed *framed;
    struct framed_watcher watcher;
    struct conversation_table conversation; /* of which framing keeps what is wrong with it */
};

/* Has the watcher told of frames. Returns 0 or -ENOMEM. */
int frames_begin(struct frames *frames, const struct framing *framing,
                 struct framed_watcher watcher);
void frames_end(struct frames *frames);

/* Whether what is said in the direction is cut into frames, and they are told of as such. */
bool frames_cut(const struct frames *frames, enum direction direction);

/* Something was said, of which bytes may be missing. Returns 0 or -errno. */
int frames_add(struct frames *frames, enum direction direction, const uint8_t *data, size_t length,
               size_t missing);

/* No more will be said. Returns 0 or -errno. */
int frames_finish(struct frames *frames);

#endif
