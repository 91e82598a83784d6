/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Any recording, and clients that say anything to the server that replays it. Whatever is said is
 * answered from the recording, told to be unknown, or waited on.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/replay/live.h"
#include "capture/replay/presume.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CLIENTS = 3, SAID_MAX = 64, STEPS_MAX = 256 };

/* What is left of the input. */
struct input {
    const uint8_t *data;
    size_t size;
};

static uint8_t byte(struct input *input)
{
    if (!input->size)
        return 0;
    input->size--;
    return *input->data++;
}

static size_t bytes(struct input *input, const uint8_t **out)
{
    size_t length = byte(input) % SAID_MAX;

    length = length < input->size ? length : input->size;
    *out = input->data;
    input->data += length;
    input->size -= length;
    return length;
}

/* A message with a range of any kind. */
static void record(struct input *input, int type, unsigned conversation, struct messages *messages)
{
    static const struct end nobody = {.address = (char *)""};
    const uint8_t *data;
    const uint8_t what = byte(input);
    const size_t length = bytes(input, &data);
    struct range range = {.offset = byte(input), .length = byte(input), .kind = what >> 4 & 7};
    const struct ranges ranges = {.items = &range, .count = 1};
    struct message message = {
        .time = messages->count * 1000,
        .conversation = conversation,
        .direction = what & 1,
        .type = type,
        .sent = !(what & 1),
        .self = &nobody,
        .peer = &nobody,
        .data = data,
        .length = length,
        .missing = what & 8 ? 5 : 0,
        .lost = what & 4 && what & 2,
    };

    range.echo_message = what & 1;
    range.echo_offset = range.offset / 2;
    range.form = range.offset & 1 ? FORM_TEXT : FORM_BIG;
    range.unit = range.offset & 2 ? "date" : "s";
    if (range.kind <= RANGE_REDACTED && range.offset <= length &&
        range.length <= length - range.offset && (range.length || range.kind == RANGE_LENGTH))
        message.ranges = &ranges;
    if (messages_add(messages, &message))
        abort();
}

static int take_unknown(void *context, const struct unknown *unknown)
{
    const size_t whole =
        unknown->nearest ? unknown->nearest->exchange->request.count : unknown->message + 1;

    (void)context;
    if (unknown->message >= whole)
        abort();
    return 0;
}

static void take_lack(void *context, const struct scripted *scripted, size_t message)
{
    (void)context;
    if (message >= scripted->exchange->response.count)
        abort();
}

static void take_answers(struct live *live, uint64_t now)
{
    struct outgoing next;
    volatile uint8_t last;

    while (outbox_next(live_outbox(live), &next) && next.due <= now) {
        for (size_t i = 0; i < next.length; i++)
            last = next.data[i];
        outbox_sent(live_outbox(live), next.length > 3 ? 3 : next.length);
    }
    (void)last;
}

static void talk(struct input *input, struct play_book *book)
{
    struct live *clients[CLIENTS] = {0};

    for (size_t step = 0; step < STEPS_MAX && input->size; step++) {
        const uint8_t what = byte(input);
        struct live **client = &clients[what % CLIENTS];
        const uint8_t *data;
        size_t length;

        if (!*client && live_new(client, book, step))
            abort();
        if (what & 64) {
            if (live_settle(*client, step) || (what & 128 && live_end(*client, step)))
                abort();
        } else {
            length = bytes(input, &data);
            if (live_hear(*client, data, length, step))
                abort();
        }
        take_answers(*client, what & 32 ? UINT64_MAX : step);
        if (live_is_over(*client) || live_is_lost(*client) || (what & 192) == 192) {
            live_free(*client);
            *client = NULL;
        }
    }
    for (size_t i = 0; i < CLIENTS; i++)
        live_free(clients[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const frames[] = {NULL, "line", "len:0:1", "resp", "postgres", "http"};
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM};
    struct input input = {data, size};
    const char *frame = frames[byte(&input) % (sizeof(frames) / sizeof(*frames))];
    const uint8_t how = byte(&input), count = byte(&input) % 16;
    struct framing framing;
    struct messages messages = {0};
    struct play_book book = {
        .type = types[how % 4],
        .timed = how & 4,
        .unknown = take_unknown,
        .lacks = take_lack,
    };
    struct range found[PRESUMED_MAX];
    struct table *table;

    for (unsigned i = 0, conversation = 1; i <= count; i++) {
        conversation += i && byte(&input) % 4 == 0;
        record(&input, book.type, conversation, &messages);
    }
    if (frame && framing_parse(&framing, frame))
        abort();
    book.framing = frame ? &framing : NULL;
    if (messages_table(&messages, book.framing, &table) || presume_echoes(table, found) < 0 ||
        script_new(&book.script, table, &messages))
        abort();
    talk(&input, &book);
    script_free(book.script);
    table_free(table);
    messages_free(&messages);
    return 0;
}
