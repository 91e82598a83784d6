/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * RESP, versions 2 and 3, as Redis speaks it. Nested elements are counted down on a stack. Of each
 * frame the first words are kept in mind, from which follows what belongs together.
 */
#include "capture/frame.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/resp_session.h"

enum {
    DEPTH_MAX = 64,
    INLINE_MAX = 64 << 10, /* what Redis takes */
    COUNT_LINE_MAX = 32,
};

/* The count of what lasts until an end of its own. */
#define UNTIL_END INT64_MAX

/* The frame under way in one direction. */
struct reading {
    int64_t left[DEPTH_MAX]; /* elements that are still to come; the innermost aggregate is last */
    size_t depth;            /* 0 between frames; the frame itself is at 1 */
    bool in_line;            /* within a line of any length */
    bool behind_bulk;        /* behind the bytes of a string, before its line end */
    bool in_chunks;          /* within a string of chunks */
    struct resp_frame frame; /* its type is 0 until its first element that is no attribute */
    size_t known;            /* of its words */
};

struct resp {
    struct resp_session session;
    struct reading reading[2];
};

static int resp_begin(void **state, const struct framing *framing, struct pairing *pairing)
{
    struct resp *resp = calloc(1, sizeof(*resp));

    (void)framing;
    if (!resp)
        return -ENOMEM;
    resp->session.pairing = pairing;
    *state = resp;
    return 0;
}

/* Elements */

static int frame_ends(struct resp *resp, enum direction direction, struct frame_step *step)
{
    int result = FRAME_STEP;

    step->ends = true;
    if (direction == REQUEST)
        result = resp_pair_request(&resp->session, &resp->reading[REQUEST].frame, &step->exchange);
    else
        step->exchange = resp_pair_response(&resp->session, &resp->reading[RESPONSE].frame);
    resp->reading[direction] = (struct reading){0};
    return result;
}

/* An element is complete, and with it every aggregate that it was the last one of. */
static int element_ends(struct resp *resp, enum direction direction, struct frame_step *step)
{
    struct reading *reading = &resp->reading[direction];

    while (reading->depth > 0) {
        int64_t *left = &reading->left[reading->depth - 1];

        if (*left == UNTIL_END || --*left > 0)
            return FRAME_STEP;
        reading->depth--;
    }
    return frame_ends(resp, direction, step);
}

/* Keeps the element in mind if it is one of the first of the frame. */
static void note(struct reading *reading, char type, const uint8_t *text, size_t length)
{
    struct resp_word *word = &reading->frame.words[reading->known];

    if (reading->depth != 2 || reading->known == RESP_WORDS || !reading->frame.type)
        return;
    reading->known++;
    word->type = type;
    if (text && length < RESP_WORD_SIZE)
        memcpy(word->text, text, length);
}

/* Elements follow, until there have been count of them. */
static int aggregate_begins(struct resp *resp, enum direction direction, char type, int64_t count,
                            struct frame_step *step)
{
    struct reading *reading = &resp->reading[direction];
    int64_t *left = &reading->left[reading->depth - 1];

    if (type != '|')
        note(reading, type, NULL, 0);
    else if (*left != UNTIL_END)
        ++*left; /* attributes stand before an element and are none */
    if (reading->depth == 1 && type != '|') {
        reading->frame.type = type;
        reading->frame.count = count;
    }
    if (count < 1)
        return element_ends(resp, direction, step);
    if (reading->depth == DEPTH_MAX)
        return frame_wrong(step, "more than %d arrays within each other", DEPTH_MAX - 1);
    if ((type == '%' || type == '|') && count != UNTIL_END)
        count *= 2;
    reading->left[reading->depth++] = count;
    return FRAME_STEP;
}

/* A string of that many bytes follows the line that is already taken. */
static int bulk_begins(struct resp *resp, enum direction direction, const uint8_t *data,
                       size_t length, int64_t size, struct frame_step *step)
{
    struct reading *reading = &resp->reading[direction];
    bool wanted = reading->depth == 2 && reading->known < RESP_WORDS && size < RESP_WORD_SIZE;
    size_t whole = step->take + (size_t)size + 2;

    if (!wanted) {
        note(reading, data[0], NULL, 0);
        step->skip = (size_t)size;
        reading->behind_bulk = true;
        return FRAME_STEP;
    }
    if (length < whole)
        return FRAME_MORE;
    if (memcmp(data + whole - 2, "\r\n", 2) != 0)
        return frame_wrong(step, "a string that does not end where its length says");
    note(reading, data[0], data + step->take, (size_t)size);
    step->take = whole;
    return element_ends(resp, direction, step);
}

/* The number behind the type of an element; ? is UNTIL_END, and -1 stands for null. */
static bool read_count(const uint8_t *data, size_t length, int64_t *count)
{
    *count = 0;
    if (length == 1 && data[0] == '?') {
        *count = UNTIL_END;
        return true;
    }
    if (length == 2 && memcmp(data, "-1", 2) == 0) {
        *count = -1;
        return true;
    }
    for (size_t i = 0; i < length; i++) {
        if (!isdigit(data[i]) || *count > INT64_MAX / 100)
            return false;
        *count = *count * 10 + data[i] - '0';
    }
    return length > 0;
}

