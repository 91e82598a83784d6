/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "golden.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "capture/losses.h"
#include "capture/recording.h"
#include "capture/regenerate.h"
#include "capture/rights.h"
#include "capture/terminal.h"
#include "capture/words.h"
#include "emit/command.h"
#include "emit/names.h"
#include "emit/report.h"

/*
 * Is there a recording that regenerating it may have to leave as it is? One that cannot be read is
 * taken for one, so that it is not replaced.
 */
static bool is_recording(const char *path)
{
    struct recording_reader *reader = NULL;
    struct recording_error error;
    struct stat about;
    FILE *file;
    int err;

    if (!path || is_stdout(path) || stat(path, &about) || !S_ISREG(about.st_mode))
        return false;
    file = fopen(path, "re");
    if (!file)
        return true;
    err = recording_open(&reader, file, &error);
    recording_close(reader);
    fclose(file);
    return err != -EINVAL;
}

bool golden_is_wanted(const struct options *options)
{
    return options->repeat > 1 || options->check || replays(options) || options->redact.count ||
           options->volatiles.count || options->stables.count || is_recording(options->write);
}

/* Runs */

static void run_free(struct golden_run *run)
{
    messages_free(&run->messages);
    table_free(run->table);
    words_free(run->words);
    words_free(run->command);
    free(run->backend);
}

static int run_new(struct golden_run *run, char *const *command, const char *backend)
{
    int err = words_copy(&run->words, command);

    if (!err)
        err = words_copy(&run->command, command);
    run->backend = err ? NULL : strdup(backend);
    return run->backend ? 0 : -ENOMEM;
}

int golden_begin(struct golden *golden, char *const *command, const char *backend)
{
    struct golden_run *runs = reallocarray(golden->runs, golden->count + 1, sizeof(*runs));
    struct golden_run *run;

    if (!runs)
        return -ENOMEM;
    golden->runs = runs;
    run = &runs[golden->count++];
    *run = (struct golden_run){0};
    if (run_new(run, command, backend))
        return -ENOMEM;
    for (size_t i = 0; golden->secrets && run->words[i]; i++)
        if (secrets_redact_text(golden->secrets, run->words[i], run->command[i]))
            return -ENOMEM;
    return 0;
}

struct golden_run *golden_current(struct golden *golden)
{
    return &golden->runs[golden->count - 1];
}

/* The recording that is there */

static int take_old(void *context, const struct message *message)
{
    return messages_add(context, message);
}

static int read_old_messages(struct golden *golden, struct recording_reader *reader,
                             struct recording_error *error)
{
    struct golden_run *old = &golden->old;
    bool complete;
    int err = run_new(old, recording_command(reader), recording_backend(reader));

    if (!err)
        err = recording_read(reader, take_old, &old->messages, error);
    if (err)
        return err;
    for (size_t i = 0; i < old->messages.count; i++)
        old->placed += old->messages.items[i]->message.lost;
    recording_losses(reader, &old->losses, &complete);
    old->cut_short = !complete;
    old->incomplete = !complete || losses_any(&old->losses);
    return messages_table(&old->messages, golden->framing, &old->table);
}

static int read_old(struct golden *golden, const char *path, char text[GOLDEN_TEXT_SIZE])
{
    struct recording_reader *reader = NULL;
    struct recording_error error = {0};
    FILE *file = fopen(path, "re");
    int err = file ? 0 : -errno;

    if (!err)
        err = recording_open(&reader, file, &error);
    if (!err)
        err = read_old_messages(golden, reader, &error);
    if (error.text[0])
        snprintf(text, GOLDEN_TEXT_SIZE, "%s:%zu:%zu: %s", path, error.line, error.column,
                 error.text);
    else if (err)
        snprintf(text, GOLDEN_TEXT_SIZE, "%s: %s%s", path, strerror(-err),
                 err == -ENOENT ? " (without --check, -w writes it)" : rights_hint(err));
    recording_close(reader);
    if (file)
        fclose(file);
    return err;
}

/* What the user asks for */

static int parse_ranges(struct golden *golden, const struct options *options,
                        char text[GOLDEN_TEXT_SIZE])
{
    const size_t count = options->volatiles.count + options->stables.count;

    golden->ranges = calloc(count + 1, sizeof(*golden->ranges));
    if (!golden->ranges)
        return -ENOMEM;
    golden->volatile_count = options->volatiles.count;
    golden->stable_count = options->stables.count;
    for (size_t i = 0; i < count; i++) {
        bool is_stable = i >= golden->volatile_count;
        const char *given =
            is_stable ? options->stables.at[i - golden->volatile_count] : options->volatiles.at[i];

        if (range_option_parse(&golden->ranges[i], given) == 0)
            continue;
        snprintf(text, GOLDEN_TEXT_SIZE,
                 "%s: '%s' is no range (as RESP:16:4, or 2:REQ:8:4 of the second exchange)",
                 is_stable ? "--stable" : "--volatile", given);
        return -EINVAL;
    }
    return 0;
}

static int parse_secrets(struct golden *golden, const struct options *options,
                         char text[GOLDEN_TEXT_SIZE])
{
    char why[SECRET_WHY_SIZE];
    const char *wrong;
    int err;

    if (!options->redact.count)
        return 0;
    err = secrets_new(&golden->secrets, options->redact.at, options->redact.count, &wrong, why);
    if (err == -EINVAL)
        snprintf(text, GOLDEN_TEXT_SIZE, "--redact: '%s': %s", wrong, why);
    return err;
}

