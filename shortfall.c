/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "shortfall.h"

#include <inttypes.h>

#include "capture/losses.h"
#include "capture/text.h"
#include "say.h"

enum { UNFRAMED_MAX = 8 };

bool shortfall_say_losses(const struct run *run)
{
    const struct losses *losses = &run->losses;

    if (losses->messages)
        say("incomplete: %" PRIu64 " %s lost%s", losses->messages,
            text_counted(losses->messages, "message was", "messages were"),
            run->dumped ? "" : ", the buffer was full (a larger one: --buffer-size)");
    if (losses->cut)
        say("incomplete: of %" PRIu64 " %s a part could not be read", losses->cut,
            text_counted(losses->cut, "message", "messages"));
    if (losses->bytes)
        say("incomplete: %" PRIu64 " %s missing in all", losses->bytes,
            text_counted(losses->bytes, "byte is", "bytes are"));
    if (losses->unfollowed)
        say("incomplete: %" PRIu64 " %s could not be observed%s", losses->unfollowed,
            text_counted(losses->unfollowed, "process, thread or call",
                         "processes, threads or calls"),
            run->by_functions ? " (--backend syscall leaves fewer out)" : "");
    if (losses->foreign)
        say("incomplete: %" PRIu64 " system %s of 32-bit programs could not be read",
            losses->foreign, text_counted(losses->foreign, "call", "calls"));
    if (losses->bypassed)
        say("incomplete: %" PRIu64 " %s passed by in ways that this backend does not see (%s; or "
            "a process that is not recorded has one of the sockets)",
            losses->bypassed, text_counted(losses->bypassed, "byte", "bytes"),
            run->by_functions ? "calls that had begun before, which --backend syscall sees"
                              : "io_uring, which --backend socket sees");
    return losses_any(losses);
}

void shortfall_say_left_out(const struct run *run)
{
    struct intake_counts counts = intake_counts(run->intake);
    size_t wanted = run->options->count;

    if (run->losses.left_out)
        say("%" PRIu64 " message%s cut short, as asked: %" PRIu64 " byte%s left out "
            "(--max-message)",
            run->losses.shortened, text_counted(run->losses.shortened, " was", "s were"),
            run->losses.left_out, text_counted(run->losses.left_out, " was", "s were"));
    if (replays(run->options)) /* -c is about what is asked for, there */
        return;
    if (wanted && counts.exchanges < wanted)
        say("%zu of %zu exchange%s recorded", counts.exchanges, wanted,
            text_counted(wanted, " was", "s were"));
    if (counts.unanswered)
        say("%zu message%s had no answer %s left out when %zu exchange%s complete",
            counts.unanswered, text_counted(counts.unanswered, " that", "s that"),
            text_counted(counts.unanswered, "was", "were"), wanted,
            text_counted(wanted, " was", "s were"));
}

bool shortfall_say_unframed(const struct table *table)
{
    static const char *const directions[] = {"request", "response"};
    size_t count = 0;

    for (size_t i = 0; i < table->count; i++) {
        const struct conversation_table *conversation = &table->conversations[i];
        const char *address = conversation->server.address;

        for (int j = REQUEST; j <= RESPONSE; j++) {
            const struct unframed *wrong = &conversation->wrong[j];

            if (wrong->why && ++count <= UNFRAMED_MAX)
                say("incomplete: conversation %zu%s%s, %s, byte %" PRIu64
                    ": %s; not framed from there on",
                    i + 1, *address ? " with " : "", address, directions[j], wrong->at, wrong->why);
        }
    }
    if (count > UNFRAMED_MAX)
        say("incomplete: %zu more like these", count - UNFRAMED_MAX);
    return count > 0;
}
