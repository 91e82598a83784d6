/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The table says what belongs to which exchange, the messages say when it was said and in which
 * pieces. What brings both together is the place in all that a conversation says in one direction.
 */
#include "capture/replay/script.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/array.h"
#include "capture/marks.h"

/* A message of the table, with its place. */
struct placed {
    const struct said *said;
    size_t exchange, message;
};

/* How far the messages of a conversation have been gone through. */
struct progress_of {
    struct placed *responses; /* in the order of their places */
    size_t count, next;
    uint64_t asked_to; /* the place up to which requests have been said */
    uint64_t time;     /* of the message before */
};

static int compare_places(const void *a, const void *b)
{
    const uint64_t one = ((const struct placed *)a)->said->at;
    const uint64_t other = ((const struct placed *)b)->said->at;

    return (one > other) - (one < other);
}

static int place_responses(struct progress_of *progress, const struct conversation_table *table)
{
    size_t count = 0;

    for (size_t i = 0; i < table->count; i++)
        count += table->exchanges[i].response.count;
    progress->responses = calloc(count + 1, sizeof(*progress->responses));
    if (!progress->responses)
        return -ENOMEM;
    for (size_t i = 0; i < table->count; i++)
        for (size_t j = 0; j < table->exchanges[i].response.count; j++)
            progress->responses[progress->count++] =
                (struct placed){&table->exchanges[i].response.messages[j], i, j};
    qsort(progress->responses, progress->count, sizeof(*progress->responses), compare_places);
    return 0;
}

/* How many messages of the request had been said; none, only where it has none. */
static size_t count_said(const struct side *request, int type, uint64_t asked_to)
{
    size_t count = 0;

    while (count < request->count && marks_behind(request->messages[count].at, type,
                                                  request->messages[count].length +
                                                      request->messages[count].missing) <= asked_to)
        count++;
    return count || !request->count ? count : 1;
}

static int add_reply(struct scripted *scripted, struct reply reply)
{
    struct reply *replies = array_grow(scripted->replies, scripted->count, sizeof(*replies));

    if (!replies)
        return -ENOMEM;
    scripted->replies = replies;
    replies[scripted->count++] = reply;
    return 0;
}

/* Adds what a message of the recording is in the table: a part of a response, or of several. */
static int add_replies(struct scripted_conversation *scripted, struct progress_of *progress,
                       const struct kept_message *kept)
{
    const int type = scripted->conversation->type;
    const uint64_t end = marks_behind(kept->at, type, kept->message.length + kept->message.missing);
    uint64_t delay = kept->message.time > progress->time && progress->time
                         ? kept->message.time - progress->time
                         : 0;
    int err = 0;

    for (; progress->next < progress->count && !err; progress->next++) {
        const struct placed *placed = &progress->responses[progress->next];
        const struct said *said = placed->said;
        const uint64_t begin = said->at > kept->at ? said->at : kept->at;
        struct scripted *exchange = &scripted->exchanges[placed->exchange];

        if (begin >= end)
            break;
        err = add_reply(exchange, (struct reply){
                                      .message = placed->message,
                                      .offset = (size_t)(begin - said->at),
                                      .after = count_said(&exchange->exchange->request, type,
                                                          progress->asked_to),
                                      .delay = delay,
                                  });
        delay = 0;
        if (marks_behind(said->at, type, said->length + said->missing) > end)
            break; /* the rest of it is in the next message */
    }
    return err;
}

static int go_through(struct script *script, struct progress_of *progress,
                      const struct messages *messages)
{
    int err = 0;

    for (size_t i = 0; i < messages->count && !err; i++) {
        const struct kept_message *kept = messages->items[i];
        const size_t number = kept->message.conversation - 1;
        struct progress_of *of = &progress[number];

        if (kept->message.direction == REQUEST)
            of->asked_to = marks_behind(kept->at, kept->message.type,
                                        kept->message.length + kept->message.missing);
        else
            err = add_replies(&script->conversations[number], of, kept);
        of->time = kept->message.time;
    }
    return err;
}

/* Do the echo's bytes stand there in the request? */
static bool is_source(const struct side *request, size_t message, size_t offset,
                      const uint8_t *bytes, size_t length)
{
    return message < request->count && offset <= request->messages[message].length &&
           length <= request->messages[message].length - offset &&
           memcmp(request->messages[message].data + offset, bytes, length) == 0;
}

