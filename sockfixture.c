/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Gives what a command, or what runs already, says over its sockets as a table of test cases. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/conversation.h"
#include "capture/exchange.h"
#include "capture/folder.h"
#include "capture/frame.h"
#include "capture/intake.h"
#include "capture/output.h"
#include "capture/pattern.h"
#include "capture/progress.h"
#include "capture/record.h"
#include "capture/recording.h"
#include "capture/scope.h"
#include "capture/signals.h"
#include "capture/text.h"
#include "capture/user.h"
#include "emit/files.h"
#include "emit/fixture.h"
#include "emit/language.h"
#include "emit/leftovers.h"
#include "emit/nearest.h"
#include "emit/style.h"
#include "options.h"
#include "scope_options.h"

enum { UNFRAMED_MAX = 8 };

/* Saying things: one line each, in which nothing can drive the terminal. */

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *format, ...)
{
    char line[2048], text[4096];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    text_escape(text, sizeof(text), line, strlen(line));
    fflush(stdout);
    fprintf(stderr, "sockfixture: %s\n", text);
}

static enum status say_error(int err, const char *what)
{
    say("%s: %s", what, strerror(-err));
    return STATUS_USAGE;
}

static const char *name_of_output(const char *path)
{
    return !path || is_stdout(path) ? "standard output" : path;
}

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

/* Languages */

static void say_template_error(const struct template_error *error)
{
    if (error->line)
        say("%s:%zu:%zu: %s", error->name, error->line, error->column, error->text);
    else
        say("%s%s%s", error->name, error->name[0] ? ": " : "", error->text);
}

/* The folders named by options, the one of a template's file for what it includes, the user's. */
static enum status open_library(const struct options *options, struct library **out)
{
    struct library_folder folders[TEMPLATE_DIRS_MAX + 2];
    const char *slash = options->template ? strrchr(options->template, '/') : NULL;
    char *beside = NULL, *user = NULL;
    struct template_error error;
    size_t count = 0;
    int err;

    for (size_t i = 0; i < options->template_dirs_count; i++)
        folders[count++] = (struct library_folder){.path = options->template_dirs[i]};
    if (options->template) {
        beside = slash ? strndup(options->template, (size_t)(slash - options->template) + 1)
                       : strdup(".");
        folders[count++] = (struct library_folder){.path = beside, .optional = true};
    }
    err = library_user_folder(&user);
    if (user)
        folders[count++] =
            (struct library_folder){.path = user, .optional = true, .as_caller = true};
    if (err || (options->template && !beside))
        template_fail(&error, -ENOMEM, "templates", "out of memory");
    else
        err = library_new(out, folders, count, &error);
    if (err)
        say_template_error(&error);
    free(beside);
    free(user);
    return err ? STATUS_USAGE : STATUS_DONE;
}

static void list_language(const struct language *language)
{
    bool ending = language->extensions && language->extensions[0];

    printf("%-12s %s%-6s %s", language->name, ending ? "." : "-",
           ending ? language->extensions[0] : "", language->description);
    for (size_t i = 0; language->styles && language->styles[i]; i++)
        printf("%s%s", i ? ", " : "; styles: ", language->styles[i]);
    printf(" [%s]\n", language->path ? language->path : "built in");
}

/* A template that is wrong is told, and the others are listed. */
static enum status list_languages(const struct library *library)
{
    enum status status = STATUS_DONE;
    struct template_error error;
    struct language *language;
    size_t index = 0;
    int more;

    while ((more = language_next(&language, library, &index, &error))) {
        if (more < 0) {
            say_template_error(&error);
            status = STATUS_USAGE;
            continue;
        }
        list_language(language);
        language_free(language);
    }
    return status;
}

static enum status print_template(const struct library *library, const char *name)
{
    struct template_error error;
    struct library_text text;
    struct language *language;
    int err = library_read(library, name, &text, &error);

    /* What is no template may be a misspelt language, of which the nearest is then told. */
    if (err == -ENOENT)
        err = language_find(&language, library, name, &error);
    if (err) {
        say_template_error(&error);
        return STATUS_USAGE;
    }
    fwrite(text.text, 1, text.length, stdout);
    library_text_free(&text);
    return fflush(stdout) ? say_error(-errno, "standard output") : STATUS_DONE;
}

