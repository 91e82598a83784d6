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

static int fuzz_reader(const struct reader *reader, const struct reader_options *options,
                       const uint8_t *data, size_t size)
{
    static uint8_t none[1];
    const struct conversation_options conversation_options = {.message = fuzz_message};
    struct conversations *conversations;
    struct dump dump = {"fuzz.1", fmemopen(size ? (void *)data : none, size ? size : 1, "r")};
    struct reading reading = {
        .dumps = &dump,
        .count = 1,
        .options = options,
        .begin = fuzz_begin,
        .message = fuzz_message,
        .say = fuzz_say,
    };
    int err;

    fuzz_room = size;
    if (!dump.file || conversations_new(&conversations, &conversation_options))
        abort();
    reading.sink = conversations_sink(conversations);
    reader->looks(data, size);
    err = reader->read(&reading);
    if (err && !reading.error.text[0])
        abort(); /* it gave up, and did not say why */
    if (!err && conversations_finish(conversations))
        abort();
    conversations_free(conversations);
    fclose(dump.file);
    return 0;
}

#endif