int golden_new(struct golden **out, const struct options *options, const struct framing *framing,
               char text[GOLDEN_TEXT_SIZE])
{
    struct golden *golden = calloc(1, sizeof(*golden));
    int err;

    snprintf(text, GOLDEN_TEXT_SIZE, "%s", strerror(ENOMEM));
    if (!golden)
        return -ENOMEM;
    golden->framing = framing;
    golden->name = options->name;
    golden->replays = replays(options);
    golden->keeps = options->check;
    err = parse_ranges(golden, options, text);
    if (!err)
        err = parse_secrets(golden, options, text);
    if (!err && !is_trial(options) && options->write &&
        (options->check || is_recording(options->write)))
        err = read_old(golden, options->write, text);
    if (err)
        golden_free(golden);
    else
        *out = golden;
    return err;
}

void golden_free(struct golden *golden)
{
    if (!golden)
        return;
    differences_free(&golden->differences);
    alignment_free(golden->alignment);
    free(golden->merged.items);
    for (size_t i = 0; i < golden->count; i++)
        run_free(&golden->runs[i]);
    free(golden->runs);
    run_free(&golden->old);
    secrets_free(golden->secrets);
    free(golden->ranges);
    free(golden);
}

bool golden_is_incomplete(const struct golden *golden)
{
    for (size_t i = 0; i < golden->count; i++)
        if (golden->runs[i].incomplete)
            return true;
    return false;
}

/* What is incomplete, or of something else, is no measure for what comes after it. */
static bool can_stay(const struct golden *golden)
{
    return golden->old.table && !golden->other_command && !golden->old.incomplete;
}

const char *golden_replaces(const struct golden *golden)
{
    if (!golden->old.table || can_stay(golden))
        return NULL;
    return golden->other_command ? "was a recording of another command" : "was incomplete";
}

const char *golden_outdated(const struct golden *golden)
{
    if (!golden->old.table)
        return NULL;
    if (golden->other_command)
        return "is a recording of another command";
    if (golden->old.incomplete && !golden_is_incomplete(golden))
        return "is incomplete, and what was said now is not";
    return golden->learned ? "other bytes would be marked as volatile, or redacted" : NULL;
}

bool golden_is_same(const struct golden *golden)
{
    return can_stay(golden) && !golden->differences.count && !golden->learned &&
           !golden->runs[0].incomplete;
}

int golden_merge(struct golden *golden, const struct messages **messages, struct table **table)
{
    struct version old = {&golden->old.messages, golden->old.table};
    struct version now = {&golden->runs[0].messages, golden->runs[0].table};
    int err = 0;

    *messages = now.messages;
    if (can_stay(golden)) {
        err = regenerate(&golden->merged, &old, &now, golden->alignment, &golden->differences);
        *messages = &golden->merged;
    }
    return err ? err : messages_table(*messages, golden->framing, table);
}

/* What differs is told at its place in the manifest. */
static void make_part(struct report *report, const struct options *options)
{
    report->part = options->part->name;
    report->output = options->output;
    report->file = options->part->file;
    report->line = options->part->line;
    report->colour = options->part->colour;
}

int golden_tell(const struct golden_told *told, const struct options *options,
                const struct stale_file *stale, FILE *out)
{
    const char *recording = replays(options) ? options->read : options->write;
    struct report report = {
        .recording = recording,
        .old = told->old,
        .now = told->now,
        .differences = told->differences,
        .stale = stale->path,
        .stale_line = stale->line,
        .outdated = told->outdated,
        .file = recording ? recording : options->output,
        .line = 1,
        .colour = terminal_colors(out),
    };
    struct names *old_names = NULL, *now_names = NULL;
    char name[COMMAND_NAME_SIZE];
    int err = 0;

    if (options->part)
        make_part(&report, options);
    command_name(told->command, options->name, name);
    if (report.old)
        err = names_new(&old_names, report.old, name);
    if (!err)
        err = names_new(&now_names, report.now, name);
    report.old_names = old_names;
    report.now_names = now_names;
    errno = 0;
    if (!err)
        err = report_find(options->diff_format ? options->diff_format : "text")(&report, out);
    if (!err && (fflush(out) || ferror(out)))
        err = errno ? -errno : -EIO;
    names_free(old_names);
    names_free(now_names);
    return err;
}

/* Why the status is not 0, where nothing differs. What is replayed is never written anew. */
static const char *wrong_besides(const struct golden *golden, const struct options *options)
{
    const char *outdated = replays(options) ? NULL : golden_outdated(golden);

    if (outdated || !golden->old.table || !golden_is_incomplete(golden))
        return outdated;
    return "what was said now was not recorded in full, and may differ where it was not";
}

int golden_report(const struct golden *golden, const struct options *options,
                  const struct stale_file *stale, FILE *out)
{
    const struct golden_told told = {
        .old = golden->old.table,
        .now = golden->runs[0].table,
        .differences = &golden->differences,
        .command = golden->runs[0].command,
        .outdated = wrong_besides(golden, options),
    };

    return golden_tell(&told, options, stale, out);
}

void golden_make_old(struct golden *golden)
{
    golden->old = golden->runs[--golden->count];
    /* It knows by now what the user has said of it, and knows best where. */
    golden->volatile_count = golden->stable_count = 0;
}
