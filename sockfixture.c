/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Gives what a command, or what runs already, says over its sockets as a table of test cases. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend_option.h"
#include "capture/clock.h"
#include "capture/manifest/run.h"
#include "capture/rights.h"
#include "capture/signals.h"
#include "capture/words.h"
#include "capturing.h"
#include "completion.h"
#include "emit/writer.h"
#include "fixture_file.h"
#include "frame_option.h"
#include "golden_results.h"
#include "language_options.h"
#include "reading.h"
#include "recording_file.h"
#include "replaying.h"
#include "run.h"
#include "say.h"
#include "scope_options.h"
#include "writing.h"

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

static bool redacts_shapes(const struct options *options)
{
    for (size_t i = 0; i < options->redact.count; i++)
        if (strcmp(options->redact.at[i], "secrets") == 0)
            return true;
    return false;
}

/* Shapes of secrets, to warn of those that are not redacted. */
static enum status know_secrets(struct run *run)
{
    static const char *const shapes = "secrets";
    char why[SECRET_WHY_SIZE];
    const char *wrong;

    if (run->options->quiet || redacts_shapes(run->options) || replays(run->options))
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
        .inspect = run->known && !options->redact.count ? run_warn_of_secrets : NULL,
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
    return run->options->read ? reading_make(run) : capturing_make(run);
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

/* So long after the first run the last one begins: what changes by the second has done so then. */
#define SPAN (SECOND + SECOND / 10)

static enum status make_runs(struct run *run)
{
    const size_t count = run->options->repeat;
    enum status status = STATUS_DONE;
    uint64_t first_ended = 0;
    sigset_t held, before;

    /* A signal that comes between two runs is heard in the next. */
    sigemptyset(&held);
    if (count > 1)
        signals_add(&held);
    sigprocmask(SIG_BLOCK, &held, &before);
    for (size_t i = 0; i < count && !status; i++) {
        if (i > 0 && i + 1 == count)
            status = capturing_pause(run->options, first_ended + SPAN);
        if (!status)
            status = begin_run(run);
        if (!status)
            status = make_run(run);
        if (i == 0)
            first_ended = clock_monotonic();
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    return status;
}

/* What is to be observed, and what becomes of it, as far as that can be known before it is. */
static enum status choose(struct run *run)
{
    const struct options *options = run->options;
    enum status status = backend_option_check(options->backend);

    if (!status)
        status = make_scope(run);
    if (!status)
        status = frame_option_parse(&run->framing, options);
    if (!status && wants_fixture(options))
        status = library_from_options(&run->library, options);
    if (!status)
        status = writing_choose(run);
    if (!status && wants_fixture(options) && !run->writer)
        status = language_from_options(&run->language, options, run->library);
    return status;
}

/* Opens all that messages will go to. */
static enum status open_ways(struct run *run)
{
    enum status status = know_secrets(run);
    int err;

    if (!status)
        status = open_golden(run);
    if (status)
        return status;
    err = open_intake(run);
    if (err)
        return say_error(err, "recording");
    if (run->table && run->framing.framer)
        table_frame(run->table, &run->framing);
    return run->options->check ? STATUS_DONE : fixture_file_open(run);
}

static enum status make(struct run *run)
{
    const struct options *options = run->options;
    enum status status;

    if (attaches(options)) {
        watch_words_make(&run->watched, options, &run->scope);
        run->command = run->watched.at;
    }
    signals_hold();
    /* A command that is launched has the terminal to itself. */
    progress_line_begin(&run->line, stderr,
                        !options->command && !options->verbose && !options->quiet);
    status = open_ways(run);
    if (!status)
        status = run->golden ? make_runs(run) : make_run(run);
    if (!status && run->golden)
        status = replays(options) ? replaying_make(run) : golden_results(run);
    return status;
}

/* What was not ended by now is undone. */
static void run_close(struct run *run)
{
    if (run->recording)
        recording_end(run->recording, NULL);
    output_discard(&run->recording_file);
    output_discard(&run->fixture_file);
    intake_free(run->intake);
    if (run->writing)
        run->writer->free(run->writing);
    folder_discard(&run->folder);
    table_free(run->table);
    words_free(run->read_command);
    golden_free(run->golden);
    secrets_free(run->known);
    scope_free(&run->scope);
    language_free(run->language);
    library_free(run->library);
}

static enum status make_fixture(const struct options *options, const struct rights *rights)
{
    struct run run = {.options = options, .rights = rights, .command = options->command};
    enum status status = choose(&run);

    if (!status) /* a trial is about whether it could be made */
        status = is_trial(options) ? open_golden(&run) : make(&run);
    run_close(&run);
    return status;
}

static int run_command_line(int argc, char **argv, const struct manifest_part *part);

/* What was asked for has been printed: all of it? */
static int printed(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    return say_error(errno ? -errno : -EIO, "standard output");
}

/* --help, --usage and --version are argp's, which ends the program when it has printed them. */
static void on_exit_of_argp(int status, void *is_parsing)
{
    if (*(const bool *)is_parsing && printed(status) != status)
        _exit(STATUS_USAGE);
}

/* As options_parse(). */
static const char *parse(struct options *options, int argc, char **argv)
{
    static bool is_parsing; /* exit handlers outlive all that is ours */
    const char *wrong;

    if (on_exit(on_exit_of_argp, &is_parsing))
        return "out of memory";
    is_parsing = true;
    wrong = options_parse(options, argc, argv);
    is_parsing = false;
    return wrong;
}

/* With the rights of who called, and no more, for all files that are opened from here on. */
static int run_as_caller(const struct options *options)
{
    struct rights rights;
    int err = rights_begin(&rights), status;

    if (err)
        status = say_error(err, "taking the rights of who called sudo");
    else if (options->list_langs || options->print_template)
        status = printed(show_templates(options));
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
    const char *wrong = parse(&options, argc, argv);

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
        return printed(STATUS_DONE);
    }
    return options.list_backends ? printed(backend_option_list()) : run_as_caller(&options);
}

/*
 * Where whoever calls has closed a standard file, the next one opened would take its place, and
 * what is said be written into that. So there is something that can be neither read nor written,
 * and that a command finds closed. Returns 0 or -errno.
 */
static int fill_standard_files(void)
{
    int fd;

    do
        fd = open("/", O_PATH | O_CLOEXEC);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd < 0)
        return -errno;
    close(fd);
    return 0;
}

int main(int argc, char **argv)
{
    int err = fill_standard_files();

    if (err)
        return say_error(err, "standard files");
    return run_command_line(argc, argv, NULL);
}
