/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * D-Bus: a zero byte, lines of authentication, then messages. A reply names the serial of the call
 * that it is for; each side may send calls and signals whenever it likes.
 */
#include "capture/frame.h"

#include <byteswap.h>
#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "capture/big_endian.h"
#include "capture/tree.h"

enum {
    LINE_MAX_BYTES = 16 << 10, /* what the reference implementation takes */
    HEADER_SIZE = 16,
    FIELDS_MAX = 64 << 20,
    MESSAGE_MAX = 128 << 20,
};

enum message_type { METHOD_CALL = 1, METHOD_RETURN, ERROR };

enum { NO_REPLY_EXPECTED = 1 };

enum { REPLY_SERIAL = 5 };

/* A call that has no reply yet. */
struct call {
    uint32_t serial;
    size_t exchange;
};

struct dbus {
    struct pairing *pairing;
    void *calls;      /* a tree by serial */
    bool begun[2];    /* something has been said in that direction */
    bool messages[2]; /* authentication is over there */
};

static int compare_call(const void *a, const void *b)
{
    return tree_compare_numbers(((const struct call *)a)->serial, ((const struct call *)b)->serial);
}

static int dbus_begin(void **state, const struct framing *framing, struct pairing *pairing)
{
    struct dbus *dbus = calloc(1, sizeof(*dbus));

    (void)framing;
    if (!dbus)
        return -ENOMEM;
    dbus->pairing = pairing;
    *state = dbus;
    return 0;
}

static void dbus_end(void *state)
{
    tdestroy(((struct dbus *)state)->calls, free);
}

/* Authentication */

/* Every command but BEGIN has a line for its answer. */
static int pair_line(struct dbus *dbus, enum direction direction, const uint8_t *line,
                     size_t length, struct frame_step *step)
{
    static const char begin[] = "BEGIN";

    if (direction == REQUEST && length == strlen(begin) && memcmp(line, begin, length) == 0) {
        dbus->messages[REQUEST] = true;
        step->exchange = pairing_open(dbus->pairing);
        return FRAME_STEP;
    }
    return pairing_in_order(dbus->pairing, direction, &step->exchange);
}

static int read_line(struct dbus *dbus, enum direction direction, const uint8_t *data,
                     size_t length, struct frame_step *step)
{
    size_t content;

    step->take = frame_line(data, length, &content);
    if ((step->take ? step->take : length) > LINE_MAX_BYTES)
        return frame_wrong(step, "a line of authentication of more than %d bytes", LINE_MAX_BYTES);
    if (!step->take)
        return FRAME_MORE;
    step->ends = true;
    return pair_line(dbus, direction, data, content, step);
}

/* Messages */

static uint32_t read_u32(const uint8_t *data, bool little_endian)
{
    return little_endian ? bswap_32(big_u32(data)) : big_u32(data);
}

static size_t align(size_t offset, size_t to)
{
    return (offset + to - 1) / to * to;
}

/* Where the value of that type ends which begins at or after offset; 0 when that is not known. */
static size_t value_end(const uint8_t *data, size_t length, size_t offset, char type,
                        bool little_endian)
{
    switch (type) {
    case 'y':
        return offset + 1;
    case 'g':
        return offset < length ? offset + 1 + data[offset] + 1 : 0;
    case 'b':
    case 'u':
    case 'i':
        return align(offset, 4) + 4;
    case 's':
    case 'o':
        offset = align(offset, 4);
        if (length < 4 || offset > length - 4)
            return 0;
        return offset + 4 + (size_t)read_u32(data + offset, little_endian) + 1;
    }
    return 0;
}

/*
 * Looks for the serial that a reply names among the header fields: structs of a code and a variant,
 * each at a multiple of 8. Returns false when it is not there, or behind what cannot be read.
 */
static bool reply_serial(const uint8_t *data, size_t length, bool little_endian, uint32_t *serial)
{
    size_t at = HEADER_SIZE;

    while (at + 4 <= length && data[at + 1] == 1 && data[at + 3] == 0) {
        size_t end = value_end(data, length, at + 4, (char)data[at + 2], little_endian);

        if (end == 0 || end > length)
            return false;
        if (data[at] == REPLY_SERIAL && data[at + 2] == 'u') {
            *serial = read_u32(data + end - 4, little_endian);
            return true;
        }
        at = align(end, 8);
    }
    return false;
}

