/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/replay/answer.h"

#include "capture/blocks.h"

/* The bytes of what was asked now that correspond to those of the echo's source. */
static int find_source(const struct said *recorded, const struct said *asked,
                       const struct range *range, size_t *from, size_t *length)
{
    struct blocks blocks;
    int err = blocks_align(&blocks, recorded->data, recorded->length, asked->data, asked->length);

    if (err)
        return err;
    *from = blocks_begin(&blocks, range->echo_offset);
    *length = blocks_end(&blocks, range->echo_offset + range->length) - *from;
    blocks_free(&blocks);
    return 0;
}

/* Appends that part of the message, which may have no bytes at all. */
static int add_part(struct said *out, const struct said *said, size_t from, size_t to)
{
    return to > from ? said_append(NULL, out, said->data + from, to - from) : 0;
}

/* Appends what the range echoes, or, where nobody said it yet, what is recorded. */
static int add_echo(struct said *out, const struct exchange *recorded, const struct said *response,
                    const struct range *range, const struct side *asked, bool *resized)
{
    const struct side *request = &recorded->request;
    size_t from = 0, length = 0;
    int err;

    if (range->echo_message >= request->count || range->echo_message >= asked->count ||
        range->echo_offset + range->length > request->messages[range->echo_message].length)
        return add_part(out, response, range->offset, range_end(range));
    err = find_source(&request->messages[range->echo_message],
                      &asked->messages[range->echo_message], range, &from, &length);
    if (err)
        return err;
    *resized = *resized || length != range->length;
    return add_part(out, &asked->messages[range->echo_message], from, from + length);
}

int answer_fill(struct said *out, const struct exchange *recorded, size_t message,
                const struct side *asked, bool *resized)
{
    const struct said *response = &recorded->response.messages[message];
    size_t done = 0;
    int err = 0;

    for (size_t i = 0; i < response->ranges.count && !err; i++) {
        const struct range *range = &response->ranges.items[i];

        if (range->kind != RANGE_ECHO)
            continue;
        err = add_part(out, response, done, range->offset);
        if (!err)
            err = add_echo(out, recorded, response, range, asked, resized);
        done = range_end(range);
    }
    return err ? err : add_part(out, response, done, response->length);
}
