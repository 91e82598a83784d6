/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Everything happens in the manifest's folder, as all paths in it are relative to that; messages
 * name the manifest as the user did.
 */
#include "capture/manifest/run.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/memory_file.h"
#include "capture/path.h"
#include "capture/terminal.h"
#include "capture/text.h"
#include "emit/command.h"
#include "emit/nearest.h"
#include "capture/manifest/init.h"
#include "capture/manifest/manifest.h"
#include "capture/manifest/drain.h"
#include "capture/manifest/outcome.h"
#include "capture/manifest/runner.h"
#include "capture/manifest/stage.h"
#include "capture/manifest/status.h"
#include "capture/manifest/tell.h"
#include "capture/manifest/trial.h"

static const char *path_of(const struct options *options)
{
    return options->manifest ? options->manifest : "sockfixture.json";
}

static int say_wrong(struct tell *tell, const char *path, const struct manifest_error *error)
{
    if (error->line)
        tell_say(tell, "%s:%zu:%zu: %s", path, error->line, error->column, error->text);
    else
        tell_say(tell, "%s: %s", path, error->text);
    return STATUS_USAGE;
}

/* All paths are relative to the manifest's. */
static int go_to_folder(const char *path, struct tell *tell)
{
    char *folder = path_folder(path);
    int err = folder && chdir(folder) == 0 ? 0 : -errno;

    free(folder);
    if (err)
        tell_say(tell, "%s: %s", path, strerror(-err));
    return err ? STATUS_USAGE : STATUS_DONE;
}

/* --init */

/* A manifest that is there is somebody's work. A variable in it can be a secret. */
static int write_text(const char *path, const char *text)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int err = 0;

    if (fd < 0)
        return -errno;
    if (dprintf(fd, "%s", text) < 0)
        err = -errno;
    if (close(fd) && !err)
        err = -errno;
    if (err)
        unlink(path);
    return err;
}

/* The whole text, to be freed; NULL after a message. */
static char *make_text(const struct options *options, struct tell *tell)
{
    const bool emits = options->lang || options->template || options->output || !options->write;
    char wrong[INIT_TEXT_SIZE] = "", *text = NULL;
    size_t size;
    FILE *out = memory_file_open(&text, &size);
    int err = out ? init_print(options, emits, out, wrong) : -ENOMEM;

    if (out && fclose(out) && !err)
        err = -ENOMEM;
    if (!err)
        return text;
    tell_say(tell, "%s", *wrong ? wrong : "out of memory");
    free(text);
    return NULL;
}

/* Whether --update could use it. All that is wrong with it is what the options say. */
static int try_text(const struct options *options, sockfixture_main *main, const char *text,
                    struct tell *tell)
{
    struct manifest *manifest = NULL;
    struct manifest_error error;
    const bool chosen = true;
    int err = manifest_parse(&manifest, path_of(options), ".", text, strlen(text), &error);
    const struct part_task task = {.manifest = manifest, .options = options, .main = main};

    if (!err)
        err = trial_run(&task, &chosen, &error);
    if (err)
        tell_say(tell, "--init: %s", error.text);
    manifest_free(manifest);
    return err ? STATUS_USAGE : STATUS_DONE;
}

static int init(const struct options *options, sockfixture_main *main, struct tell *tell)
{
    const char *path = path_of(options);
    char *text = make_text(options, tell);
    int err;

    if (!text || go_to_folder(path, tell) || try_text(options, main, text, tell)) {
        free(text);
        return STATUS_USAGE;
    }
    err = write_text(path_last(path), text);
    if (err == -EEXIST)
        tell_say(tell, "%s: is there already (add to it, or name another with --manifest)", path);
    else if (err)
        tell_say(tell, "%s: %s", path, strerror(-err));
    else if (!options->quiet)
        tell_say(tell, "%s: written; --update makes the fixture", path);
    free(text);
    return err ? STATUS_USAGE : STATUS_DONE;
}

/* Which fixtures */

