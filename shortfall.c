/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "shortfall.h"

#include <inttypes.h>

#include "capture/losses.h"
#include "say.h"

enum { UNFRAMED_MAX = 8 };

bool shortfall_say_losses(const struct run *run)
{
    const struct losses *losses = &run->losses;

    if (losses->messages)
        say("incomplete: %" PRIu64 " messages were lost%s", losses->messages,
            run->dumped ? "" : ", the buffer was full (a larger one: --buffer-size)");
    if (losses->cut)
        say("incomplete: of %" PRIu64 " messages a part could not be read", losses->cut);
    if (losses->bytes)
        say("incomplete: %" PRIu64 " bytes are missing in all", losses->bytes);
    if (losses->unfollowed)
        say("incomplete: %" PRIu64 " processes, threads or calls could not be observed%s",
            losses->unfollowed, run->by_functions ? " (--backend syscall leaves fewer out)" : "");
    if (losses->foreign)
        say("incomplete: %" PRIu64 " system calls of 32-bit programs could not be read",
            losses->foreign);
    if (losses->bypassed)
        say("incomplete: %" PRIu64
            " bytes passed by in ways that this backend does not see (%s; or "
            "a process that is not recorded has one of the sockets)",
            losses->bypassed,
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
            run->losses.shortened, run->losses.shortened == 1 ? " was" : "s were",
            run->losses.left_out, run->losses.left_out == 1 ? " was" : "s were");
    if (replays(run->options)) /* -c is about what is asked for, there */
        return;
    if (wanted && counts.exchanges < wanted)
        say("%zu of %zu exchange%s recorded", counts.exchanges, wanted,
            wanted == 1 ? " was" : "s were");
    if (counts.unanswered)
        say("%zu message%s had no answer %s left out when %zu exchange%s complete",
            counts.unanswered, counts.unanswered == 1 ? " that" : "s that",
            counts.unanswered == 1 ? "was" : "were", wanted, wanted == 1 ? " was" : "s were");
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
