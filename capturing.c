/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capturing.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "capture/clock.h"
#include "capture/conversation.h"
#include "capture/pattern.h"
#include "capture/record.h"
#include "capture/rights.h"
#include "capture/signals.h"
#include "capture/user.h"
#include "launching.h"
#include "say.h"

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
    return clock_timeout(left);
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

/*
 * Is a part of what a command says no measure for what it says as a whole? What is only watched is
 * always ended by a signal.
 */
static bool is_for_comparing(const struct options *options)
{
    return options->command && (options->repeat > 1 || options->check);
}

/* What becomes of a recording when its command fails, and how one has it all the same. */
static const char *kept_of_failed(const struct options *options)
{
    if (options->part)
        return options->check ? "; nothing was compared (\"ignore-status\": true does)"
                              : "; nothing was written (\"ignore-status\": true does)";
    return options->check ? "; nothing was compared (--ignore-status does)"
                          : "; nothing was written (--ignore-status does)";
}

static enum status say_interrupted(const struct options *options)
{
    say("%s: interrupted; nothing was %s", options->command ? options->command[0] : "",
        options->check ? "compared" : "written");
    return STATUS_COMMAND;
}

static enum status say_command_failed(const struct options *options,
                                      const struct session_result *result)
{
    const struct command_end end = {
        .exec_error = result->exec_error,
        .step = result->step,
        .status = result->status,
        .ended = result->ended && !result->interrupted && !result->stopped,
        .kept = kept_of_failed(options),
    };

    if ((options->part || is_for_comparing(options)) && result->interrupted && !result->exec_error)
        return say_interrupted(options);
    return launching_end(options, &end);
}

/* Says how the command ended, and what became of what was recorded of it. */
static enum status end_session(struct run *run, const struct session_result *result)
{
    const struct options *options = run->options;
    enum status status;

    run->losses = result->losses;
    if (options->command && result->stopped && !result->ended && !options->quiet)
        say("%s: still runs, although it was sent SIGTERM", options->command[0]);
    if (options->command && result->left && !options->quiet)
        say("%s: still runs, as a second signal ended the recording", options->command[0]);
    status = say_command_failed(options, result);
    return status ? status : run_end(run);
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

static int run_session(struct session *session, struct run *run, const struct user *user,
                       struct session_result *result)
{
    const struct options *options = run->options;
    const struct session_command command = {
        .scope = &run->scope,
        .command = options->command,
        .output_to_error =
            fixture_to_stdout(options) || is_stdout(options->write) || options->check,
        .output = options->part ? options->part->output : 0,
        .user = options->user ? user : NULL,
        .directory = options->directory,
        .environment = options->environment.at,
        .again = run->golden && run->golden->count < options->repeat,
    };
    const struct session_watcher watcher = {
        .context = run,
        .left = recording_left,
        .pause = flush_recording,
        .show = show_progress,
    };
    int err = rights_take_all(run->rights), back;

    if (!err)
        err = session_run(session, &command, &watcher, result);
    back = rights_take_callers(run->rights);
    progress_line_erase(&run->line);
    return err ? err : back;
}

static enum status record(struct run *run, const struct user *user)
{
    const struct conversation_options conversation_options = {
        .patterns = run->scope.patterns,
        .message = intake_take,
        .context = run->intake,
    };
    struct conversations *conversations;
    struct session_result result;
    struct session session = {0};
    enum status status;
    int err = 0;

    if (conversations_new(&conversations, &conversation_options))
        return say_error(-ENOMEM, "recording");
    status = open_session(&session, run, conversations_sink(conversations));
    if (!status && run->options->repeat > 1) /* what has come since the last run is heard now */
        status = capturing_pause(run->options, 0);
    if (!status)
        status = run_begin(run, session.backend->name);
    if (!status)
        err = run_session(&session, run, user, &result);
    if (!status && !err)
        err = conversations_finish(conversations);
    if (err)
        status = run_say_broken_off(run, err, "recording");
    else if (!status)
        status = end_session(run, &result);
    session_close(&session);
    conversations_free(conversations);
    return status;
}

enum status capturing_make(struct run *run)
{
    struct user user = {0};
    enum status status = launching_begin(run->options, &user);

    if (!status)
        status = record(run, &user);
    user_free(&user);
    return status;
}

/* Waits until then, or for a signal. Returns whether one has come. */
static bool wait_for_signal(int signals, uint64_t until)
{
    struct pollfd end = {.fd = signals, .events = POLLIN};
    struct signalfd_siginfo signal;
    uint64_t now;

    do {
        now = clock_monotonic();
        poll(&end, 1, clock_timeout(now < until ? until - now : 0));
    } while (!end.revents && now < until);
    while (end.revents && read(signals, &signal, sizeof(signal)) > 0)
        ;
    return end.revents;
}

enum status capturing_pause(const struct options *options, uint64_t until)
{
    bool has_come;
    sigset_t old;
    int signals;

    sigprocmask(SIG_BLOCK, NULL, &old);
    signals = signals_open();
    has_come = wait_for_signal(signals, until);
    if (signals >= 0)
        close(signals);
    sigprocmask(SIG_SETMASK, &old, NULL);
    return has_come ? say_interrupted(options) : STATUS_DONE;
}