static int add_call(struct dbus *dbus, uint32_t serial, size_t exchange)
{
    const struct call key = {.serial = serial};
    struct call *call = tree_get(&dbus->calls, &key, sizeof(key), compare_call, NULL);

    if (!call)
        return -ENOMEM;
    call->exchange = exchange;
    return 0;
}

/* The exchange of the call that has that serial and no reply; from now on it has. */
static bool take_call(struct dbus *dbus, uint32_t serial, size_t *exchange)
{
    const struct call key = {.serial = serial};
    struct call *call = tree_find(&dbus->calls, &key, compare_call);

    if (!call)
        return false;
    *exchange = call->exchange;
    tree_drop(&dbus->calls, call, compare_call);
    return true;
}

/* data is the message without its body. */
static int pair_message(struct dbus *dbus, enum direction direction, const uint8_t *data,
                        size_t length, struct frame_step *step)
{
    bool little_endian = data[0] == 'l';
    int type = data[1];
    uint32_t serial;

    if (direction == REQUEST) {
        step->exchange = pairing_open(dbus->pairing);
        if (type != METHOD_CALL || data[2] & NO_REPLY_EXPECTED)
            return FRAME_STEP;
        return add_call(dbus, read_u32(data + 8, little_endian), step->exchange);
    }
    if ((type != METHOD_RETURN && type != ERROR) ||
        !reply_serial(data, length, little_endian, &serial) ||
        !take_call(dbus, serial, &step->exchange))
        step->exchange = pairing_unasked(dbus->pairing);
    return FRAME_STEP;
}

static int read_message(struct dbus *dbus, enum direction direction, const uint8_t *data,
                        size_t length, struct frame_step *step)
{
    bool little_endian = data[0] == 'l';
    uint32_t body, fields;
    size_t header;

    if (length < HEADER_SIZE)
        return FRAME_MORE;
    if (data[1] == 0 || data[3] != 1)
        return frame_wrong(step, "not a message of D-Bus");
    body = read_u32(data + 4, little_endian);
    fields = read_u32(data + 12, little_endian);
    if (fields > FIELDS_MAX)
        return frame_wrong(
            step, "the message says that its header has %" PRIu32 " bytes, and %d is the most",
            fields, FIELDS_MAX);
    header = align(HEADER_SIZE + (size_t)fields, 8);
    if (header + body > MESSAGE_MAX)
        return frame_wrong(step, "the message says that it has %zu bytes, and %d is the most",
                           header + body, MESSAGE_MAX);
    if (length < header)
        return FRAME_MORE;
    dbus->messages[direction] = true;
    step->take = header;
    step->skip = body;
    step->ends = true;
    return pair_message(dbus, direction, data, HEADER_SIZE + fields, step);
}

/* A message begins with a letter that tells its byte order and a small number, a line with a word
 * in capitals. */
static int dbus_read(void *state, enum direction direction, const uint8_t *data, size_t length,
                     struct frame_step *step)
{
    struct dbus *dbus = state;
    bool first = !dbus->begun[direction];

    if (first && direction == REQUEST && data[0] == '\0') {
        dbus->begun[direction] = true;
        step->take = 1;
        step->ends = true;
        step->exchange = pairing_open(dbus->pairing);
        return FRAME_STEP;
    }
    if ((data[0] == 'l' || data[0] == 'B') && length < 2)
        return FRAME_MORE;
    dbus->begun[direction] = true;
    if ((data[0] == 'l' || data[0] == 'B') && data[1] < ' ')
        return read_message(dbus, direction, data, length, step);
    if (!dbus->messages[direction] && data[0] >= 'A' && data[0] <= 'Z')
        return read_line(dbus, direction, data, length, step);
    return frame_wrong(step, dbus->messages[direction]
                                 ? "not a message of D-Bus"
                                 : "neither a line of authentication nor a message of D-Bus");
}

const struct framer framer_dbus = {
    .name = "dbus",
    .begin = dbus_begin,
    .read = dbus_read,
    .end = dbus_end,
};