static int say_unknown(const struct manifest *manifest, const char *name, struct tell *tell)
{
    const size_t count = manifest_count(manifest);
    const char **names = calloc(count + 1, sizeof(*names));
    char hint[NEAREST_HINT_SIZE] = "";

    for (size_t i = 0; names && i < count; i++)
        names[i] = manifest_name(manifest, i);
    if (names)
        nearest_hint(hint, name, names, count);
    tell_say(tell, "%s: there is no fixture '%s'%s", manifest->path, name, hint);
    free(names);
    return STATUS_USAGE;
}

/* Marks those with that name, which may be a glob. Returns whether there are any. */
static bool choose_named(const struct manifest *manifest, const char *name, bool *chosen)
{
    bool any = false;

    for (size_t i = 0; i < manifest_count(manifest); i++) {
        const bool is = fnmatch(name, manifest_name(manifest, i), 0) == 0;

        chosen[i] = chosen[i] || is;
        any = any || is;
    }
    return any;
}

/* Those named, or all. */
static int choose(const struct manifest *manifest, const struct options *options, bool *chosen,
                  struct tell *tell)
{
    for (size_t i = 0; i < manifest_count(manifest); i++)
        chosen[i] = options->names.count == 0;
    for (size_t i = 0; i < options->names.count; i++)
        if (!choose_named(manifest, options->names.at[i], chosen))
            return say_unknown(manifest, options->names.at[i], tell);
    return STATUS_DONE;
}

/* --list */

static void print_escaped(const char *text)
{
    char line[1024];

    text_escape(line, sizeof(line), text, strlen(text));
    fputs(line, stdout);
}

/* Returns 0 or -ENOMEM. */
static int print_command(const json_t *fixture)
{
    const json_t *command = json_object_get(fixture, "command");
    struct words words = {0};
    char *text = NULL;

    if (json_is_string(command)) {
        print_escaped(json_string_value(command));
        return 0;
    }
    if (words_add_command(&words, command) == 0)
        text = command_text(words.at);
    if (text)
        print_escaped(text);
    words_clear(&words);
    free(text);
    return text ? 0 : -ENOMEM;
}

static int print_fixture(const json_t *fixture, int width)
{
    char path[MANIFEST_TEXT_SIZE];
    const json_t *entry;
    size_t i;

    printf("%-*s  ", width, json_string_value(json_object_get(fixture, "name")));
    if (print_command(fixture))
        return -ENOMEM;
    fputs("  -> ", stdout);
    print_escaped(manifest_recording(fixture, path));
    json_array_foreach(json_object_get(fixture, "emit"), i, entry) {
        fputs(", ", stdout);
        print_escaped(json_string_value(json_object_get(entry, "output")));
    }
    putchar('\n');
    return 0;
}

static int list(const struct manifest *manifest, const bool *chosen, struct tell *tell)
{
    int width = 0, err = 0;

    for (size_t i = 0; i < manifest_count(manifest); i++)
        if (chosen[i] && (int)strlen(manifest_name(manifest, i)) > width)
            width = (int)strlen(manifest_name(manifest, i));
    for (size_t i = 0; i < manifest_count(manifest) && !err; i++)
        if (chosen[i])
            err = print_fixture(manifest_fixture(manifest, i), width);
    if (!err && fflush(stdout))
        err = -errno;
    if (!err)
        return STATUS_DONE;
    tell_say(tell, "standard output: %s", strerror(-err));
    return STATUS_USAGE;
}

/* --update and --check */

/* The backend that the command line asks for. */
static const char *asked_backend(const struct options *options)
{
    for (size_t i = 0; i < options->given_count; i++)
        if (strcmp(options->given[i].name, "backend") == 0)
            return options->backend;
    return NULL;
}

