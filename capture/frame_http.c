/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * HTTP/1.0 and 1.1, as RFC 9112 has it. How long a response is depends on its request, and what
 * follows a request to change the protocol on its response.
 */
#include "capture/frame.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HEADER_MAX = 256 << 10, CHUNK_LINE_MAX = 4096 };

enum phase { START, FIELDS, BODY, CHUNK_SIZE, CHUNK_END, TRAILER };

/* What a request asks for that changes how its response is read. */
enum { HEAD = 1, CONNECT = 2, UPGRADE = 4 };

enum field { OTHER, CONTENT_LENGTH, TRANSFER_ENCODING, UPGRADE_TO, EXPECT };

/* The message under way in one direction. */
struct part {
    enum phase phase;
    size_t header; /* bytes of header, or of trailer, so far */
    enum field field;
    int kind;     /* of a request */
    int status;   /* of a response */
    bool expects; /* the client may wait for 100 (Continue) before it sends the body */
    bool has_length, encoded, chunked;
    uint64_t length;
};

struct http {
    struct pairing *pairing;
    struct part parts[2];
    bool undecided; /* a request to change the protocol has no answer yet */
    bool changed;   /* it has, and it was granted */
    bool refused;   /* the last final response came before the body that it is about */
};

static int http_begin(void **state, const struct framing *framing, struct pairing *pairing)
{
    struct http *http = calloc(1, sizeof(*http));

    (void)framing;
    if (!http)
        return -ENOMEM;
    http->pairing = pairing;
    *state = http;
    return 0;
}

