/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Runs a command and gives the conversation it had over its sockets as a table of test cases. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/address.h"
#include "capture/conversation.h"
#include "capture/exchange.h"
#include "capture/folder.h"
#include "capture/output.h"
#include "capture/record.h"
#include "capture/recording.h"
#include "capture/selection.h"
#include "capture/show.h"
#include "capture/text.h"
#include "capture/user.h"
#include "emit/command.h"
#include "emit/files.h"
#include "emit/fixture.h"
#include "emit/language.h"
#include "emit/nearest.h"
#include "emit/report.h"
#include "emit/style.h"
#include "golden.h"
#include "options.h"

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

static void say_note(const char *text)
{
    say("%s", text);
}

static enum status say_error(int err, const char *what)
{
    say("%s: %s", what, strerror(-err));
    return STATUS_USAGE;
}

static enum status check_socket(const char *address)
{
    struct stat file;

    if (!address || address[0] != '/' || stat(address, &file) != 0 || S_ISSOCK(file.st_mode))
        return STATUS_DONE;
    say("%s: not a socket", address);
    return STATUS_USAGE;
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

/* One run: messages go into the recording, the table, or both. */

struct run {
    const struct options *options;
    struct library *library;
    struct language *language; /* NULL when no fixture is wanted */
    struct selection *selection;
    struct table *table;                /* with a language only */
    struct recording_writer *recording; /* with -w only */
    struct output recording_file;
    struct output fixture_file;
    struct folder folder;  /* of a fixture that is one, or of the files beside it */
    struct golden *golden; /* where messages are kept and not written down as they come; or NULL */
    struct secrets *known; /* shapes of secrets, to warn of */
    bool warned;           /* of one */
    char *const *command;
    struct losses losses;
    uint64_t placed; /* lost messages of which the conversation is known */
    uint64_t cut;    /* messages of which all but ancillary data is there */
    bool incomplete; /* something is known to be missing */
};

/* A recording is easily put where others can read it. */
static void warn_of_secrets(struct run *run, const struct message *message)
{
    size_t offset = 0, length = 0;
    const char *what = secrets_find(run->known, message->data, message->length, &offset, &length);

    if (!what || run->warned)
        return;
    run->warned = true;
    say("a %s seems to hold %s, at [%zu:%zu] (--redact secrets puts filler there)",
        message->direction == REQUEST ? "request" : "response", what, offset, offset + length);
}

/* What is to be redacted is not shown before it is. */
static bool shows_at_once(const struct run *run)
{
    return run->options->verbose && !run->options->redact.count;
}

static int take_message(void *context, const struct message *original)
{
    struct run *run = context;
    struct message message = *original;
    int wanted = selection_take(run->selection, &message), err = 0;

    if (wanted <= 0)
        return wanted;
    run->placed += message.lost;
    if (message.ancillary && message.ancillary->cut && !message.missing)
        run->cut++;
    if (shows_at_once(run))
        show_message(stderr, &message);
    if (run->golden)
        return golden_take(run->golden, &message);
    if (run->known)
        warn_of_secrets(run, &message);
    if (run->recording)
        err = recording_add(run->recording, &message);
    if (!err && run->table)
        err = table_add(run->table, &message);
    return err;
}

static enum status begin_recording(struct run *run, const char *backend)
{
    const char *path = run->options->write;
    int err;

