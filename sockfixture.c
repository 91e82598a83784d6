/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Gives what a command, or what runs already, says over its sockets as a table of test cases. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/conversation.h"
#include "capture/pattern.h"
#include "capture/record.h"
#include "capture/rights.h"
#include "capture/signals.h"
#include "capture/user.h"
#include "capture/words.h"
#include "completion.h"
#include "emit/nearest.h"
#include "emit/writer.h"
#include "fixture_file.h"
#include "golden_results.h"
#include "language_options.h"
#include "launching.h"
#include "capture/manifest/run.h"
#include "reading.h"
#include "recording_file.h"
#include "replaying.h"
#include "run.h"
#include "say.h"
#include "scope_options.h"
#include "shortfall.h"
#include "writing.h"

static enum status check_backend(const char *name)
{
    const char *names[16] = {"auto"};
    const char *nearest;
    size_t count = 1;

    for (size_t i = 0; backends[i]; i++)
        names[count++] = backends[i]->name;
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0)
            return STATUS_DONE;
    nearest = nearest_name(name, names, count);
    say("--backend: there is no '%s'%s%s%s", name, nearest ? " (did you mean '" : "",
        nearest ? nearest : "", nearest ? "'?)" : "");
    return STATUS_USAGE;
}

static enum status say_wrong_framing(const char *text, const struct framing *framing, int err)
{
    const char *names[16];
    const char *nearest;
    size_t count = 0;

    if (err == -EINVAL && framing->framer == &framer_len) {
        say("--frame: '%s' is not len:OFFSET:SIZE[:be|le][:+N], with a SIZE of 1, 2, 3, 4 or 8",
            text);
        return STATUS_USAGE;
    }
    if (err == -EINVAL) {
        say("--frame: '%s': nothing can follow '%s'", text, framing->framer->name);
        return STATUS_USAGE;
    }
    for (; framers[count]; count++)
        names[count] = framers[count]->name;
    nearest = nearest_name(text, names, count);
    say("--frame: there is no '%s'%s%s%s; there are line, nul, crlf, len:OFFSET:SIZE[:be|le][:+N], "
        "http, dbus, resp (Redis) and postgres",
        text, nearest ? " (did you mean '" : "", nearest ? nearest : "", nearest ? "'?)" : "");
    return STATUS_USAGE;
}

static enum status read_framing(const char *text, struct framing *framing)
{
    int err = text ? framing_parse(framing, text) : 0;

    return err ? say_wrong_framing(text, framing, err) : STATUS_DONE;
}

/* What to observe */

/* Sockets may be where their server's user and root alone can look. */
static enum status make_scope(struct run *run)
{
    char wrong[SCOPE_WRONG_SIZE];
    int err = rights_take_all(run->rights), failed;

    failed = scope_from_options(&run->scope, run->options, wrong);
    if (!err)
        err = rights_take_callers(run->rights);
    if (err)
        return say_error(err, "rights");
    if (!failed)
        return STATUS_DONE;
    say("%s", wrong);
    return STATUS_USAGE;
}

static void say_watching(const struct scope_request *scope)
{
    size_t index = 0;
    const char *path;
    bool missing;

    while ((path = patterns_path(scope->patterns, &index, &missing)))
        if (missing)
            say("waiting for %s (no such socket yet)", path);
    say("watching (Ctrl-C ends it)");
}

/* What ends the recording before the command does: so many exchanges, or so much time. */
static int recording_left(void *context, uint64_t elapsed)
{
    const struct run *run = context;
    uint64_t duration = run->options->duration, left = UINT64_MAX, quiet;

    if (duration)
        left = elapsed < duration ? duration - elapsed : 0;
    if (intake_left(run->intake, &quiet) && quiet < left)
        left = quiet;
    if (left == UINT64_MAX)
        return -1;
    left = left / 1000000 + (left % 1000000 != 0);
    return left < INT_MAX ? (int)left : INT_MAX;
}

static void show_progress(void *context, uint64_t elapsed, const struct losses *losses, bool asked)
{
    struct run *run = context;
    struct intake_counts counts = intake_counts(run->intake);
    const struct progress progress = {
        .elapsed = elapsed,
        .messages = counts.messages,
        .bytes = counts.bytes,
        .lost = losses->messages,
        .exchanges = counts.exchanges,
        .wanted = run->options->count,
    };

    if (asked)
        progress_line_print(&run->line, &progress);
    else
        progress_line_draw(&run->line, &progress);
}

static enum status say_command_failed(const struct options *options,
                                      const struct session_result *result)
{
    const struct command_end end = {
        .exec_error = result->exec_error,
        .status = result->status,
        .ended = result->ended && !result->interrupted && !result->stopped,
        .kept = "; nothing was written (--ignore-status does)",
    };

    if (options->part && result->interrupted && !result->exec_error) {
        say("%s: interrupted; nothing was written", options->command ? options->command[0] : "");
        return STATUS_COMMAND;
    }
    return launching_end(options, &end);
}

static int flush_recording(void *context)
{
    const struct run *run = context;

    return intake_flush(run->intake);
}

