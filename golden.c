/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "golden.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "capture/recording.h"
#include "capture/regenerate.h"
#include "capture/terminal.h"
#include "emit/command.h"
#include "emit/names.h"
#include "emit/report.h"

/* Is there a recording that regenerating it may have to leave as it is? */
static bool is_recording(const char *path)
{
    struct recording_reader *reader;
    struct recording_error error;
    struct stat status;
    bool is = false;
    FILE *file;

    if (!path || is_stdout(path) || stat(path, &status) || !S_ISREG(status.st_mode))
        return false;
    file = fopen(path, "re");
    if (file && recording_open(&reader, file, &error) == 0) {
        recording_close(reader);
        is = true;
    }
    if (file)
        fclose(file);
    return is;
}

bool golden_is_wanted(const struct options *options)
{
    return options->repeat > 1 || options->check || options->redact.count ||
           options->volatiles.count || options->stables.count || is_recording(options->write);
}

/* Runs */

static void words_free(char **words)
{
    for (char **word = words; word && *word; word++)
        free(*word);
    free(words);
}

static void run_free(struct golden_run *run)
{
    messages_free(&run->messages);
    table_free(run->table);
    words_free(run->command);
    free(run->backend);
}

static char **copy_words(char *const *words)
{
    size_t count = 0;
    char **copy;

    while (words[count])
        count++;
    copy = calloc(count + 1, sizeof(*copy));
    for (size_t i = 0; copy && i < count; i++) {
        copy[i] = strdup(words[i]);
        if (!copy[i]) {
            words_free(copy);
            copy = NULL;
        }
    }
    return copy;
}

static int run_new(struct golden_run *run, char *const *command, const char *backend)
{
    run->command = copy_words(command);
    run->backend = strdup(backend);
    return run->command && run->backend ? 0 : -ENOMEM;
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
    for (char **word = run->command; golden->secrets && *word; word++)
        secrets_redact_text(golden->secrets, *word);
    return 0;
}

struct golden_run *golden_current(struct golden *golden)
{
    return &golden->runs[golden->count - 1];
}

/* Is anything known to be missing? */
static bool has_losses(const struct golden_run *run)
{
    const struct losses *losses = &run->losses;

    return run->incomplete || losses->messages || losses->cut || losses->unfollowed ||
           losses->foreign || losses->bypassed;
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
    recording_losses(reader, &old->losses, &complete);
    old->incomplete = !complete || has_losses(old);
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
                 err == -ENOENT ? " (without --check, -w writes it)" : "");
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
    err = parse_ranges(golden, options, text);
    if (!err)
        err = parse_secrets(golden, options, text);
    if (!err && options->write && (options->check || is_recording(options->write)))
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

/* Names of exchanges, which ranges can be told with. */

struct naming {
    struct names *names;
    char *command;
    char name[NAMES_SIZE];
};

static int naming_new(struct naming *naming, const struct golden_run *run)
{
    char name[COMMAND_NAME_SIZE];

    command_name(run->command, NULL, name);
    naming->command = strdup(name);
    if (!naming->command)
        return -ENOMEM;
    return names_new(&naming->names, run->table, naming->command);
}

static void naming_free(struct naming *naming)
{
    names_free(naming->names);
    free(naming->command);
}

static void name_of(void *context, size_t conversation, size_t exchange, const char **name)
{
    struct naming *naming = context;

    names_get(naming->names, conversation, exchange, naming->name);
    *name = naming->name;
}

/* Redaction */

/* What the table says is redacted is so in the messages as well. */
static void fill_in(struct messages *messages)
{
    for (size_t i = 0; i < messages->count; i++) {
        struct kept_message *kept = messages->items[i];

        for (size_t j = 0; j < kept->ranges.count; j++)
            if (kept->ranges.items[j].kind == RANGE_REDACTED)
                memset(kept->data + kept->ranges.items[j].offset, SECRET_FILLER,
                       kept->ranges.items[j].length);
    }
}

static int redact(struct golden *golden, struct golden_run *run)
{
    struct naming naming = {0};
    int err = 0, found = 0;

    if (!golden->secrets)
        return 0;
    err = naming_new(&naming, run);
    if (!err)
        found = secrets_redact(golden->secrets, run->table, name_of, &naming);
    naming_free(&naming);
    if (err || found < 0)
        return err ? err : found;
    golden->redacted += found;
    err = messages_learn(&run->messages, run->table);
    if (!err)
        fill_in(&run->messages);
    return err;
}

/* Ranges that the user names */

static int make_volatile(struct said *said, size_t offset, size_t length)
{
    size_t known = 0;

    for (size_t i = 0; i < length; i++)
        known += ranges_find(&said->ranges, offset + i) != NULL;
    return known == length
               ? 0
               : ranges_add(&said->ranges, (struct range){.offset = offset, .length = length});
}

static int make_stable(struct said *said, size_t offset, size_t length)
{
    return ranges_remove(&said->ranges, offset, length);
}

/* Applies one to a table. Returns how many messages it is about, or -ENOMEM. */
static int apply_range(const struct range_option *range, const struct golden_run *run,
                       struct naming *naming, bool is_stable)
{
    size_t number = 0;
    int found = 0;

    for (size_t i = 0; i < run->table->count; i++) {
        for (size_t j = 0; j < run->table->conversations[i].count; j++) {
            const char *name;
            int now = 0;

            name_of(naming, i, j, &name);
            if (range_option_is_about(range, name, ++number))
                now = range_option_apply(range, &run->table->conversations[i].exchanges[j],
                                         is_stable ? make_stable : make_volatile);
            if (now < 0)
                return now;
            found += now;
        }
    }
    return found;
}

