/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What one message is in a stream: the whole contract between a framer and the rest of the program.
 * A framer knows a protocol. It is shown the bytes of one conversation in their order, tells where
 * each frame ends, and to which exchange it belongs. It keeps no bytes.
 */
#ifndef CAPTURE_FRAME_H
#define CAPTURE_FRAME_H

#include "capture/message.h"
#include "capture/pairing.h"

enum { FRAME_WRONG_SIZE = 160 };

/* Bytes to skip: all there are, to the end of the stream. */
#define FRAME_REST SIZE_MAX

/* An exchange that is not known yet. */
#define FRAME_NO_EXCHANGE SIZE_MAX

/* How far a framer got. In each step it takes or skips something, or ends a frame. */
struct frame_step {
    size_t take;     /* bytes that it has read; not shown again */
    size_t skip;     /* bytes behind those that it need not see */
    bool ends;       /* with them the frame ends */
    size_t exchange; /* of the frame, once that is known; at its end, at the latest */
    char wrong[FRAME_WRONG_SIZE];
};

/* What a framer makes of the bytes it is shown; or -ENOMEM. */
enum frame_result {
    FRAME_STEP = 0, /* *step says how far it got */
    FRAME_MORE,     /* it needs more bytes in this direction */
    FRAME_WAIT,     /* it needs to know first what the other direction says */
    FRAME_RAW,      /* here another protocol begins, that has no frames */
    FRAME_WRONG,    /* that is no frame; step->wrong says why */
};

/* The length field of `len`. The frame has offset + size + its value + more bytes. */
struct frame_length {
    size_t offset;
    size_t size; /* 1, 2, 3, 4 or 8 bytes */
    bool little_endian;
    int64_t more;
};

struct framer;

/* What --frame says. */
struct framing {
    const struct framer *framer;
    struct frame_length length; /* of `len` alone */
};

struct framer {
    const char *name;

    /* It finds the next frame by itself when bytes are missing. */
    bool resumes;

    /*
     * Begins a conversation, which pairs by pairing; both arguments outlive *state.
     * Returns 0 and the state in *state, which free() can free, or -ENOMEM.
     */
    int (*begin)(void **state, const struct framing *framing, struct pairing *pairing);

    /*
     * Reads on in one direction. data is what follows what it last took or skipped there, at least
     * a byte, and is the same with more behind it when it took nothing.
     */
    int (*read)(void *state, enum direction direction, const uint8_t *data, size_t length,
                struct frame_step *step);

    /* The stream ends within a frame: is that all of it? NULL: never. */
    bool (*whole)(const void *state, enum direction direction);

    /* Frees what the state holds, but not the state; NULL when it holds nothing. */
    void (*end)(void *state);
};

/* All there are, ending with NULL. */
extern const struct framer *const framers[];

/*
 * Reads what --frame says. Returns 0; -ENOENT when there is no such kind; -EINVAL when it is the
 * kind, but not what has to follow.
 */
int framing_parse(struct framing *framing, const char *text);

/* Says what is wrong, cut where it is too long. Returns FRAME_WRONG. */
int frame_wrong(struct frame_step *step, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * The line that data begins with, its line feed included; 0 when there is no end of it yet.
 * *content is its length without the line feed and a carriage return before that.
 */
size_t frame_line(const uint8_t *data, size_t length, size_t *content);

extern const struct framer framer_line, framer_nul, framer_crlf, framer_len;
extern const struct framer framer_http, framer_dbus, framer_resp, framer_postgres;

#endif
