/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "replaying.h"

#include <string.h>
#include <sys/socket.h>

#include "capture/recording_format.h"
#include "replaying_client.h"
#include "replaying_server.h"
#include "say.h"
#include "shortfall.h"

static const char *address_of(const struct conversation_table *conversation)
{
    return *conversation->server.address ? conversation->server.address : "one without a name";
}

/* Says why both cannot be the same server, if they cannot. */
static bool say_conflict(const struct run *run, const struct conversation_table *one,
                         const struct conversation_table *other)
{
    const bool same_address = strcmp(one->server.address, other->server.address) == 0;

    if (one->type != other->type) {
        say("%s: has conversations over several kinds of sockets, as %s and %s (%s)",
            run->options->read, recording_name_of(recording_types, one->type),
            recording_name_of(recording_types, other->type),
            same_address ? "they have one address: record each kind alone" : "-s says which");
        return true;
    }
    if (same_address || run->options->sockets.count)
        return false;
    say("%s: has conversations with several servers, as %s and %s (-s says which)",
        run->options->read, address_of(one), address_of(other));
    return true;
}

/* One address is one server of one kind; what was recorded may be of several. */
static enum status check_servers(const struct run *run, const struct table *table)
{
    if (!table->count) {
        say("%s: no conversation to replay", run->options->read);
        return STATUS_USAGE;
    }
    for (size_t i = 1; i < table->count; i++)
        if (say_conflict(run, &table->conversations[0], &table->conversations[i]))
            return STATUS_USAGE;
    return STATUS_DONE;
}

enum status replaying_make(struct run *run)
{
    struct golden *golden = run->golden;
    char text[GOLDEN_TEXT_SIZE];
    enum status status;
    bool unframed;

    if (golden_settle(golden, text)) {
        say("%s", text);
        return STATUS_USAGE;
    }
    status = check_servers(run, golden->runs[0].table);
    if (status)
        return status;
    unframed = shortfall_say_unframed(golden->runs[0].table);
    status = run->options->serve ? replaying_serve(run) : replaying_play(run);
    return !status && unframed ? STATUS_INCOMPLETE : status;
}