/* An element that begins with a count: a string or an aggregate. */
static int counted_element(struct resp *resp, enum direction direction, const uint8_t *data,
                           size_t length, size_t content, struct frame_step *step)
{
    struct reading *reading = &resp->reading[direction];
    bool string = strchr("$=!;", data[0]);
    int64_t count;

    if (!read_count(data + 1, content - 1, &count) ||
        (count == UNTIL_END && string && data[0] != '$') || (count < 0 && !strchr("$*", data[0])))
        return frame_wrong(step, "not a length");
    if (!string)
        return aggregate_begins(resp, direction, data[0], count, step);
    if (data[0] == ';' && count == 0) {
        reading->in_chunks = false;
        reading->depth--;
        return element_ends(resp, direction, step);
    }
    if (count == UNTIL_END) {
        reading->in_chunks = true;
        return aggregate_begins(resp, direction, data[0], count, step);
    }
    if (count < 0) {
        note(reading, '_', NULL, 0);
        return element_ends(resp, direction, step);
    }
    return bulk_begins(resp, direction, data, length, count, step);
}

/* An element of one short line. */
static int short_element(struct resp *resp, enum direction direction, const uint8_t *data,
                         size_t length, struct frame_step *step)
{
    struct reading *reading = &resp->reading[direction];
    size_t content = 0;

    step->take = frame_line(data, length, &content);
    if ((step->take ? step->take : length) > COUNT_LINE_MAX)
        return frame_wrong(step, "a number of more than %d bytes", COUNT_LINE_MAX);
    if (!step->take)
        return FRAME_MORE;
    if (strchr("$=!;*~>%|", data[0]))
        return counted_element(resp, direction, data, length, content, step);
    if (data[0] == '.') {
        if (content > 1 || reading->left[reading->depth - 1] != UNTIL_END)
            return frame_wrong(step, "an end without a beginning");
        reading->depth--;
        return element_ends(resp, direction, step);
    }
    if (reading->depth == 1)
        reading->frame.type = data[0];
    note(reading, data[0], data + 1, content - 1);
    return element_ends(resp, direction, step);
}

/* A line of any length, which nobody needs to see more of than its end. */
static int rest_of_line(struct resp *resp, enum direction direction, const uint8_t *data,
                        size_t length, struct frame_step *step)
{
    size_t content;

    step->take = frame_line(data, length, &content);
    if (!step->take) {
        step->take = length;
        return FRAME_STEP;
    }
    resp->reading[direction].in_line = false;
    return element_ends(resp, direction, step);
}

static int long_element(struct resp *resp, enum direction direction, const uint8_t *data,
                        size_t length, struct frame_step *step)
{
    struct reading *reading = &resp->reading[direction];

    if (length < 2)
        return FRAME_MORE;
    if (reading->depth == 1) {
        reading->frame.type = data[0];
        reading->frame.words[0].text[0] = (char)data[1];
    }
    note(reading, data[0], NULL, 0);
    reading->in_line = true;
    return rest_of_line(resp, direction, data, length, step);
}

static int bulk_end(struct resp *resp, enum direction direction, const uint8_t *data, size_t length,
                    struct frame_step *step)
{
    struct reading *reading = &resp->reading[direction];

    if (data[0] != '\r' || (length > 1 && data[1] != '\n'))
        return frame_wrong(step, "a string that does not end where its length says");
    if (length < 2)
        return FRAME_MORE;
    step->take = 2;
    reading->behind_bulk = false;
    return element_ends(resp, direction, step);
}

/* A request can be a line of words. */
static int inline_request(struct resp *resp, const uint8_t *data, size_t length,
                          struct frame_step *step)
{
    struct reading *reading = &resp->reading[REQUEST];
    size_t content, at = 0;

    step->take = frame_line(data, length, &content);
    if ((step->take ? step->take : length) > INLINE_MAX)
        return frame_wrong(step, "a line of more than %d bytes", INLINE_MAX);
    if (!step->take)
        return FRAME_MORE;
    reading->frame.type = '*';
    reading->depth = 2;
    for (;;) {
        size_t from;

        while (at < content && isspace(data[at]))
            at++;
        if (at == content)
            return frame_ends(resp, REQUEST, step);
        for (from = at; at < content && !isspace(data[at]);)
            at++;
        note(reading, '$', data + from, at - from);
        reading->frame.count++;
    }
}

static int frame_begins(struct resp *resp, enum direction direction, const uint8_t *data)
{
    struct resp_session *session = &resp->session;

    if (session->undecided && direction == REQUEST)
        return FRAME_WAIT;
    if (session->copying || (direction == RESPONSE && resp_copy_begins(session, data[0])))
        return FRAME_RAW;
    resp->reading[direction].depth = 1;
    resp->reading[direction].left[0] = 1;
    return FRAME_STEP;
}

static int resp_read(void *state, enum direction direction, const uint8_t *data, size_t length,
                     struct frame_step *step)
{
    struct resp *resp = state;
    struct reading *reading = &resp->reading[direction];

    if (reading->behind_bulk)
        return bulk_end(resp, direction, data, length, step);
    if (reading->in_line)
        return rest_of_line(resp, direction, data, length, step);
    if (reading->depth == 0) {
        int result = frame_begins(resp, direction, data);

        if (result != FRAME_STEP)
            return result;
    }
    if (direction == REQUEST && reading->depth == 1 && data[0] != '*' &&
        (isprint(data[0]) || isspace(data[0])))
        return inline_request(resp, data, length, step);
    if (reading->in_chunks == (data[0] == ';')) {
        if (data[0] && strchr("$=!;*~>%|:#_.", data[0]))
            return short_element(resp, direction, data, length, step);
        if (data[0] && strchr("+-,(", data[0]))
            return long_element(resp, direction, data, length, step);
    }
    return frame_wrong(step, "no element of RESP begins with the byte 0x%02x", data[0]);
}

const struct framer framer_resp = {
    .name = "resp",
    .begin = resp_begin,
    .read = resp_read,
};