static enum status show_templates(const struct options *options)
{
    struct library *library = NULL;
    enum status status = open_library(options, &library);

    if (!status && options->list_langs)
        status = list_languages(library);
    else if (!status)
        status = print_template(library, options->print_template);
    library_free(library);
    return status;
}

/* Can what was asked for be done in files of this language? */
static enum status check_files(const struct options *options, const struct language *language)
{
    if (language->folder && fixture_to_stdout(options))
        say("%s: its fixtures are folders (name one with -o)", language->name);
    else if (options->embed_above && !language->embeds)
        say("--embed-above: %s cannot load messages from files", language->name);
    else
        return STATUS_DONE;
    return STATUS_USAGE;
}

static enum status load_language(const struct options *options, const struct library *library,
                                 struct language **out)
{
    struct template_error error;
    const char *name = options->lang;
    int err;

    if (options->template) {
        err = language_load(out, library, options->template, &error);
    } else {
        if (!name && (!options->output || language_for_file(library, options->output, &name)))
            name = "json";
        err = language_find(out, library, name, &error);
    }
    if (!err)
        err = style_check(*out, options->style, &error);
    if (!err)
        return check_files(options, *out);
    say_template_error(&error);
    return STATUS_USAGE;
}

/* What to observe */

static enum status make_scope(const struct options *options, struct scope_request *scope)
{
    char wrong[SCOPE_WRONG_SIZE];

    if (scope_from_options(scope, options, wrong) == 0)
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

/* One run: messages go into the recording, the table, or both. */

struct run {
    const struct options *options;
    struct library *library;
    struct language *language; /* NULL when no fixture is wanted */
    struct scope_request scope;
    struct intake *intake;
    struct table *table;                /* with a language only */
    struct framing framing;             /* with --frame only */
    struct recording_writer *recording; /* with -w only */
    struct output recording_file;
    struct output fixture_file;
    struct folder folder; /* of a fixture that is one, or of the files beside it */
    char *const *command;
    struct progress_line line;
    struct losses losses;
    bool incomplete; /* something is known to be missing */
};

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

static void say_note(void *context, const char *text)
{
    struct run *run = context;

    progress_line_erase(&run->line);
    say("%s", text);
}

/* Says why it could not go on; a recording that cannot be written is known by its file. */
static enum status say_broken_off(const struct run *run, int err, const char *what)
{
    struct intake_counts counts = intake_counts(run->intake);

    if (!counts.full)
        return say_error(err, counts.unrecorded ? name_of_output(run->options->write) : what);
    say("%s: no room to keep the messages (let TMPDIR name a folder that has more)", what);
    return STATUS_USAGE;
}

static enum status begin_recording(struct run *run, const char *backend)
{
    const char *path = run->options->write;
    int err;

    if (!path)
        return STATUS_DONE;
    err = output_open(&run->recording_file, path);
    if (!err)
        err = recording_begin(&run->recording, run->recording_file.file, run->command, backend);
    if (err)
        return say_error(err, name_of_output(path));
    intake_record(run->intake, run->recording);
    return STATUS_DONE;
}

static enum status end_recording(struct run *run)
{
    struct recording_writer *recording = run->recording;
    int err;