static bool is_word(const uint8_t *text, size_t length, const char *word)
{
    return length == strlen(word) && strncasecmp((const char *)text, word, length) == 0;
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

static void trim(const uint8_t **text, size_t *length)
{
    for (; *length && is_blank(**text); (*text)++)
        (*length)--;
    while (*length && is_blank((*text)[*length - 1]))
        (*length)--;
}

/* Start lines */

/* RFC 9110, section 5.6.2 */
static size_t token_length(const uint8_t *text, size_t length)
{
    size_t count = 0;

    while (count < length && text[count] &&
           (isalnum(text[count]) || strchr("!#$%&'*+-.^_`|~", text[count])))
        count++;
    return count;
}

/* The eight bytes of a version. */
static bool is_version(const uint8_t *text)
{
    return memcmp(text, "HTTP/1.", 7) == 0 && isdigit(text[7]);
}

static int request_line(struct part *part, const uint8_t *line, size_t length,
                        struct frame_step *step)
{
    size_t method = token_length(line, length);

    if (!method || method == length || line[method] != ' ' || length < method + 11 ||
        line[length - 9] != ' ' || memcmp(line + length - 8, "HTTP/", 5) != 0)
        return frame_wrong(step, "not a request of HTTP/1.0 or 1.1");
    if (!is_version(line + length - 8))
        return frame_wrong(step, "a version of HTTP that is not 1.0 or 1.1");
    if (method == 4 && memcmp(line, "HEAD", 4) == 0)
        part->kind = HEAD;
    else if (method == 7 && memcmp(line, "CONNECT", 7) == 0)
        part->kind = CONNECT;
    return FRAME_STEP;
}

static int status_line(struct part *part, const uint8_t *line, size_t length,
                       struct frame_step *step)
{
    if (length < 12 || !is_version(line) || line[8] != ' ' || !isdigit(line[9]) ||
        !isdigit(line[10]) || !isdigit(line[11]) || (length > 12 && line[12] != ' '))
        return frame_wrong(step, "not a response of HTTP/1.0 or 1.1");
    part->status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + line[11] - '0';
    return FRAME_STEP;
}

/* Header fields */

/* A list of equal numbers is that number (RFC 9110, section 8.6). */
static int content_length(struct part *part, const uint8_t *value, size_t length,
                          struct frame_step *step)
{
    do {
        const uint8_t *comma = memchr(value, ',', length);
        size_t size = comma ? (size_t)(comma - value) : length;
        const uint8_t *item = value;
        size_t digits = size;
        uint64_t number = 0;

        trim(&item, &digits);
        if (!digits)
            return frame_wrong(step, "an empty Content-Length");
        for (size_t i = 0; i < digits; i++) {
            if (!isdigit(item[i]) || number > INT64_MAX / 10 - 1)
                return frame_wrong(step, "a Content-Length that is no length");
            number = number * 10 + item[i] - '0';
        }
        if (part->has_length && part->length != number)
            return frame_wrong(step, "two Content-Lengths that differ");
        part->has_length = true;
        part->length = number;
        size += comma != NULL;
        value += size;
        length -= size;
    } while (length > 0);
    return FRAME_STEP;
}

/* Of several codings the last one counts, and of several such fields the last. */
static void transfer_encoding(struct part *part, const uint8_t *value, size_t length)
{
    const uint8_t *comma = memrchr(value, ',', length);

    if (comma) {
        length -= (size_t)(comma + 1 - value);
        value = comma + 1;
    }
    trim(&value, &length);
    if (!length)
        return;
    part->encoded = true;
    part->chunked = is_word(value, length, "chunked");
}

static int field_value(struct part *part, const uint8_t *value, size_t length,
                       struct frame_step *step)
{
    trim(&value, &length);
    switch (part->field) {
    case CONTENT_LENGTH:
        return content_length(part, value, length, step);
    case TRANSFER_ENCODING:
        transfer_encoding(part, value, length);
        break;
    case UPGRADE_TO:
        part->kind |= UPGRADE;
        break;
    case EXPECT:
        part->expects = !part->status && is_word(value, length, "100-continue");
        break;
    case OTHER:
        break;
    }
    return FRAME_STEP;
}

static int field_line(struct part *part, const uint8_t *line, size_t length,
                      struct frame_step *step)
{
    static const struct {
        const char *name;
        enum field field;
    } fields[] = {{"Content-Length", CONTENT_LENGTH},
                  {"Transfer-Encoding", TRANSFER_ENCODING},
                  {"Upgrade", UPGRADE_TO},
                  {"Expect", EXPECT}};
    size_t name = token_length(line, length);

    if (is_blank(line[0])) /* the field before it goes on, in the old way */
        return field_value(part, line, length, step);
    if (!name || name == length || line[name] != ':')
        return frame_wrong(step, "not a header field of HTTP");
    part->field = OTHER;
    for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
        if (is_word(line, name, fields[i].name))
            part->field = fields[i].field;
    return field_value(part, line + name + 1, length - name - 1, step);
}

/* Bodies */

static void message_ends(struct http *http, enum direction direction, struct frame_step *step)
{
    http->parts[direction] = (struct part){0};
    step->ends = true;
}

/* The header is over; what follows is a body of that many bytes, or in chunks. */
static int body_begins(struct http *http, enum direction direction, uint64_t length,
                       struct frame_step *step)
{
    struct part *part = &http->parts[direction];

    part->header = 0;
    part->phase = BODY;
    if (length == FRAME_REST && part->chunked) {
        part->phase = CHUNK_SIZE;
    } else if (length == 0) {
        message_ends(http, direction, step);
    } else if (!part->expects) {
        step->skip = length;
        if (length != FRAME_REST)
            message_ends(http, direction, step);
    }
    return FRAME_STEP;
}

static int request_begins(struct http *http, struct frame_step *step)
{
    struct part *part = &http->parts[REQUEST];

    if (part->encoded && !part->chunked)
        return frame_wrong(step, "a request with a Transfer-Encoding that has no end");
    if (pairing_ask(http->pairing, part->kind, 0, &step->exchange))
        return -ENOMEM;
    http->refused = false;
    if (part->kind & (CONNECT | UPGRADE))
        http->undecided = true;
    if (part->kind & CONNECT)
        return body_begins(http, REQUEST, 0, step);
    return body_begins(http, REQUEST, part->encoded ? FRAME_REST : part->length, step);
}

/* RFC 9112, section 6.3 */
static uint64_t response_length(const struct part *part, int asked)
{
    if (part->status < 200 || part->status == 204 || part->status == 304 || asked & HEAD ||
        (asked & CONNECT && part->status < 300))
        return 0;
    return part->encoded || !part->has_length ? FRAME_REST : part->length;
}

static int response_begins(struct http *http, struct frame_step *step)
{
    struct part *part = &http->parts[RESPONSE];
    const struct waiting *waiting = pairing_waiting(http->pairing, 0);
    int asked = waiting ? waiting->kind : 0;
    int status = part->status;
    bool granted = status == 101 ? asked & UPGRADE : asked & CONNECT && status / 100 == 2;

    step->exchange = waiting ? waiting->exchange : pairing_unasked(http->pairing);
    if (granted || status >= 200) {
        http->refused = waiting && !pairing_waiting(http->pairing, 1);
        if (asked & (CONNECT | UPGRADE)) {
            http->undecided = false;
            http->changed = granted;
        }
        if (waiting)
            pairing_answered(http->pairing);
    }
    return body_begins(http, RESPONSE, response_length(part, asked), step);
}

/* Reading */

static int header_line(struct http *http, enum direction direction, const uint8_t *data,
                       size_t length, struct frame_step *step)
{
    struct part *part = &http->parts[direction];
    size_t content = 0;

    step->take = frame_line(data, length, &content);
    if (part->header + (step->take ? step->take : length) > HEADER_MAX)
        return frame_wrong(step, "a header of more than %d bytes", HEADER_MAX);
    if (!step->take)
        return FRAME_MORE;
    part->header += step->take;
    if (part->phase == START) {
        if (!content) /* empty lines between messages are allowed */
            return FRAME_STEP;
        part->phase = FIELDS;
        return direction == REQUEST ? request_line(part, data, content, step)
                                    : status_line(part, data, content, step);
    }
    if (content)
        return part->phase == TRAILER ? FRAME_STEP : field_line(part, data, content, step);
    if (part->phase == FIELDS)
        return direction == REQUEST ? request_begins(http, step) : response_begins(http, step);
    message_ends(http, direction, step);
    return FRAME_STEP;
}

static int chunk_size(struct part *part, const uint8_t *data, size_t length,
                      struct frame_step *step)
{
    size_t content, digits = 0;
    uint64_t size = 0;

    step->take = frame_line(data, length, &content);
    if ((step->take ? step->take : length) > CHUNK_LINE_MAX)
        return frame_wrong(step, "a chunk size of more than %d bytes", CHUNK_LINE_MAX);
    if (!step->take)
        return FRAME_MORE;
    for (; digits < content && isxdigit(data[digits]); digits++) {
        if (size > INT64_MAX >> 4)
            return frame_wrong(step, "a chunk size that is no size");
        size = size << 4 | (uint64_t)(isdigit(data[digits]) ? data[digits] - '0'
                                                            : (data[digits] | ' ') - 'a' + 10);
    }
    if (!digits || (digits < content && data[digits] != ';' && !is_blank(data[digits])))
        return frame_wrong(step, "no chunk size where there should be one");
    part->expects = false;
    step->skip = size;
    part->phase = size ? CHUNK_END : TRAILER;
    return FRAME_STEP;
}

static int chunk_end(struct part *part, const uint8_t *data, size_t length, struct frame_step *step)
{
    size_t content = 0;

    step->take = frame_line(data, length < 2 ? length : 2, &content);
    if (!step->take && length < 2 && data[0] == '\r')
        return FRAME_MORE;
    if (!step->take || content)
        return frame_wrong(step, "a chunk that does not end where its size says");
    part->phase = CHUNK_SIZE;
    return FRAME_STEP;
}

/* Does the data begin with a method that everybody has, and a space, as far as it goes? */
static bool begins_with_method(const uint8_t *data, size_t length)
{
    static const char *const methods[] = {"GET ",     "HEAD ",    "POST ",  "PUT ",  "DELETE ",
                                          "CONNECT ", "OPTIONS ", "TRACE ", "PATCH "};

    for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
        size_t size = strlen(methods[i]);

        if (memcmp(data, methods[i], length < size ? length : size) == 0)
            return true;
    }
    return false;
}

