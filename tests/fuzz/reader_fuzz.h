/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Any bytes as a dump. Whatever a reader makes of it, it tells the sink of an endpoint before its
 * messages, hands out no bytes but those of the dump, and calls what is missing missing.
 */
#ifndef READER_FUZZ_H
#define READER_FUZZ_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "capture/conversation.h"
#include "capture/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FUZZ_DUMPS = 2 };

static size_t fuzz_room; /* of the dump: no message can be longer than it */

static int fuzz_begin(void *context, char *const *command, const char *backend)
{
    (void)context;
    (void)command;
    return backend ? 0 : -EINVAL;
}

static int fuzz_message(void *context, const struct message *message)
{
    volatile uint8_t last;

    (void)context;
    if (message->length > fuzz_room || message->missing > (size_t)1 << 32 ||
        !message->conversation || (message->direction != REQUEST && message->direction != RESPONSE))
        abort();
    for (size_t i = 0; i < message->length; i++)
        last = message->data[i];
    (void)last;
    return 0;
}

static void fuzz_say(void *context, const char *text)
{
    (void)context;
    if (!text[0])
        abort();
}

static FILE *fuzz_open(const uint8_t *data, size_t size)
{
    FILE *file = size ? fmemopen((void *)(uintptr_t)data, size, "r") : fopen("/dev/null", "re");

    if (!file)
        abort();
    return file;
}

/* Reads so many dumps, which are the bytes in as many parts. */
static int fuzz_reader(const struct reader *reader, const struct reader_options *options,
                       const uint8_t *data, size_t size, size_t count)
{
    const struct conversation_options conversation_options = {.message = fuzz_message};
    struct conversations *conversations;
    struct dump dumps[FUZZ_DUMPS];
    struct reading reading = {
        .dumps = dumps,
        .count = count,
        .options = options,
        .begin = fuzz_begin,
        .message = fuzz_message,
        .say = fuzz_say,
    };
    int err;

    fuzz_room = size;
    for (size_t i = 0; i < count; i++) {
        size_t from = size * i / count, to = size * (i + 1) / count;

        dumps[i] = (struct dump){"fuzz.1", fuzz_open(data + from, to - from)};
    }
    if (conversations_new(&conversations, &conversation_options))
        abort();
    reading.sink = conversations_sink(conversations);
    reader->looks(data, size);
    err = reader->read(&reading);
    if (err && !reading.error.text[0])
        abort(); /* it gave up, and did not say why */
    if (!err && conversations_finish(conversations))
        abort();
    conversations_free(conversations);
    for (size_t i = 0; i < count; i++)
        fclose(dumps[i].file);
    return 0;
}

#endif
