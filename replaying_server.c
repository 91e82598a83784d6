/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "replaying_server.h"

#include <errno.h>
#include <string.h>

#include "capture/launch.h"
#include "capture/replay/presume.h"
#include "capture/replay/serve.h"
#include "capture/replay/strangers.h"
#include "capture/rights.h"
#include "capture/show.h"
#include "capture/terminal.h"
#include "capture/text.h"
#include "emit/command.h"
#include "emit/names.h"
#include "launching.h"
#include "say.h"

enum { SHOWN_BYTES = 12 };

/* All that a server is made of. */
struct server {
    struct run *run;
    struct golden_run *recorded;
    char name[COMMAND_NAME_SIZE]; /* of the command that was recorded */
    struct names *names;          /* of its exchanges, which need that */
    struct play_book book;
    struct listeners listeners;
    struct launch *launch;
    struct serving serving;
    struct strangers strangers;
    bool varies; /* something is known to vary, or taken for it */
    bool told_carried;
    bool incomplete; /* something was answered in part only */
};

static void name_of(const struct server *server, const struct scripted *scripted,
                    char out[NAMES_SIZE])
{
    const struct script *script = server->book.script;

    out[0] = '\0';
    for (size_t i = 0; i < script->count; i++) {
        const struct scripted_conversation *conversation = &script->conversations[i];

        if (scripted >= conversation->exchanges &&
            scripted < conversation->exchanges + conversation->conversation->count)
            names_get(server->names, i, (size_t)(scripted - conversation->exchanges), out);
    }
}