/* Does the line have one space before its second word and one behind it, and no other? */
static bool has_three_words(const uint8_t *line, size_t length)
{
    size_t spaces = 0;

    for (size_t i = 0; i < length; i++)
        spaces += line[i] == ' ';
    return spaces == 2;
}

/*
 * Whether a client leaves out the body that it was told not to send, and goes on with its next
 * request, of which the data would be the first line: FRAME_STEP if so, FRAME_WRONG if not, and
 * FRAME_MORE while it can be both. A line that is longer than the body has to look as most do, so
 * as to be no short body and then a request; whichever way the data is cut, it comes to the same.
 */
static int leaves_out(const struct http *http, const uint8_t *data, size_t length)
{
    const struct part *part = &http->parts[REQUEST];
    bool any = part->phase != BODY || begins_with_method(data, length);
    size_t most = !any && part->length < HEADER_MAX ? part->length : HEADER_MAX;
    struct frame_step step = {0};
    struct part next = {0};
    size_t content, method;

    if (!part->expects || !http->refused)
        return FRAME_WRONG;
    if (frame_line(data, length < most ? length : most, &content))
        return part->phase == BODY && content > part->length && !has_three_words(data, content)
                   ? FRAME_WRONG
                   : request_line(&next, data, content, &step);
    method = token_length(data, length);
    return method && (method == length || data[method] == ' ') && length < most ? FRAME_MORE
                                                                                : FRAME_WRONG;
}