    if (run->golden) {
        err = golden_begin(run->golden, run->command, backend);
        return err ? say_error(err, "recording") : STATUS_DONE;
    }
    if (!path)
        return STATUS_DONE;
    err = output_open(&run->recording_file, path);
    if (!err)
        err = recording_begin(&run->recording, run->recording_file.file, run->command, backend);
    return err ? say_error(err, path) : STATUS_DONE;
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
    return err ? say_error(err, run->options->write) : STATUS_DONE;
}

/* The files of messages, which go where the fixture goes. */

static int add_file(void *context, const char *name, const struct said *said)
{
    struct run *run = context;
    int err = 0;

    if (!run->folder.path)
        err = folder_open(&run->folder, run->options->output);
    return err ? err : folder_add(&run->folder, name, said->data, said->length);
}

/* What is beside the fixture is there before it is, so whoever finds a fixture finds all of it. */
static int write_files(struct run *run, const struct fixture *fixture)
{
    int err = 0;

    if (run->language->folder || fixture->stem)
        err = files_each(fixture, add_file, run);
    if (!err && run->language->folder)
        err = output_commit(&run->fixture_file);
    if (!err && run->folder.path)
        err = run->language->folder ? folder_commit(&run->folder) : folder_pour(&run->folder);
    if (!err && !run->language->folder)
        err = output_commit(&run->fixture_file);
    return err;
}

/* The fixture's file name without its ending, for the files beside it; NULL when there are none. */
static char *file_stem(const struct run *run)
{
    const char *path = run->options->output;
    const char *slash = path ? strrchr(path, '/') : NULL;
    const char *base = slash ? slash + 1 : path;
    const char *dot = path ? strrchr(base, '.') : NULL;

    if (run->language->folder || !run->language->embeds ||
        (!run->options->check && !run->fixture_file.beside))
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

static struct fixture describe_fixture(const struct run *run, const char *stem)
{
    const struct options *options = run->options;

    return (struct fixture){
        .table = run->table,
        .command = run->command,
        .name = options->name,
        .package = options->package,
        .lost = run->losses.messages - run->placed,
        .incomplete = run->incomplete,
        .style = options->style,
        .call = options->call,
        .bytes = options->bytes,
        .embed_above = options->embed_given ? options->embed_above : run->language->embed_above,
        .stem = stem,
    };
}

static enum status emit_fixture(struct run *run)
{
    const struct options *options = run->options;
    const struct language *language = run->language;
    const char *path = options->output ? options->output : "-";
    const char *what = is_stdout(path) ? "standard output" : path;
    char *stem = language ? file_stem(run) : NULL;
    struct fixture fixture;
    struct template_error error = {0};
    int err;

    if (!language)
        return STATUS_DONE;
    fixture = describe_fixture(run, stem);
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
        say("incomplete: %" PRIu64 " bytes passed by system calls that this backend does not see "
            "(io_uring, perhaps: --backend socket does)",
            losses->bypassed);
    return losses->messages || losses->cut || losses->unfollowed || losses->foreign ||
           losses->bypassed;
}

/* Nothing was kept although a server was named: a mistake, unless it is there and silent. */
static enum status check_selection(const struct run *run)
{
    const char *address = run->options->socket;

    if (selection_count(run->selection) > 0)
        return STATUS_DONE;
    if (address && address[0] == '/' && !strpbrk(address, "*?[") && access(address, F_OK) != 0) {
        say("%s: no such socket (is the server running?)", address);
        return STATUS_USAGE;
    }
    if (!run->options->quiet)
        say("no messages%s%s", address ? " with " : " were recorded", address ? address : "");
    return STATUS_DONE;
}

/* What the run has given is kept, until all of them are over. */
static enum status end_run(struct run *run)
{
    struct golden_run *current = golden_current(run->golden);

    current->losses = run->losses;
    current->placed = run->placed;
    current->incomplete = run->incomplete;
    return STATUS_DONE;
}

static enum status write_results(struct run *run)
{
    enum status status = check_selection(run);

    if (status)
        return status;
    if (say_losses(&run->losses))
        run->incomplete = true;
    if (run->golden)
        return end_run(run);
    if (run->table && table_finish(run->table))
        return say_error(-ENOMEM, "recording");
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
    const char *name = options->command[0];
    const char *kept = options->ignore_status ? "" : "; nothing was written (--ignore-status does)";

    if (result->exec_error) {
        say("%s: %s", name,
            result->exec_error == -ENOENT ? "command not found" : strerror(-result->exec_error));
        return STATUS_COMMAND;
    }
    if (!result->ended || result->interrupted)
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

static enum status open_session(struct session *session, const struct options *options,
                                const struct sink *sink, bool again)
{
    struct backend_options backend_options = {
        .buffer_size = options->buffer_size,
        .verbose = options->verbose,
        .say = options->quiet ? NULL : say_note,
    };

    if (session_open(session, options->backend, &backend_options, sink)) {
        say("nothing can record here: %s", session->refused);
        return STATUS_NO_BACKEND;
    }
    if (!options->quiet && !again && strcmp(options->backend, "auto") == 0)
        say("backend: %s%s%s%s", session->backend->name, session->refused[0] ? " (" : "",
            session->refused, session->refused[0] ? ")" : "");
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

static enum status record_command(struct run *run)
{
    const struct options *options = run->options;
    struct conversation_options conversation_options = {
        .server = options->socket,
        .message = take_message,
        .context = run,
    };
    struct session_command command = {
        .command = options->command,
        .output_to_error =
            fixture_to_stdout(options) || is_stdout(options->write) || options->check,
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
    status = open_session(&session, options, conversations_sink(conversations),
                          run->golden && run->golden->count > 0);
    if (!status)
        status = begin_recording(run, session.backend->name);
    if (status)
        goto out;
    err = session_run(&session, &command, &result);
    if (!err)
        err = conversations_finish(conversations);
    if (err) {
        status = say_error(err, "recording");
        goto out;
    }
    run->losses = result.losses;
    run->losses.cut += run->cut;
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
    err = recording_read(reader, take_message, run, error);
    if (err && !error->text[0])
        return say_error(err, run->options->read);
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

/* Golden: several runs, or a recording that is there already, or secrets to redact. */

/* Begins with nothing of an earlier run. */
static enum status begin_run(struct run *run)
{
    selection_free(run->selection);
    run->selection = NULL;
    run->losses = (struct losses){0};
    run->placed = 0;
    run->cut = 0;
    run->incomplete = false;
    return selection_new(&run->selection, run->options->socket) ? say_error(-ENOMEM, "recording")
                                                                : STATUS_DONE;
}

static enum status make_runs(struct run *run)
{
    enum status status = STATUS_DONE;

    for (size_t i = 0; i < run->options->repeat && !status; i++) {
        status = begin_run(run);
        if (!status)
            status = run->options->read ? read_recording(run) : record_command(run);
    }
    return status;
}

/* What was found in comparing the runs. */
static void say_report(const struct run *run)
{
    const struct volatile_report *report = &run->golden->report;

    if (run->options->quiet)
        return;
    if (run->golden->count > 1)
        say("%zu runs: %zu volatile range%s", run->golden->count, report->ranges,
            report->ranges == 1 ? "" : "s");
    if (report->sometimes)
        say("%zu exchange%s of the first run not in every run", report->sometimes,
            report->sometimes == 1 ? " is" : "s are");
    if (report->elsewhere)
        say("%zu exchange%s in later runs that the first has not", report->elsewhere,
            report->elsewhere == 1 ? " was" : "s were");
    if (report->coarse || run->golden->differences.coarse)
        say("messages are so long and so different that not all of them was compared byte by byte");
    if (run->golden->redacted)
        say("%d secret%s redacted", run->golden->redacted,
            run->golden->redacted == 1 ? " was" : "s were");
    if (run->golden->other_command && !run->options->check)
        say("%s: was a recording of another command, and is replaced", run->options->write);
}

/* Every run counts: what one of them lost may be what differs. */
static bool any_incomplete(const struct golden *golden)
{
    for (size_t i = 0; i < golden->count; i++)
        if (golden->runs[i].incomplete)
            return true;
    return false;
}

/* Does the file hold this, and from which line on does it not? 0: it is not there. */
static bool file_holds(const char *path, const uint8_t *data, size_t length, size_t *line)
{
    FILE *file = fopen(path, "re");
    size_t at = 0;
    int byte = EOF;

    *line = file ? 1 : 0;
    while (file && (byte = getc(file)) != EOF && at < length && byte == data[at])
        *line += data[at++] == '\n';
    if (file)
        fclose(file);
    return file && byte == EOF && at == length;
}

/* Compares the files of a fixture with what they are to hold. */
struct freshness {
    const struct run *run;
    char *stale; /* the path of the first that holds something else */
    size_t line;
};

static int check_file(struct freshness *freshness, char *path, const uint8_t *data, size_t length)
{
    size_t line = 0;

    if (!path)
        return -ENOMEM;
    if (freshness->stale || file_holds(path, data, length, &line)) {
        free(path);
    } else {
        freshness->stale = path;
        freshness->line = line;
    }
    return 0;
}

/* The path of a file of the fixture's, to be freed. */
static char *beside(const struct run *run, const char *name)
{
    const char *output = run->options->output;
    const char *slash = strrchr(output, '/');
    int folder = (int)strlen(output), before = slash ? (int)(slash + 1 - output) : 0;
    char *path = NULL;

    if (asprintf(&path, run->language->folder ? "%.*s/%s" : "%.*s%s",
                 run->language->folder ? folder : before, output, name) < 0)
        return NULL;
    return path;
}

static int check_message_file(void *context, const char *name, const struct said *said)
{
    struct freshness *freshness = context;

    return check_file(freshness, beside(freshness->run, name), said->data, said->length);
}

/* Is the fixture what the table emits? Returns 0 or -errno with *error filled in. */
static int check_freshness(struct run *run, struct freshness *freshness,
                           struct template_error *error)
{
    char *stem, *text = NULL;
    struct fixture fixture;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    int err;

    if (!out)
        return -ENOMEM;
    stem = file_stem(run);
    fixture = describe_fixture(run, stem);
    err = fixture_print(&fixture, run->language, out, error);
    if (fclose(out) && !err)
        err = -ENOMEM;
    if (!err)
        err = check_file(freshness,
                         run->language->folder ? beside(run, run->language->index)
                                               : strdup(run->options->output),
                         (const uint8_t *)text, size);
    if (!err && (run->language->folder || stem))
        err = files_each(&fixture, check_message_file, freshness);
    free(stem);
    free(text);
    return err;
}

/* The table that fixtures are made of: that of the recording. */
static void take_over(struct run *run, struct golden_run *from)
{
    table_free(run->table);
    run->table = from->table;
    from->table = NULL;
    run->command = from->command;
    run->losses = from->losses;
    run->placed = from->placed;
    run->incomplete = from->incomplete;
}

static enum status say_fixture_error(const struct run *run, int err,
                                     const struct template_error *error)
{
    if (error->line) {
        say_template_error(error);
        return STATUS_USAGE;
    }
    return say_error(err, run->options->output);
}

static int print_report(const struct run *run, const struct freshness *freshness)
{
    const struct golden *golden = run->golden;
    const char *format = run->options->diff_format ? run->options->diff_format : "text";
    struct report report = {
        .recording = run->options->write,
        .old = golden->old.table,
        .now = golden->runs[0].table,
        .differences = &golden->differences,
        .stale = freshness->stale,
        .stale_line = freshness->line,
        .file = run->options->write ? run->options->write : run->options->output,
        .line = 1,
        .colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR"),
    };
    struct names *old_names = NULL, *now_names = NULL;
    char name[COMMAND_NAME_SIZE];
    int err = 0;

    command_name(golden->runs[0].command, run->options->name, name);
    if (report.old)
        err = names_new(&old_names, report.old, name);
    if (!err)
        err = names_new(&now_names, report.now, name);
    report.old_names = old_names;
    report.now_names = now_names;
    if (!err)
        err = report_find(format)(&report, stdout);
    names_free(old_names);
    names_free(now_names);
    return err ? err : fflush(stdout) ? -errno : 0;
}

/* Writes nothing, but tells what would become another. */
static enum status check_golden(struct run *run)
{
    const struct golden *golden = run->golden;
    struct golden_run *source = golden->old.table ? &run->golden->old : &run->golden->runs[0];
    const bool incomplete = any_incomplete(golden);
    struct freshness freshness = {.run = run};
    struct template_error error = {0};
    enum status status = STATUS_DONE;
    int err = 0;

    if (run->language) {
        struct table *table = source->table;

        take_over(run, source);
        err = check_freshness(run, &freshness, &error);
        source->table = table; /* it was lent */
        run->table = NULL;
    }
    if (err)
        return say_fixture_error(run, err, &error);
    err = print_report(run, &freshness);
    if (err)
        status = say_error(err, "standard output");
    else if (golden->differences.count || freshness.stale)
        status = STATUS_DIFFERS;
    else if (incomplete)
        status = STATUS_INCOMPLETE;
    free(freshness.stale);
    return status;
}

static enum status write_messages(struct run *run, const struct messages *messages)
{
    const char *path = run->options->write, *backend = run->golden->runs[0].backend;
    int err = 0;

    if (!path)
        return STATUS_DONE;
    err = recording_begin(&run->recording, run->recording_file.file, run->command, backend);
    for (size_t i = 0; i < messages->count && !err; i++)
        err = recording_add(run->recording, &messages->items[i]->message);
    return err ? say_error(err, path) : end_recording(run);
}

/* A fixture that is what it would become stays as it is. */
static enum status emit_unless_fresh(struct run *run)
{
    struct freshness freshness = {.run = run};
    struct template_error error = {0};
    int err;

    if (!run->language)
        return STATUS_DONE;
    if (!run->language->folder && !run->fixture_file.beside)
        return emit_fixture(run);
    err = check_freshness(run, &freshness, &error);
    if (err)
        return say_fixture_error(run, err, &error);
    if (!freshness.stale)
        return STATUS_DONE;
    free(freshness.stale);
    return emit_fixture(run);
}

static void look_at_messages(struct run *run, const struct messages *messages)
{
    for (size_t i = 0; i < messages->count; i++) {
        if (run->options->verbose && !shows_at_once(run))
            show_message(stderr, &messages->items[i]->message);
        if (run->known)
            warn_of_secrets(run, &messages->items[i]->message);
    }
}

/* Writes what differs from what is there, and nothing where nothing does. */
static enum status write_golden(struct run *run)
{
    struct golden *golden = run->golden;
    const bool incomplete = any_incomplete(golden);
    const struct messages *messages;
    struct table *table = NULL;
    enum status status = STATUS_DONE;

    look_at_messages(run, &golden->runs[0].messages);
    if (golden_is_same(golden)) {
        take_over(run, &golden->old);
    } else {
        if (golden_merge(golden, &messages, &table))
            return say_error(-ENOMEM, "recording");
        take_over(run, &golden->runs[0]);
        table_free(run->table);
        run->table = table;
        status = write_messages(run, messages);
    }
    run->incomplete = run->incomplete || incomplete;
    if (!status)
        status = emit_unless_fresh(run);
    return status ? status : incomplete ? STATUS_INCOMPLETE : STATUS_DONE;
}

static enum status open_golden(struct run *run)
{
    const char *path = run->options->check ? NULL : run->options->write;
    char text[GOLDEN_TEXT_SIZE];
    int err;

    if (golden_new(&run->golden, run->options, text)) {
        say("%s", text);
        return STATUS_USAGE;
    }
    err = path ? output_open(&run->recording_file, path) : 0;
    return err ? say_error(err, path) : STATUS_DONE;
}

static enum status make_golden(struct run *run)
{
    char text[GOLDEN_TEXT_SIZE];
    enum status status = make_runs(run);

    if (status)
        return status;
    if (golden_settle(run->golden, text)) {
        say("%s", text);
        return STATUS_USAGE;
    }
    say_report(run);
    return run->options->check ? check_golden(run) : write_golden(run);
}

/* Shapes of secrets, to warn of those that are not redacted. */
static enum status know_secrets(struct run *run)
{
    char *all = (char *)"secrets";
    char why[SECRET_WHY_SIZE];
    const char *wrong;

    if (run->options->quiet)
        return STATUS_DONE;
    return secrets_new(&run->known, &all, 1, &wrong, why) ? say_error(-ENOMEM, "recording")
                                                          : STATUS_DONE;
}

static enum status make_fixture(const struct options *options)
{
    struct run run = {.options = options, .command = options->command};
    enum status status = check_backend(options->backend);

    if (!status)
        status = check_socket(options->socket);
    if (!status && wants_fixture(options))
        status = open_library(options, &run.library);
    if (!status && wants_fixture(options))
        status = load_language(options, run.library, &run.language);
    if (status)
        goto out;
    if (selection_new(&run.selection, options->socket) || (run.language && table_new(&run.table))) {
        status = say_error(-ENOMEM, "recording");
        goto out;
    }
    status = know_secrets(&run);
    if (!status && golden_is_wanted(options))
        status = open_golden(&run);
    if (!status && !options->check)
        status = open_fixture(&run);
    if (!status && run.golden)
        status = make_golden(&run);
    else if (!status)
        status = options->read ? read_recording(&run) : record_command(&run);
out:
    if (run.recording)
        recording_end(run.recording, NULL);
    output_discard(&run.recording_file);
    output_discard(&run.fixture_file);
    folder_discard(&run.folder);
    table_free(run.table);
    golden_free(run.golden);
    secrets_free(run.known);
    selection_free(run.selection);
    language_free(run.language);
    library_free(run.library);
    return status;
}

int main(int argc, char **argv)
{
    struct options options;
    const char *wrong = options_parse(&options, argc, argv);
    enum status status = STATUS_USAGE;

    if (wrong)
        say("%s (see sockfixture --help)", wrong);
    else if (options.list_langs || options.print_template)
        status = show_templates(&options);
    else
        status = options.list_backends ? list_backends() : make_fixture(&options);
    options_free(&options);
    return status;
}