/* A message in a few words: what it says, or its first bytes. */
static void describe(const uint8_t *data, size_t length, char *out, size_t size)
{
    char text[NAMES_TEXT_SIZE];
    size_t used = 0;

    out[0] = '\0';
    if (names_from_request(data, length, text)) {
        snprintf(out, size, " (%s)", text);
        return;
    }
    for (size_t i = 0; i < length && i < SHOWN_BYTES; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%02x", i ? " " : " (", data[i]);
    if (length)
        snprintf(out + used, size - used, length > SHOWN_BYTES ? " ...)" : ")");
}

static int take_unknown(void *context, const struct unknown *unknown)
{
    struct server *server = context;
    const struct heard heard = {unknown->data, unknown->length, false};
    char what[128], name[NAMES_SIZE];
    const char *cut = unknown->ends ? "a client has gone after " : "unknown request: ";
    const char *bytes = text_counted(unknown->length, " byte", " bytes");
    const char *whole = unknown->ends ? " of a request" : "";
    const struct said *nearest;
    size_t recorded;

    describe(unknown->data, unknown->length, what, sizeof(what));
    if (unknown->nearest) {
        nearest = &unknown->nearest->exchange->request.messages[unknown->message];
        name_of(server, unknown->nearest, name);
        recorded = nearest->length + nearest->missing;
        say("%s%zu%s%s%s; nearest is \"%s\", of %zu %s, where request[%zu] differs", cut,
            unknown->length, bytes, whole, what, name, recorded,
            text_counted(recorded, "byte", "bytes"), fit_differs(nearest, &heard));
    } else {
        say("%s%zu%s%s%s; no request was recorded", cut, unknown->length, bytes, whole, what);
    }
    return strangers_add(&server->strangers, server->book.script, unknown);
}

static void take_lack(void *context, const struct scripted *scripted, size_t message)
{
    struct server *server = context;
    const struct said *said = &scripted->exchange->response.messages[message];
    char name[NAMES_SIZE];

    name_of(server, scripted, name);
    if (said->missing) {
        server->incomplete = true;
        say("incomplete: the response of \"%s\" was sent without the %zu %s that the recording "
            "lacks",
            name, said->missing, text_counted(said->missing, "byte", "bytes"));
    }
    if (said->carried_count && !server->told_carried) {
        server->told_carried = true;
        say("the response of \"%s\" carried descriptors or credentials, which cannot be replayed",
            name);
    }
}

static void show(void *context, const struct message *message)
{
    (void)context;
    show_message(stderr, message, terminal_colors(stderr));
}

static void tell_trouble(void *context, const char *text)
{
    (void)context;
    say("%s", text);
}

/* Getting ready */

/* Of a command that ran once, nobody knows for sure what varies. */
static int presume(struct server *server)
{
    struct range echo[PRESUMED_MAX];
    char text[RANGE_TEXT_SIZE];
    const bool known = presume_is_known(server->recorded->table);
    int found = presume_echoes(server->recorded->table, echo);

    server->varies = known || found > 0;
    for (int i = 0; i < found && !server->run->options->quiet; i++) {
        range_text(&echo[i], "response", text);
        say("%s in every exchange, so it is taken for what varies (--repeat finds out)", text);
    }
    return found < 0 ? found : 0;
}

static int open_book(struct server *server)
{
    struct run *run = server->run;
    int err;

    server->book = (struct play_book){
        .framing = run->framing.framer ? &run->framing : NULL,
        .type = server->recorded->table->conversations[0].type,
        .timed = run->options->timed,
        .unknown = take_unknown,
        .lacks = take_lack,
        .context = server,
    };
    command_name(server->recorded->command, run->options->name, server->name);
    err = names_new(&server->names, server->recorded->table, server->name);
    if (!err)
        err = presume(server);
    return err ? err
               : script_new(&server->book.script, server->recorded->table,
                            &server->recorded->messages);
}

static int open_launch(struct server *server, const struct user *user)
{
    const struct options *options = server->run->options;
    const struct launch_options launch = {
        .command = options->command,
        .output_to_error = options->diff_format != NULL,
        .user = options->user ? user : NULL,
        .directory = options->directory,
        .environment = options->environment.at,
    };

    return options->command ? launch_new(&server->launch, &launch) : 0;
}

static void say_serving(const struct server *server)
{
    char addresses[REACHES_MAX * ADDRESS_TEXT_SIZE] = "";
    size_t used = 0, asked, count = script_exchanges(server->book.script, &asked);

    for (size_t i = 0; i < server->listeners.count; i++)
        used += (size_t)snprintf(addresses + used, sizeof(addresses) - used, "%s%s",
                                 i ? " and " : "", server->listeners.at[i].text);
    say("serving %zu exchange%s at %s%s", count, text_counted(count, "", "s"), addresses,
        server->run->options->command ? "" : " (Ctrl-C ends it)");
}

/* The end */

static int report_strangers(struct server *server)
{
    const struct options *options = server->run->options;
    const struct stale_file stale = {0};
    struct differences differences = {0};
    const struct golden_told told = {
        .old = server->recorded->table,
        .now = &server->strangers.table,
        .differences = &differences,
        .command = server->recorded->command,
    };
    int err;

    if (!server->strangers.table.count && !options->diff_format)
        return 0;
    err = strangers_differences(&differences, &server->strangers, server->book.script);
    if (!err) /* what the command prints is all that is on its standard output */
        err = golden_tell(&told, options, &stale,
                          options->command && !options->diff_format ? stderr : stdout);
    differences_free(&differences);
    return err;
}

static void say_end(const struct server *server)
{
    size_t asked, count = script_exchanges(server->book.script, &asked);
    char unknown[64] = "";

    if (server->strangers.count)
        snprintf(unknown, sizeof(unknown), "; %zu unknown request%s", server->strangers.count,
                 text_counted(server->strangers.count, "", "s"));
    say("%zu of %zu exchange%s asked for%s", asked, count, text_counted(count, " was", "s were"),
        unknown);
    if (server->strangers.count && !server->varies)
        say("all bytes of requests count, as none is known to vary (--repeat finds those that do)");
    if (server->book.resized)
        say("%zu %s of another length than recorded, as what is echoed is: if one says its own "
            "length, that is what it was",
            server->book.resized,
            text_counted(server->book.resized, "response is", "responses are"));
}

static enum status end(struct server *server)
{
    const struct options *options = server->run->options;
    const struct command_end command = {
        .exec_error = server->serving.exec_error,
        .step = server->launch ? launch_failed_step(server->launch) : LAUNCH_COMMAND,
        .ended = server->launch && launch_ended(server->launch) && !server->serving.interrupted &&
                 !server->serving.stopped,
        .status = server->launch ? launch_status(server->launch) : 0,
        .kept = "",
    };
    enum status status = launching_end(options, &command);
    int err;

    if (server->serving.stopped && !launch_ended(server->launch) && !options->quiet)
        say("%s: still runs, although it was sent SIGTERM", options->command[0]);
    if (!options->quiet && !server->serving.exec_error)
        say_end(server);
    err = report_strangers(server);
    if (err)
        return say_error(err, "standard output");
    if (server->strangers.count)
        return STATUS_DIFFERS;
    return status || !server->incomplete ? status : STATUS_INCOMPLETE;
}

/*
 * Listens, and has all rights then, for the command and its user. The socket is the caller's, as
 * files are, but where only root may write: who serves there with sudo means to.
 */
static int open_listeners(struct server *server, char why[REACH_WHY_SIZE])
{
    const char *address = server->run->options->serve;
    int err = listeners_open(&server->listeners, address, server->book.type, why);
    int all = rights_take_all(server->run->rights);

    /* What a server has left behind may look like one that is there, or be another's to remove. */
    if ((err == -EACCES || err == -EPERM || err == -EADDRINUSE) && !all)
        err = listeners_open(&server->listeners, address, server->book.type, why);
    return err ? err : all;
}

static enum status serve_until_end(struct server *server, const struct user *user)
{
    const struct options *options = server->run->options;
    char why[REACH_WHY_SIZE] = "";
    int err = open_listeners(server, why), left, back;
    enum status status;

    if (!err && options->user)
        err = listeners_give(&server->listeners, user->uid, user->gid);
    if (!err)
        err = open_launch(server, user);
    if (!err && !options->quiet)
        say_serving(server);
    server->serving = (struct serving){
        .book = &server->book,
        .listeners = &server->listeners,
        .launch = server->launch,
        .count = options->count,
        .duration = options->duration,
        .show = options->verbose ? show : NULL,
        .trouble = tell_trouble,
        .context = server,
    };
    if (!err)
        err = serve(&server->serving);
    left = listeners_close(&server->listeners);
    back = rights_take_callers(server->run->rights);
    if (err && why[0]) {
        say("%s", why);
        return STATUS_USAGE;
    }
    if (err || back)
        return say_error(err ? err : back, "serving");
    status = end(server);
    return left ? say_file_error(left, options->serve) : status;
}

enum status replaying_serve(struct run *run)
{
    struct server server = {.run = run, .recorded = &run->golden->runs[0]};
    struct user user = {0};
    enum status status = launching_begin(run->options, &user);

    if (!status && open_book(&server))
        status = say_error(-ENOMEM, "serving");
    if (!status)
        status = serve_until_end(&server, &user);
    strangers_free(&server.strangers);
    script_free(server.book.script);
    names_free(server.names);
    launch_free(server.launch);
    user_free(&user);
    return status;
}