/*
 * Where an echo comes from is told by a message of the request, and by another framing than the one
 * it was found with there are others. Then it is those volatile bytes that are the same.
 */
static void find_source(const struct side *request, const struct said *response, struct range *echo)
{
    const uint8_t *bytes = response->data + echo->offset;

    if (is_source(request, echo->echo_message, echo->echo_offset, bytes, echo->length))
        return;
    for (size_t i = 0; i < request->count; i++) {
        for (size_t j = 0; j < request->messages[i].ranges.count; j++) {
            const struct range *range = &request->messages[i].ranges.items[j];

            if (range->length != echo->length ||
                !is_source(request, i, range->offset, bytes, echo->length))
                continue;
            echo->echo_message = i;
            echo->echo_offset = range->offset;
            return;
        }
    }
}

static void find_sources(struct exchange *exchange)
{
    for (size_t i = 0; i < exchange->response.count; i++) {
        struct said *response = &exchange->response.messages[i];

        for (size_t j = 0; j < response->ranges.count; j++)
            if (response->ranges.items[j].kind == RANGE_ECHO)
                find_source(&exchange->request, response, &response->ranges.items[j]);
    }
}

static size_t longest_of(const struct side *request, size_t longest)
{
    for (size_t i = 0; i < request->count; i++)
        if (request->messages[i].length + request->messages[i].missing > longest)
            longest = request->messages[i].length + request->messages[i].missing;
    return longest;
}

static int add_exchanges(struct script *script, struct scripted_conversation *scripted,
                         struct conversation_table *conversation)
{
    scripted->conversation = conversation;
    scripted->exchanges = calloc(conversation->count + 1, sizeof(*scripted->exchanges));
    if (!scripted->exchanges)
        return -ENOMEM;
    for (size_t i = 0; i < conversation->count; i++) {
        scripted->exchanges[i].exchange = &conversation->exchanges[i];
        find_sources(&conversation->exchanges[i]);
        side_open_redacted(&conversation->exchanges[i].request);
        script->longest = longest_of(&conversation->exchanges[i].request, script->longest);
    }
    return 0;
}

int script_new(struct script **out, struct table *table, const struct messages *messages)
{
    struct script *script = calloc(1, sizeof(*script));
    struct progress_of *progress = calloc(table->count + 1, sizeof(*progress));
    int err = script && progress ? 0 : -ENOMEM;

    if (!err) {
        script->table = table;
        script->conversations = calloc(table->count + 1, sizeof(*script->conversations));
        err = script->conversations ? 0 : -ENOMEM;
    }
    for (size_t i = 0; i < table->count && !err; i++) {
        script->count++;
        err = add_exchanges(script, &script->conversations[i], &table->conversations[i]);
        if (!err)
            err = place_responses(&progress[i], &table->conversations[i]);
    }
    if (!err)
        err = go_through(script, progress, messages);
    for (size_t i = 0; progress && i < table->count; i++)
        free(progress[i].responses);
    free(progress);
    if (err)
        script_free(script);
    else
        *out = script;
    return err;
}

void script_free(struct script *script)
{
    if (!script)
        return;
    for (size_t i = 0; i < script->count; i++) {
        const struct scripted_conversation *scripted = &script->conversations[i];

        for (size_t j = 0; scripted->exchanges && j < scripted->conversation->count; j++)
            free(scripted->exchanges[j].replies);
        free(scripted->exchanges);
    }
    free(script->conversations);
    free(script);
}

size_t script_exchanges(const struct script *script, size_t *asked)
{
    size_t count = 0;

    *asked = 0;
    for (size_t i = 0; i < script->count; i++) {
        const struct scripted_conversation *scripted = &script->conversations[i];

        for (size_t j = 0; j < scripted->conversation->count; j++) {
            if (!scripted->exchanges[j].exchange->request.count)
                continue;
            count++;
            *asked += scripted->exchanges[j].asked > 0;
        }
    }
    return count;
}

size_t reply_end(const struct scripted *scripted, size_t reply)
{
    const struct reply *this = &scripted->replies[reply];

    if (reply + 1 < scripted->count && scripted->replies[reply + 1].message == this->message)
        return scripted->replies[reply + 1].offset;
    return scripted->exchange->response.messages[this->message].length;
}
