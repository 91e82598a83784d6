/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Any bytes as a framed conversation. The first byte chooses the framing; then comes a message
 * after another: a byte that says direction, loss, gap and ancillary data, one for the length, and
 * the bytes. No byte may be lost or made up, and the frames must be the same however the messages
 * are cut.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/exchange.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const kinds[] = {
    "line",       "nul",  "crlf", "len:0:1", "len:1:2:le:-3", "len:0:4",
    "len:3:8:+9", "http", "dbus", "resp",    "postgres",      "len:0:3:be",
};

struct input {
    const uint8_t *data;
    size_t size;
};

/* What was said, or came out, in all. */
struct sum {
    size_t bytes[2];
    size_t missing[2];
    size_t lost;
    size_t carried;
    uint64_t digest[2]; /* of the bytes, in whatever order */
};

/* Reads the next message; false at the end of the input. */
static bool next_message(struct input *input, struct message *message)
{
    static struct end end = {.address = (char *)""};
    static const struct ancillary carried;
    uint8_t flags;

    if (input->size < 2)
        return false;
    flags = input->data[0];
    *message = (struct message){
        .conversation = 1,
        .direction = flags & 1 ? RESPONSE : REQUEST,
        .family = AF_UNIX,
        .type = SOCK_STREAM,
        .self = &end,
        .peer = &end,
        .data = input->data + 2,
        .length = input->data[1],
        .missing = (flags & 0x0e) == 0x0e ? flags >> 4 : 0,
        .ancillary = (flags & 0x0e) == 0x0a ? &carried : NULL,
        .lost = (flags & 0x0e) == 0x0c ? 1 : 0,
    };
    if (message->length > input->size - 2)
        message->length = input->size - 2;
    input->data += 2 + message->length;
    input->size -= 2 + message->length;
    return true;
}

static uint64_t digest(const uint8_t *data, size_t length)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < length; i++)
        sum += ((uint64_t)data[i] + 1) * 0x9e3779b97f4a7c15;
    return sum;
}

static void sum_message(struct sum *sum, const struct message *message)
{
    sum->bytes[message->direction] += message->length;
    sum->missing[message->direction] += message->missing;
    sum->digest[message->direction] += digest(message->data, message->length);
    sum->lost += message->lost;
    sum->carried += message->ancillary != NULL;
}

static void sum_side(struct sum *sum, const struct side *side, enum direction direction)
{
    sum->lost += side->lost;
    for (size_t i = 0; i < side->count; i++) {
        sum->bytes[direction] += side->messages[i].length;
        sum->missing[direction] += side->messages[i].missing;
        sum->carried += side->messages[i].carried_count;
        sum->digest[direction] += digest(side->messages[i].data, side->messages[i].length);
    }
}

static void add(struct table *table, const struct message *message, bool in_bytes)
{
    struct message piece = *message;

    if (in_bytes) {
        piece.missing = 0;
        for (piece.length = 1; piece.data + 1 < message->data + message->length; piece.data++) {
            if (table_add(table, &piece))
                abort();
            piece.lost = 0;
            piece.ancillary = NULL;
        }
        piece.length = (size_t)(message->data + message->length - piece.data);
        piece.missing = message->missing;
    }
    if (table_add(table, &piece))
        abort();
}

static struct table *play(const struct framing *framing, struct input input, bool in_bytes,
                          struct sum *said)
{
    struct message message;
    struct table *table;

    if (table_new(&table))
        abort();
    table_frame(table, framing);
    while (next_message(&input, &message)) {
        if (!message.length && !message.missing && !message.ancillary)
            continue; /* nothing is no message of a stream */
        sum_message(said, &message);
        add(table, &message, in_bytes);
    }
    if (table_finish(table))
        abort();
    return table;
}

static void print_side(FILE *out, const struct side *side)
{
    fprintf(out, "(%zu", side->lost);
    for (size_t i = 0; i < side->count; i++) {
        const struct said *said = &side->messages[i];

        fprintf(out, " %zu%s:", said->missing, said->unframed ? "?" : "");
        for (size_t j = 0; j < said->length; j++)
            fprintf(out, "%02x", said->data[j]);
        for (size_t j = 0; j < said->carried_count; j++)
            fprintf(out, "@%zu", said->carried[j].offset);
    }
    fputc(')', out);
}

/* Everything that came of it, as text to be compared. */
static char *print_table(const struct table *table, struct sum *sum)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    for (size_t i = 0; i < table->count; i++) {
        const struct conversation_table *conversation = &table->conversations[i];

        for (size_t j = 0; j < conversation->count; j++) {
            const struct exchange *exchange = &conversation->exchanges[j];

            sum_side(sum, &exchange->request, REQUEST);
            sum_side(sum, &exchange->response, RESPONSE);
            print_side(out, &exchange->request);
            print_side(out, &exchange->response);
            fputc('\n', out);
        }
        for (int j = 0; j < 2; j++)
            if (conversation->wrong[j].why)
                fprintf(out, "%d %ju %s\n", j, (uintmax_t)conversation->wrong[j].at,
                        conversation->wrong[j].why);
    }
    fclose(out);
    return text;
}

static char *play_and_check(const struct framing *framing, struct input input, bool in_bytes)
{
    struct sum said = {0}, came = {0};
    struct table *table = play(framing, input, in_bytes, &said);
    char *text = print_table(table, &came);

    if (memcmp(&said, &came, sizeof(said)) != 0) {
        fprintf(stderr, "%s: not what was said:\n%s", framing->framer->name, text);
        abort();
    }
    table_free(table);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct framing framing;
    struct input input = {data + 1, size - 1};
    char *whole, *cut;

    if (size < 1 || framing_parse(&framing, kinds[data[0] % (sizeof(kinds) / sizeof(*kinds))]))
        return 0;
    whole = play_and_check(&framing, input, false);
    cut = play_and_check(&framing, input, true);
    if (strcmp(whole, cut) != 0) {
        fprintf(stderr, "%s: whole\n%sin bytes\n%s", framing.framer->name, whole, cut);
        abort();
    }
    free(whole);
    free(cut);
    return 0;
}
