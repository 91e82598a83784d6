/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "replaying.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "replaying_client.h"
#include "replaying_server.h"
#include "say.h"

/* One address is one server of one kind; what was recorded may be of several. */
static enum status check_servers(const struct run *run, const struct table *table)
{
    const struct conversation_table *first = table->conversations;
    const bool chosen = run->options->sockets.count > 0;

    if (!table->count) {
        say("%s: no conversation to replay", run->options->read);
        return STATUS_USAGE;
    }
    for (size_t i = 1; i < table->count; i++) {
        const struct conversation_table *other = &table->conversations[i];

        if (other->type == first->type &&
            (chosen || strcmp(other->server.address, first->server.address) == 0))
            continue;
        say("%s: has conversations with several servers, as %s and %s (-s says which)",
            run->options->read,
            *first->server.address ? first->server.address : "one without a name",
            *other->server.address ? other->server.address : "one without a name");
        return STATUS_USAGE;
    }
    return STATUS_DONE;
}

enum status replaying_make(struct run *run)
{
    struct golden *golden = run->golden;
    char text[GOLDEN_TEXT_SIZE];
    enum status status;

    if (golden_settle(golden, text)) {
        say("%s", text);
        return STATUS_USAGE;
    }
    status = check_servers(run, golden->runs[0].table);
    if (status)
        return status;
    return run->options->serve ? replaying_serve(run) : replaying_play(run);
}