/* What runs for all of the fixtures. */
static int begin_stage(const struct manifest *manifest, struct stage *stage, FILE *output)
{
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int err = !output || null < 0 || dup2(null, STDIN_FILENO) < 0 ? -errno : 0;

    if (null >= 0)
        close(null);
    stage->file = output ? fileno(output) : -1;
    if (!err)
        err = words_environment(&stage->environment, manifest, NULL);
    return err ? err : stage_begin(stage);
}

static int tear_down(const struct manifest *manifest, struct stage *stage, struct tell *tell,
                     int status)
{
    if (stage_teardown(stage, json_object_get(manifest->root, "teardown"))) {
        tell_say(tell, "teardown: %s", stage->text);
        status = status_worse(status, STATUS_COMMAND);
    }
    return status;
}

/* As whoever started us expects: we have ended by the signal that was to end us. */
static void end_by_signal(int signal_number)
{
    sigset_t set;

    fflush(NULL);
    sigemptyset(&set);
    sigaddset(&set, signal_number);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static int say_no_setup(const struct part_task *task, const bool *chosen, const char *wrong,
                        struct tell *tell)
{
    char why[STAGE_TEXT_SIZE + 16];

    snprintf(why, sizeof(why), "setup: %s", wrong);
    tell_say(tell, "%s", why);
    return outcome_none(task, chosen, why, tell);
}

static int make(const struct part_task *task, const bool *chosen, struct tell *tell)
{
    struct stage stage = {.signals = -1, .output = -1, .tries = -1};
    FILE *output = drain_file();
    int status = STATUS_COMMAND, interrupted;
    int err = begin_stage(task->manifest, &stage, output);

    if (err)
        tell_say(tell, "%s", strerror(-err));
    else if (stage_setup(&stage, json_object_get(task->manifest->root, "setup")))
        status = say_no_setup(task, chosen, stage.text, tell);
    else
        status = runner_run(task, chosen, &stage, tell);
    if (!err)
        status = tear_down(task->manifest, &stage, tell, status);
    interrupted = stage.interrupted;
    stage_end(&stage);
    if (!err && status != STATUS_DONE && status != STATUS_DIFFERS)
        tell_output(tell, output);
    if (output)
        fclose(output);
    if (interrupted)
        end_by_signal(interrupted);
    return status;
}

static int try_and_make(const struct part_task *task, const bool *chosen, struct tell *tell)
{
    struct manifest_error error;
    int status = trial_run(task, chosen, &error);

    if (!status)
        return make(task, chosen, tell);
    say_wrong(tell, task->manifest->path, &error);
    return status;
}

static int run_chosen(const struct options *options, sockfixture_main *main,
                      const struct manifest *manifest, struct tell *tell)
{
    const struct part_task task = {manifest, options, asked_backend(options), main,
                                   terminal_colors(stdout)};
    bool *chosen = calloc(manifest_count(manifest) + 1, sizeof(*chosen));
    int status = STATUS_USAGE;

    if (!chosen)
        tell_say(tell, "out of memory");
    else
        status = choose(manifest, options, chosen, tell);
    if (chosen && !status)
        status = options->task == MANIFEST_LIST ? list(manifest, chosen, tell)
                                                : try_and_make(&task, chosen, tell);
    free(chosen);
    return status;
}

int manifest_run(const struct options *options, sockfixture_main *main)
{
    struct manifest *manifest = NULL;
    struct manifest_error error;
    struct tell tell;
    int status, err;

    tell_begin(&tell, options->quiet);
    if (options->task == MANIFEST_INIT)
        return init(options, main, &tell);
    err = manifest_read(&manifest, path_of(options), &error);
    if (err == -ENOENT && !error.line) {
        tell_say(&tell, "%s: no such manifest (--init writes one, --manifest names another%s)",
                 path_of(options),
                 options->check ? ", and a command is checked against -w RECORDING" : "");
        return STATUS_USAGE;
    }
    if (err)
        return say_wrong(&tell, path_of(options), &error);
    status = go_to_folder(path_of(options), &tell);
    if (!status)
        status = run_chosen(options, main, manifest, &tell);
    manifest_free(manifest);
    return status;
}