/* Reads the body that was expected to be waited for, or its first chunk. */
static int expected_begins(struct http *http, const uint8_t *data, size_t length,
                           struct frame_step *step)
{
    struct part *part = &http->parts[REQUEST];
    int next = leaves_out(http, data, length);

    if (next == FRAME_MORE)
        return FRAME_MORE;
    if (next == FRAME_WRONG && part->phase == CHUNK_SIZE)
        return chunk_size(part, data, length, step);
    if (next == FRAME_WRONG)
        step->skip = part->length;
    message_ends(http, REQUEST, step);
    return FRAME_STEP;
}

/* Binary data is no HTTP; to wait for the end of its first line could take forever. */
static bool can_begin(const uint8_t *data)
{
    return data[0] == '\r' || data[0] == '\n' || token_length(data, 1);
}

static int http_read(void *state, enum direction direction, const uint8_t *data, size_t length,
                     struct frame_step *step)
{
    struct http *http = state;
    struct part *part = &http->parts[direction];

    switch (part->phase) {
    case START:
        if (http->changed)
            return FRAME_RAW;
        if (http->undecided && direction == REQUEST)
            return FRAME_WAIT;
        if (!can_begin(data))
            return frame_wrong(step, "not HTTP");
        return header_line(http, direction, data, length, step);
    case FIELDS:
    case TRAILER:
        return header_line(http, direction, data, length, step);
    case BODY:
        return expected_begins(http, data, length, step);
    case CHUNK_SIZE:
        return part->expects ? expected_begins(http, data, length, step)
                             : chunk_size(part, data, length, step);
    case CHUNK_END:
        return chunk_end(part, data, length, step);
    }
    return FRAME_MORE;
}

/* A body can go on until the connection is closed, or never be sent because it was refused. */
static bool http_whole(const void *state, enum direction direction)
{
    const struct http *http = state;
    const struct part *part = &http->parts[direction];

    if (direction == RESPONSE)
        return part->phase == BODY;
    return part->expects && http->refused && (part->phase == BODY || part->phase == CHUNK_SIZE);
}

const struct framer framer_http = {
    .name = "http",
    .begin = http_begin,
    .read = http_read,
    .whole = http_whole,
};
