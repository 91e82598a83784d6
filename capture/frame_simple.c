/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Frames of which no more is known than where they end: at a delimiter, which belongs to them, or
 * by a length field. Requests and responses are paired in order.
 */
#include "capture/frame.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct simple {
    const struct framing *framing;
    struct pairing *pairing;
};

static int simple_begin(void **state, const struct framing *framing, struct pairing *pairing)
{
    struct simple *simple = calloc(1, sizeof(*simple));

    if (!simple)
        return -ENOMEM;
    simple->framing = framing;
    simple->pairing = pairing;
    *state = simple;
    return 0;
}

/* Whatever comes before the delimiter is taken as it comes; nothing of it needs to be seen again
 * but what can be the delimiter's own beginning. */
static int read_delimited(struct simple *simple, enum direction direction, const uint8_t *data,
                          size_t length, const char *delimiter, size_t size,
                          struct frame_step *step)
{
    const uint8_t *end = memmem(data, length, delimiter, size);

    if (end) {
        step->take = (size_t)(end - data) + size;
        step->ends = true;
        return pairing_in_order(simple->pairing, direction, &step->exchange);
    }
    step->take = length;
    if (size > 1 && data[length - 1] == (uint8_t)delimiter[0])
        step->take--;
    return step->take ? FRAME_STEP : FRAME_MORE;
}

static int line_read(void *state, enum direction direction, const uint8_t *data, size_t length,
                     struct frame_step *step)
{
    return read_delimited(state, direction, data, length, "\n", 1, step);
}

static int nul_read(void *state, enum direction direction, const uint8_t *data, size_t length,
                    struct frame_step *step)
{
    return read_delimited(state, direction, data, length, "\0", 1, step);
}

static int crlf_read(void *state, enum direction direction, const uint8_t *data, size_t length,
                     struct frame_step *step)
{
    return read_delimited(state, direction, data, length, "\r\n", 2, step);
}

/* Many programs leave out the delimiter after the last thing they say. */
static bool delimited_whole(const void *state, enum direction direction)
{
    (void)state;
    (void)direction;
    return true;
}

static uint64_t field_value(const struct frame_length *field, const uint8_t *data)
{
    uint64_t value = 0;

    for (size_t i = 0; i < field->size; i++) {
        size_t at = field->little_endian ? field->size - 1 - i : i;

        value = value << 8 | data[field->offset + at];
    }
    return value;
}

static int len_read(void *state, enum direction direction, const uint8_t *data, size_t length,
                    struct frame_step *step)
{
    const struct simple *simple = state;
    const struct frame_length *field = &simple->framing->length;
    size_t header = field->offset + field->size;
    uint64_t value, less;

    if (length < header)
        return FRAME_MORE;
    value = field_value(field, data);
    less = field->more < 0 ? (uint64_t)-field->more : 0;
    if (value < less)
        return frame_wrong(step, "its length field says %" PRIu64 ", so it would end in its header",
                           value);
    if (value > INT64_MAX)
        return frame_wrong(step, "its length field says %" PRIu64 ": no frame is that long", value);
    step->take = header;
    step->skip = value + (uint64_t)field->more;
    step->ends = true;
    return pairing_in_order(simple->pairing, direction, &step->exchange);
}

const struct framer framer_line = {
    .name = "line",
    .resumes = true,
    .begin = simple_begin,
    .read = line_read,
    .whole = delimited_whole,
};

const struct framer framer_nul = {
    .name = "nul",
    .resumes = true,
    .begin = simple_begin,
    .read = nul_read,
    .whole = delimited_whole,
};

const struct framer framer_crlf = {
    .name = "crlf",
    .resumes = true,
    .begin = simple_begin,
    .read = crlf_read,
    .whole = delimited_whole,
};

const struct framer framer_len = {
    .name = "len",
    .begin = simple_begin,
    .read = len_read,
};