    if (!recording)
        return STATUS_DONE;
    run->recording = NULL;
    err = recording_end(recording, &run->losses);
    if (!err)
        err = output_commit(&run->recording_file);
    return err ? say_error(err, name_of_output(run->options->write)) : STATUS_DONE;
}

/* The files of messages, which go where the fixture goes. */

/* Piece by piece, as a long message need not be in memory as a whole. */
static int write_message(const struct said *said, const struct table *table, FILE *file)
{
    enum { PIECE = 4 << 20 };
    size_t size;

    errno = 0;
    for (size_t at = 0; at < said->length; at += size) {
        size = said->length - at < PIECE ? said->length - at : PIECE;
        if (fwrite(said->data + at, 1, size, file) < size)
            return errno ? -errno : -EIO;
        if (size == PIECE)
            arena_rest(table->arena);
    }
    return 0;
}

static int add_file(void *context, const char *name, const struct said *said)
{
    struct run *run = context;
    FILE *file;
    int err = 0;

    if (!run->folder.path)
        err = folder_open(&run->folder, run->options->output);
    if (err)
        return err;
    file = folder_create(&run->folder, name);
    if (!file)
        return -errno;
    err = write_message(said, run->table, file);
    if (fclose(file) && !err)
        err = -errno;
    return err;
}

/* The fixture is there, whatever becomes of what the one before it has left. */
static void remove_leftovers(const struct run *run, struct leftovers *leftovers)
{
    const char *path = run->options->output;
    size_t removed;
    int err = leftovers_remove(leftovers, path, &removed);

    leftovers_free(leftovers);
    if (removed && !run->options->quiet)
        say("%s: removed files of messages that only the one before had (%zu)", path, removed);
    if (err)
        say("%s: files of messages that only the one before had are left beside it: %s", path,
            strerror(-err));
}

/*
 * What is beside the fixture is there before it is, so whoever finds a fixture finds all of it; and
 * what only the one before had goes after that.
 */
static int write_beside(struct run *run, const struct fixture *fixture)
{
    struct leftovers leftovers = {.folder = -1};
    int err = leftovers_find(&leftovers, run->options->output, fixture->stem);

    if (!err)
        err = files_each(fixture, add_file, run);
    if (!err && run->folder.path)
        err = folder_pour(&run->folder);
    if (!err)
        err = output_commit(&run->fixture_file);
    if (!err)
        remove_leftovers(run, &leftovers);
    else
        leftovers_free(&leftovers);
    return err;
}

static int write_folder(struct run *run, const struct fixture *fixture)
{
    int err = files_each(fixture, add_file, run);

    if (!err)
        err = output_commit(&run->fixture_file);
    return err ? err : folder_commit(&run->folder);
}

static int write_files(struct run *run, const struct fixture *fixture)
{
    if (run->language->folder)
        return write_folder(run, fixture);
    return fixture->stem ? write_beside(run, fixture) : output_commit(&run->fixture_file);
}

/* The fixture's file name without its ending, for the files beside it; NULL when there are none. */
static char *file_stem(const struct run *run)
{
    const char *path = run->options->output;
    const char *slash = path ? strrchr(path, '/') : NULL;
    const char *base = slash ? slash + 1 : path;
    const char *dot = path ? strrchr(base, '.') : NULL;

    if (run->language->folder || !run->language->embeds || !run->fixture_file.beside)
        return NULL;
    return dot > base ? strndup(base, (size_t)(dot - base)) : strdup(base);
}

/* The folder is made when there is something to put in it; until then its file has no name. */
static int open_index(struct run *run)
{
    int err = folder_open(&run->folder, run->options->output);

    if (err)
        return err;
    run->fixture_file.file = folder_create(&run->folder, run->language->index);
    return run->fixture_file.file ? 0 : -errno;
}

static enum status emit_fixture(struct run *run)
{
    const struct options *options = run->options;
    const struct language *language = run->language;
    const char *path = options->output ? options->output : "-";
    const char *what = name_of_output(path);
    char *stem = language ? file_stem(run) : NULL;
    struct fixture fixture = {
        .table = run->table,
        .command = run->command,
        .name = options->name,
        .package = options->package,
        .lost = run->losses.messages - intake_counts(run->intake).placed,
        .incomplete = run->incomplete,
        .style = options->style,
        .call = options->call,
        .bytes = options->bytes,
        .stem = stem,
    };
    struct template_error error = {0};
    int err;