static int apply_ranges(struct golden *golden, struct golden_run *run, char text[GOLDEN_TEXT_SIZE])
{
    struct naming naming = {0};
    int err;

    if (!golden->volatile_count && !golden->stable_count)
        return 0;
    err = naming_new(&naming, run);
    for (size_t i = 0; i < golden->volatile_count + golden->stable_count && !err; i++) {
        bool is_stable = i >= golden->volatile_count;
        int found = apply_range(&golden->ranges[i], run, &naming, is_stable);

        if (found < 0)
            err = found;
        if (found == 0 && !err) {
            snprintf(text, GOLDEN_TEXT_SIZE, "%s %s: there are no such bytes",
                     is_stable ? "--stable" : "--volatile", golden->ranges[i].text);
            err = -EINVAL;
        }
    }
    naming_free(&naming);
    return err;
}

/* Settling */

static int find_volatile(struct golden *golden)
{
    struct volatile_run *runs = calloc(golden->count + 1, sizeof(*runs));
    int err = runs ? 0 : -ENOMEM;

    for (size_t i = 0; i < golden->count && !err; i++)
        runs[i] =
            (struct volatile_run){golden->runs[i].table, messages_time(&golden->runs[i].messages)};
    if (!err && golden->count > 1)
        err = volatile_find(runs, golden->count, &golden->report);
    free(runs);
    return err;
}

static bool same_words(char *const *a, char *const *b)
{
    while (*a && *b && strcmp(*a, *b) == 0) {
        a++;
        b++;
    }
    return !*a && !*b;
}

/* How many bytes are volatile, and how many are redacted. */
static void count_bytes(const struct messages *messages, size_t counts[2])
{
    counts[0] = counts[1] = 0;
    for (size_t i = 0; i < messages->count; i++)
        for (size_t j = 0; j < messages->items[i]->ranges.count; j++)
            counts[range_is_volatile(&messages->items[i]->ranges.items[j])] +=
                messages->items[i]->ranges.items[j].length;
}

/*
 * The recording that is there learns what the user says of it. It may lack an exchange that the
 * user means, as the first run must not.
 */
static int teach_old(struct golden *golden)
{
    char text[GOLDEN_TEXT_SIZE];
    size_t before[2], after[2];
    int err;

    count_bytes(&golden->old.messages, before);
    err = redact(golden, &golden->old);
    if (!err)
        err = apply_ranges(golden, &golden->old, text);
    if (!err || err == -EINVAL)
        err = messages_learn(&golden->old.messages, golden->old.table);
    count_bytes(&golden->old.messages, after);
    golden->learned = before[0] != after[0] || before[1] != after[1];
    return err;
}

static int compare_with_old(struct golden *golden)
{
    struct golden_run *first = &golden->runs[0];
    int err = teach_old(golden);

    golden->other_command = !same_words(golden->old.command, first->command);
    if (!err)
        err = alignment_new(&golden->alignment, golden->old.table, first->table);
    if (!err)
        err = differences_find(&golden->differences, golden->old.table, first->table,
                               golden->alignment);
    if (!err)
        err = regenerate_ranges(golden->alignment);
    return err;
}

int golden_settle(struct golden *golden, char text[GOLDEN_TEXT_SIZE])
{
    struct golden_run *first = &golden->runs[0];
    int err = 0;

    snprintf(text, GOLDEN_TEXT_SIZE, "%s", strerror(ENOMEM));
    for (size_t i = 0; i < golden->count && !err; i++) {
        err = messages_table(&golden->runs[i].messages, golden->framing, &golden->runs[i].table);
        if (!err)
            err = redact(golden, &golden->runs[i]);
    }
    if (!err)
        err = find_volatile(golden);
    if (!err)
        err = apply_ranges(golden, first, text);
    if (!err && golden->old.table)
        err = compare_with_old(golden);
    return err ? err : messages_learn(&first->messages, first->table);
}

/* What is incomplete, or of something else, is no measure for what comes after it. */
static bool can_stay(const struct golden *golden)
{
    return golden->old.table && !golden->other_command && !has_losses(&golden->old);
}

bool golden_is_same(const struct golden *golden)
{
    return can_stay(golden) && !golden->differences.count && !golden->learned &&
           !has_losses(&golden->runs[0]);
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

int golden_report(const struct golden *golden, const struct options *options,
                  const struct stale_file *stale, FILE *out)
{
    struct report report = {
        .recording = options->write,
        .old = golden->old.table,
        .now = golden->runs[0].table,
        .differences = &golden->differences,
        .stale = stale->path,
        .stale_line = stale->line,
        .file = options->write ? options->write : options->output,
        .line = 1,
        .colour = terminal_colors(out),
    };
    struct names *old_names = NULL, *now_names = NULL;
    char name[COMMAND_NAME_SIZE];
    int err = 0;

    command_name(golden->runs[0].command, options->name, name);
    if (report.old)
        err = names_new(&old_names, report.old, name);
    if (!err)
        err = names_new(&now_names, report.now, name);
    report.old_names = old_names;
    report.now_names = now_names;
    if (!err)
        err = report_find(options->diff_format ? options->diff_format : "text")(&report, out);
    names_free(old_names);
    names_free(now_names);
    if (!err && fflush(out))
        err = -errno;
    return err;
}
