/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "replaying_client.h"

#include <errno.h>
#include <string.h>

#include "capture/clock.h"
#include "capture/replay/play.h"
#include "capture/rights.h"
#include "capture/show.h"
#include "capture/terminal.h"
#include "capture/text.h"
#include "emit/command.h"
#include "emit/names.h"
#include "say.h"

/* How long an answer may take, unless -T says it. */
#define PATIENCE (5 * SECOND)

struct client {
    struct run *run;
    char name[COMMAND_NAME_SIZE]; /* of the command that was recorded */
    struct names *names;          /* of its exchanges, which need that */
    struct playing playing;
    size_t late;
    bool incomplete; /* not all could be asked */
};

static int take_now(void *context, const struct message *message)
{
    struct client *client = context;

    if (client->run->options->verbose)
        show_message(stderr, message, terminal_colors(stderr));
    return messages_add(&golden_current(client->run->golden)->messages, message);
}

static void take_stop(void *context, const struct stopped *stopped)
{
    struct client *client = context;
    const struct conversation_table *conversation =
        &client->playing.table->conversations[stopped->conversation];
    const bool stream = conversation->type == SOCK_STREAM;
    const char *unit =
        text_counted(stopped->wanted, stream ? "byte" : "message", stream ? "bytes" : "messages");
    const double patience = (double)client->playing.patience / (double)SECOND;
    char name[NAMES_SIZE] = "", came[96] = "";

    if (stopped->exchange < conversation->count)
        names_get(client->names, stopped->conversation, stopped->exchange, name);
    switch (stopped->stop) {
    case STOP_LATE:
        client->late++;
        say("\"%s\": %zu of %zu %s of the answer came, and no more within %g %s (-T)", name,
            stopped->there, stopped->wanted, unit, patience,
            client->playing.patience == SECOND ? "second" : "seconds");
        break;
    case STOP_CLOSED:
        if (stopped->wanted)
            snprintf(came, sizeof(came), " (%zu of %zu %s of the answer came)", stopped->there,
                     stopped->wanted, unit);
        say("\"%s\": the server has closed the connection%s", name, came);
        break;
    case STOP_FAILED:
        say("\"%s\": %s", name, strerror(-stopped->err));
        break;
    case STOP_GONE:
        say("\"%s\": %s", name, stopped->why);
        break;
    case STOP_LACKS:
        client->incomplete = true;
        say("incomplete: \"%s\" cannot be asked, nor what follows in its conversation: the "
            "recording lacks a part of the request",
            name);
        break;
    }
}

/* What a request had that cannot be said again. */
static void say_lacks(const struct messages *messages)
{
    size_t redacted = 0, carried = 0;

    for (size_t i = 0; i < messages->count; i++) {
        const struct kept_message *kept = messages->items[i];
        bool has = false;

        if (kept->message.direction != REQUEST)
            continue;
        for (size_t j = 0; j < kept->ranges.count; j++)
            has = has || kept->ranges.items[j].kind == RANGE_REDACTED;
        redacted += has;
        carried += kept->message.ancillary != NULL;
    }
    if (redacted)
        say("%zu %s asked with filler, as secrets were redacted there", redacted,
            text_counted(redacted, "request is", "requests are"));
    if (carried)
        say("%zu %s descriptors or credentials, which cannot be replayed", carried,
            text_counted(carried, "request carried", "requests carried"));
}

static enum status play_all(struct client *client)
{
    struct run *run = client->run;
    const struct golden_run *old = &run->golden->old;
    int err, back;

    if (golden_begin(run->golden, old->command, old->backend))
        return say_error(-ENOMEM, "replaying");
    err = rights_take_all(run->rights);
    if (!err)
        err = play(&client->playing);
    back = rights_take_callers(run->rights);
    if (err == -EINTR) {
        say("interrupted");
        return STATUS_USAGE;
    }
    if (client->playing.why[0]) {
        say("%s", client->playing.why);
        return STATUS_USAGE;
    }
    return err || back ? say_error(err ? err : back, "replaying") : STATUS_DONE;
}

static enum status compare(struct client *client)
{
    struct golden *golden = client->run->golden;
    const struct options *options = client->run->options;
    const struct stale_file stale = {0};
    const size_t count = table_exchanges(golden->old.table);
    char text[GOLDEN_TEXT_SIZE];
    int err = golden_settle(golden, text);

    if (err) {
        say("%s", text);
        return STATUS_USAGE;
    }
    err = golden_report(golden, options, &stale, stdout);
    if (err)
        return say_error(err, "standard output");
    if (!options->quiet)
        say("%zu exchange%s: %zu difference%s", count, text_counted(count, "", "s"),
            golden->differences.count, text_counted(golden->differences.count, "", "s"));
    if (golden->differences.count)
        return STATUS_DIFFERS;
    return client->incomplete || golden->old.incomplete ? STATUS_INCOMPLETE : STATUS_DONE;
}

enum status replaying_play(struct run *run)
{
    struct golden *golden = run->golden;
    const struct options *options = run->options;
    struct client client = {
        .run = run,
        .playing = {.address = options->replay,
                    .framing = golden->framing,
                    .timed = options->timed,
                    .patience = options->duration ? options->duration : PATIENCE,
                    .add = take_now,
                    .stopped = take_stop},
    };
    enum status status;

    golden_make_old(golden);
    client.playing.context = &client;
    client.playing.messages = &golden->old.messages;
    client.playing.table = golden->old.table;
    command_name(golden->old.command, options->name, client.name);
    if (names_new(&client.names, golden->old.table, client.name))
        return say_error(-ENOMEM, "replaying");
    if (!options->quiet)
        say_lacks(&golden->old.messages);
    status = play_all(&client);
    if (!status)
        status = compare(&client);
    names_free(client.names);
    return status;
}