    if (!language)
        return STATUS_DONE;
    fixture.embed_above = options->embed_given ? options->embed_above : language->embed_above;
    err = language->folder ? open_index(run) : 0;
    if (!err)
        err = fixture_print(&fixture, run->language, run->fixture_file.file, &error);
    if (!err)
        err = write_files(run, &fixture);
    free(stem);
    if (err && error.line) {
        say_template_error(&error);
        return STATUS_USAGE;
    }
    return err ? say_error(err, what) : STATUS_DONE;
}

/* Returns whether there is anything to say. */
static bool say_losses(const struct losses *losses)
{
    if (losses->messages)
        say("incomplete: %" PRIu64 " messages were lost, the buffer was full (a larger one: "
            "--buffer-size)",
            losses->messages);
    if (losses->cut)
        say("incomplete: of %" PRIu64 " messages a part could not be read", losses->cut);
    if (losses->bytes)
        say("incomplete: %" PRIu64 " bytes are missing in all", losses->bytes);
    if (losses->unfollowed)
        say("incomplete: %" PRIu64 " processes or threads could not be observed",
            losses->unfollowed);
    if (losses->foreign)
        say("incomplete: %" PRIu64 " system calls of 32-bit programs could not be read",
            losses->foreign);
    if (losses->bypassed)
        say("incomplete: %" PRIu64 " bytes passed by in ways that this backend does not see "
            "(io_uring, which --backend socket sees; or calls that had begun before, which "
            "--backend syscall sees)",
            losses->bypassed);
    return losses->messages || losses->cut || losses->unfollowed || losses->foreign ||
           losses->bypassed;
}

/* What is not there because that was asked for. */
static void say_left_out(const struct run *run)
{
    struct intake_counts counts = intake_counts(run->intake);
    size_t wanted = run->options->count;

    if (run->losses.left_out)
        say("%" PRIu64 " messages were cut short, as asked: %" PRIu64 " bytes were left out "
            "(--max-message)",
            run->losses.shortened, run->losses.left_out);
    if (wanted && counts.exchanges < wanted)
        say("%zu of %zu exchanges were recorded", counts.exchanges, wanted);
    if (counts.unanswered)
        say("%zu messages that had no answer were left out when %zu exchanges were complete",
            counts.unanswered, wanted);
}

/* Returns whether there is anything to say. */
static bool say_unframed(const struct table *table)
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

static enum status finish_table(struct run *run)
{
    int err = run->table ? table_finish(run->table) : 0;

    if (err)
        return say_error(err, "recording");
    if (run->table && say_unframed(run->table))
        run->incomplete = true;
    return STATUS_DONE;
}

/* Nothing was kept although a server was named: a mistake, unless it is there and silent. */
static enum status check_selection(const struct run *run)
{
    const struct option_words *sockets = &run->options->sockets;
    size_t index = 0;
    bool missing = false;
    const char *path;

    if (intake_counts(run->intake).conversations > 0)
        return STATUS_DONE;
    path = patterns_path(run->scope.patterns, &index, &missing);
    if (sockets->count == 1 && missing && !attaches(run->options)) {
        say("%s: no such socket (is the server running?)", path);
        return STATUS_USAGE;
    }
    if (!run->options->quiet)
        say("no messages%s%s", sockets->count ? " with " : " were recorded",
            sockets->count > 1 ? "any of the sockets asked for"
            : sockets->count   ? sockets->at[0]
                               : "");
    return STATUS_DONE;
}

static enum status write_results(struct run *run)
{
    struct intake_counts counts;
    enum status status;
    int err = intake_finish(run->intake);