/* Attaching and recording take all rights, but no files are opened for the user meanwhile. */

static enum status open_session(struct session *session, struct run *run, const struct sink *sink)
{
    const struct options *options = run->options;
    const bool again = run->golden && run->golden->count > 0;
    struct backend_options backend_options = {
        .scope = &run->scope,
        .buffer_size = options->buffer_size,
        .max_message = options->max_message,
        .verbose = options->verbose > 1,
        .say = options->quiet ? NULL : run_say_note,
        .context = run,
    };

    int err = rights_take_all(run->rights), failed;

    failed = session_open(session, options->backend, &backend_options, sink);
    if (!err)
        err = rights_take_callers(run->rights);
    if (err)
        return say_error(err, "rights");
    if (failed) {
        say("nothing can record here: %s", session->refused);
        return STATUS_NO_BACKEND;
    }
    if (!options->quiet && !again && says_details(options) && strcmp(options->backend, "auto") == 0)
        say("backend: %s%s%s%s", session->backend->name, session->refused[0] ? " (" : "",
            session->refused, session->refused[0] ? ")" : "");
    if (attaches(options) && !options->quiet)
        say_watching(&run->scope);
    return STATUS_DONE;
}

static int run_session(struct session *session, struct run *run,
                       const struct session_command *command, struct session_result *result)
{
    const struct session_watcher watcher = {
        .context = run,
        .left = recording_left,
        .pause = flush_recording,
        .show = show_progress,
    };
    int err = rights_take_all(run->rights), back;

    if (!err)
        err = session_run(session, command, &watcher, result);
    back = rights_take_callers(run->rights);
    return err ? err : back;
}

static enum status list_backends(void)
{
    bool any = false;

    for (size_t i = 0; backends[i]; i++) {
        char reason[REASON_SIZE] = "out of memory";
        bool works = backend_try(backends[i], reason) == 0;

        printf("%-8s %-3s  %s\n", backends[i]->name, works ? "yes" : "no",
               works ? backends[i]->summary : reason);
        any = any || works;
    }
    return any ? STATUS_DONE : STATUS_NO_BACKEND;
}

static enum status record(struct run *run)
{
    const struct options *options = run->options;
    struct conversation_options conversation_options = {
        .patterns = run->scope.patterns,
        .message = intake_take,
        .context = run->intake,
    };
    struct session_command command = {
        .scope = &run->scope,
        .command = options->command,
        .output_to_error =
            fixture_to_stdout(options) || is_stdout(options->write) || options->check,
        .output = options->part ? options->part->output : 0,
        .directory = options->directory,
        .environment = options->environment.at,
    };
    struct conversations *conversations;
    struct session_result result;
    struct session session = {0};
    struct user user = {0};
    enum status status = launching_begin(options, &user);
    int err;

    if (status)
        return status;
    command.user = options->user ? &user : NULL;
    if (conversations_new(&conversations, &conversation_options))
        return say_error(-ENOMEM, "recording");
    status = open_session(&session, run, conversations_sink(conversations));
    if (!status)
        status = run_begin(run, session.backend->name);
    if (status)
        goto out;
    command.again = run->golden && run->golden->count < options->repeat;
    err = run_session(&session, run, &command, &result);
    progress_line_erase(&run->line);
    if (!err)
        err = conversations_finish(conversations);
    if (err) {
        status = run_say_broken_off(run, err, "recording");
        goto out;
    }
    run->losses = result.losses;
    if (options->command && result.stopped && !result.ended && !options->quiet)
        say("%s: still runs, although it was sent SIGTERM", options->command[0]);
    status = say_command_failed(options, &result);
    if (!status)
        status = run_end(run);
out:
    user_free(&user);
    session_close(&session);
    conversations_free(conversations);
    return status;
}

/* A recording is easily put where others can read it. */
static void warn_of_secrets(void *context, const struct message *message)
{
    struct run *run = context;
    size_t offset = 0, length = 0;
    const char *what =
        run->warned ? NULL
                    : secrets_find(run->known, message->data, message->length, &offset, &length);

    if (!what)
        return;
    run->warned = true;
    progress_line_erase(&run->line);
    say("a %s seems to hold %s, at [%zu:%zu] (--redact secrets puts filler there)",
        message->direction == REQUEST ? "request" : "response", what, offset, offset + length);
}

/* Shapes of secrets, to warn of those that are not redacted. */
static enum status know_secrets(struct run *run)
{
    static const char *const shapes = "secrets";
    char why[SECRET_WHY_SIZE];
    const char *wrong;

    if (run->options->quiet || run->options->redact.count || replays(run->options))
        return STATUS_DONE;
    return secrets_new(&run->known, &shapes, 1, &wrong, why) ? say_error(-ENOMEM, "recording")
                                                             : STATUS_DONE;
}

/* What is to be redacted is not shown before it is. */
static bool shows_at_once(const struct options *options)
{
    return options->verbose && !options->redact.count && !replays(options);
}