    if (err)
        return say_broken_off(run, err, "recording");
    status = check_selection(run);
    if (status)
        return status;
    counts = intake_counts(run->intake);
    if (!run->options->read)
        run->losses.cut += counts.cut;
    run->losses.shortened += counts.shortened;
    run->losses.left_out += counts.left_out;
    if (say_losses(&run->losses))
        run->incomplete = true;
    if (!run->options->quiet)
        say_left_out(run);
    status = finish_table(run);
    if (!status)
        status = end_recording(run);
    if (!status)
        status = emit_fixture(run);
    if (!status && run->incomplete)
        status = STATUS_INCOMPLETE;
    return status;
}

static enum status say_command_failed(const struct options *options,
                                      const struct session_result *result)
{
    const char *name = options->command ? options->command[0] : "";
    const char *kept = options->ignore_status ? "" : "; nothing was written (--ignore-status does)";

    if (result->exec_error) {
        say("%s: %s", name,
            result->exec_error == -ENOENT ? "command not found" : strerror(-result->exec_error));
        return STATUS_COMMAND;
    }
    if (!options->command || !result->ended || result->interrupted || result->stopped)
        return STATUS_DONE;
    if (WIFSIGNALED(result->status))
        say("%s: killed by signal %d (%s)%s", name, WTERMSIG(result->status),
            strsignal(WTERMSIG(result->status)), kept);
    else if (WEXITSTATUS(result->status))
        say("%s: exited with status %d%s", name, WEXITSTATUS(result->status), kept);
    else
        return STATUS_DONE;
    return options->ignore_status ? STATUS_DONE : STATUS_COMMAND;
}

static enum status open_session(struct session *session, struct run *run, const struct sink *sink)
{
    const struct options *options = run->options;
    struct backend_options backend_options = {
        .scope = &run->scope,
        .buffer_size = options->buffer_size,
        .max_message = options->max_message,
        .verbose = options->verbose > 1,
        .say = options->quiet ? NULL : say_note,
        .context = run,
    };

    if (session_open(session, options->backend, &backend_options, sink)) {
        say("nothing can record here: %s", session->refused);
        return STATUS_NO_BACKEND;
    }
    if (!options->quiet && strcmp(options->backend, "auto") == 0)
        say("backend: %s%s%s%s", session->backend->name, session->refused[0] ? " (" : "",
            session->refused, session->refused[0] ? ")" : "");
    if (attaches(options) && !options->quiet)
        say_watching(&run->scope);
    return STATUS_DONE;
}

static enum status find_user(const char *name, struct user *user)
{
    int err = geteuid() == 0 ? user_find(user, name) : -EPERM;

    if (!err)
        return STATUS_DONE;
    say("--user %s: %s", name,
        err == -ENOENT  ? "no such user"
        : err == -EPERM ? "only root can run a command as another user (try sudo)"
                        : strerror(-err));
    return STATUS_USAGE;
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
        .output_to_error = fixture_to_stdout(options) || is_stdout(options->write),
    };
    const struct session_watcher watcher = {
        .context = run,
        .left = recording_left,
        .show = show_progress,
    };
    struct conversations *conversations;
    struct session_result result;
    struct session session = {0};
    struct user user = {0};
    enum status status;
    int err;

    if (options->user) {
        status = find_user(options->user, &user);
        if (status)
            return status;
        command.user = &user;
    }
    if (conversations_new(&conversations, &conversation_options))
        return say_error(-ENOMEM, "recording");
    status = open_session(&session, run, conversations_sink(conversations));
    if (!status)
        status = begin_recording(run, session.backend->name);
    if (status)
        goto out;
    err = session_run(&session, &command, &watcher, &result);
    progress_line_erase(&run->line);
    if (!err)
        err = conversations_finish(conversations);
    if (err) {
        status = say_broken_off(run, err, "recording");
        goto out;
    }
    run->losses = result.losses;
    if (options->command && result.stopped && !result.ended && !options->quiet)
        say("%s: still runs, although it was sent SIGTERM", options->command[0]);
    status = say_command_failed(options, &result);
    if (!status)
        status = write_results(run);
out:
    user_free(&user);
    session_close(&session);
    conversations_free(conversations);
    return status;
}

static enum status read_messages(struct run *run, struct recording_reader *reader,
                                 struct recording_error *error)
{
    bool complete;
    enum status status;
    int err;

    run->command = recording_command(reader);
    status = begin_recording(run, recording_backend(reader));
    if (status)
        return status;
    err = recording_read(reader, intake_take, run->intake, error);
    if (err && !error->text[0])
        return say_broken_off(run, err, run->options->read);
    if (err)
        return STATUS_USAGE;
    recording_losses(reader, &run->losses, &complete);
    if (!complete) {
        say("%s: incomplete: it ends before its last line", run->options->read);
        run->incomplete = true;
    }
    return write_results(run);
}

static enum status read_recording(struct run *run)
{
    const char *path = run->options->read;
    struct recording_reader *reader = NULL;
    struct recording_error error = {0};
    enum status status = STATUS_USAGE;
    FILE *file = is_stdout(path) ? stdin : fopen(path, "re");

    if (!file)
        return say_error(-errno, path);
    if (recording_open(&reader, file, &error) == 0)
        status = read_messages(run, reader, &error);
    if (error.text[0])
        say("%s:%zu:%zu: %s", path, error.line, error.column, error.text);
    recording_close(reader);
    if (file != stdin)
        fclose(file);
    return status;
}

static enum status check_folder(const char *path, const struct language *language)
{
    struct folder_rules rules = {language->index, files_is_name};
    char other[256];
    int err = folder_check(path, &rules, other, sizeof(other));
    struct folder trial;

    if (!err)
        err = folder_open(&trial, path);
    if (!err)
        folder_discard(&trial);
    if (err == -ENOTEMPTY)
        say("%s: has %s, which is none of ours (name another folder, or move that away)", path,
            other);
    else if (err == -ENOTDIR || err == -ELOOP)
        say("%s: not a folder (name another, or move that away)", path);
    else if (err)
        return say_error(err, path);
    return err ? STATUS_USAGE : STATUS_DONE;
}

/* Opened before anything runs: what cannot be written should be known by then. */
static enum status open_fixture(struct run *run)
{
    const char *path = run->options->output ? run->options->output : "-";
    int err;

    if (run->language && run->language->folder)
        return check_folder(path, run->language);
    err = run->language ? output_open(&run->fixture_file, path) : 0;
    if (err)
        return say_error(err, path);
    if (run->language && run->options->embed_above && !run->fixture_file.beside) {
        say("--embed-above: no files can stand beside %s (name a file with -o)",
            is_stdout(path) ? "standard output" : path);
        return STATUS_USAGE;
    }
    return STATUS_DONE;
}

static int open_intake(struct run *run)
{
    const struct options *options = run->options;
    struct intake_options intake_options = {
        .patterns = run->scope.patterns,
        .count = options->count,
        .max_message = options->max_message,
        .whole = options->read,
        .show = options->verbose,
    };
    int err = run->language ? table_new(&run->table) : 0;

    intake_options.table = run->table;
    return err ? err : intake_new(&run->intake, &intake_options);
}

static enum status make_fixture(const struct options *options)
{
    struct run run = {.options = options, .command = options->command};
    struct watch_words words;
    enum status status = check_backend(options->backend);
    int err;

    if (!status)
        status = make_scope(options, &run.scope);
    if (!status)
        status = read_framing(options->frame, &run.framing);
    if (!status && wants_fixture(options))
        status = open_library(options, &run.library);
    if (!status && wants_fixture(options))
        status = load_language(options, run.library, &run.language);
    if (status)
        goto out;
    if (attaches(options)) {
        watch_words_make(&words, options, &run.scope);
        run.command = words.at;
    }
    signals_hold();
    /* A command that is launched has the terminal to itself. */
    progress_line_begin(&run.line, stderr,
                        !options->command && !options->verbose && !options->quiet);
    err = open_intake(&run);
    if (err) {
        status = say_error(err, "recording");
        goto out;
    }
    if (run.table && run.framing.framer)
        table_frame(run.table, &run.framing);
    status = open_fixture(&run);
    if (!status)
        status = options->read ? read_recording(&run) : record(&run);
out:
    if (run.recording)
        recording_end(run.recording, NULL);
    output_discard(&run.recording_file);
    output_discard(&run.fixture_file);
    intake_free(run.intake);
    folder_discard(&run.folder);
    table_free(run.table);
    scope_free(&run.scope);
    language_free(run.language);
    library_free(run.library);
    return status;
}

int main(int argc, char **argv)
{
    struct options options;
    const char *wrong = options_parse(&options, argc, argv);

    if (wrong) {
        say("%s (see sockfixture --help)", wrong);
        return STATUS_USAGE;
    }
    if (options.list_langs || options.print_template)
        return show_templates(&options);
    return options.list_backends ? list_backends() : make_fixture(&options);
}