static int open_intake(struct run *run)
{
    const struct options *options = run->options;
    struct intake_options intake_options = {
        .patterns = run->scope.patterns,
        .count = replays(options) ? 0 : options->count, /* that are answered, there */
        .max_message = options->max_message,
        .whole = options->read,
        .show = shows_at_once(options),
        .inspect = run->known ? warn_of_secrets : NULL,
        .context = run,
    };
    int err = run->language && !run->golden ? table_new(&run->table) : 0;

    intake_options.table = run->table;
    return err ? err : intake_new(&run->intake, &intake_options);
}

/* Golden: several runs, or a recording that is there already, or secrets to redact. */

static enum status open_golden(struct run *run)
{
    char text[GOLDEN_TEXT_SIZE];

    if (!golden_is_wanted(run->options))
        return STATUS_DONE;
    if (golden_new(&run->golden, run->options, run->framing.framer ? &run->framing : NULL, text)) {
        say("%s", text);
        return STATUS_USAGE;
    }
    return run->options->check || is_trial(run->options) ? STATUS_DONE : recording_file_open(run);
}

static enum status make_run(struct run *run)
{
    return run->options->read ? reading_make(run) : record(run);
}

/* Begins with nothing of an earlier run. */
static enum status begin_run(struct run *run)
{
    int err;

    intake_free(run->intake);
    run->intake = NULL;
    run->losses = (struct losses){0};
    run->incomplete = false;
    err = open_intake(run);
    return err ? say_error(err, "recording") : STATUS_DONE;
}

static enum status make_runs(struct run *run)
{
    enum status status = STATUS_DONE;

    for (size_t i = 0; i < run->options->repeat && !status; i++) {
        status = begin_run(run);
        if (!status)
            status = make_run(run);
    }
    return status;
}

static enum status make_fixture(const struct options *options, const struct rights *rights)
{
    struct run run = {.options = options, .rights = rights, .command = options->command};
    struct watch_words words;
    enum status status = check_backend(options->backend);
    int err;

    if (!status)
        status = make_scope(&run);
    if (!status)
        status = read_framing(options->frame, &run.framing);
    if (!status && wants_fixture(options))
        status = library_from_options(&run.library, options);
    if (!status)
        status = writing_choose(&run);
    if (!status && wants_fixture(options) && !run.writer)
        status = language_from_options(&run.language, options, run.library);
    if (!status && is_trial(options))
        status = open_golden(&run);
    if (status || is_trial(options))
        goto out;
    if (attaches(options)) {
        watch_words_make(&words, options, &run.scope);
        run.command = words.at;
    }
    signals_hold();
    /* A command that is launched has the terminal to itself. */
    progress_line_begin(&run.line, stderr,
                        !options->command && !options->verbose && !options->quiet);
    status = know_secrets(&run);
    if (!status)
        status = open_golden(&run);
    if (status)
        goto out;
    err = open_intake(&run);
    if (err) {
        status = say_error(err, "recording");
        goto out;
    }
    if (run.table && run.framing.framer)
        table_frame(run.table, &run.framing);
    status = options->check ? STATUS_DONE : fixture_file_open(&run);
    if (!status)
        status = run.golden ? make_runs(&run) : make_run(&run);
    if (!status && run.golden)
        status = replays(options) ? replaying_make(&run) : golden_results(&run);
out:
    if (run.recording)
        recording_end(run.recording, NULL);
    output_discard(&run.recording_file);
    output_discard(&run.fixture_file);
    intake_free(run.intake);
    if (run.writing)
        run.writer->free(run.writing);
    folder_discard(&run.folder);
    table_free(run.table);
    words_free(run.read_command);
    golden_free(run.golden);
    secrets_free(run.known);
    scope_free(&run.scope);
    language_free(run.language);
    library_free(run.library);
    return status;
}

static int run_command_line(int argc, char **argv, const struct manifest_part *part);

/* With the rights of who called, and no more, for all files that are opened from here on. */
static int run_as_caller(const struct options *options)
{
    struct rights rights;
    int err = rights_begin(&rights), status;

    if (err)
        status = say_error(err, "taking the rights of who called sudo");
    else if (options->list_langs || options->print_template)
        status = show_templates(options);
    else if (options->task != MANIFEST_NONE)
        status = manifest_run(options, run_command_line);
    else
        status = make_fixture(options, &rights);
    rights_free(&rights);
    return status;
}

/* Does what the command line says; `part` is what a manifest adds to it, or NULL. */
static int run_command_line(int argc, char **argv, const struct manifest_part *part)
{
    struct options options;
    const char *wrong = options_parse(&options, argc, argv);

    options.part = part;
    if (wrong) {
        say("%s (see sockfixture --help)", wrong);
        return STATUS_USAGE;
    }
    if (rights_are_setuid()) {
        say("is setuid or setgid, so any command would have those rights (give it capabilities: "
            "setcap cap_bpf,cap_perfmon+ep)");
        return STATUS_USAGE;
    }
    if (options.completion) {
        completion_find(options.completion)(options_table(), stdout);
        return STATUS_DONE;
    }
    return options.list_backends ? (int)list_backends() : run_as_caller(&options);
}

int main(int argc, char **argv)
{
    return run_command_line(argc, argv, NULL);
}
