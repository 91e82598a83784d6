/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What a part has reported is passed on; what stands around the parts, and what could not be
 * compared, is told here.
 */
#include "capture/manifest/outcome.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/memory_file.h"
#include "capture/text.h"
#include "emit/report.h"
#include "capture/manifest/status.h"

/* What has become of one fixture. */
struct result {
    const char *name;
    const char *file; /* the manifest */
    size_t line;
    int status;
    struct part_files *files;
};

/* begin and end are NULL where nothing stands around the parts. */
struct outcome_format {
    const char *name;
    void (*begin)(void);
    int (*add)(struct outcome *outcome, const struct result *result);
    int (*end)(const struct outcome *outcome);
};

/* Could it not be made, or compared? */
static bool has_failed(int status)
{
    return status != STATUS_DONE && status != STATUS_DIFFERS && status != STATUS_INCOMPLETE;
}

/* Pieces that formats share */

static int copy(FILE *from, FILE *to)
{
    char buffer[BUFSIZ];
    size_t size;

    rewind(from);
    while ((size = fread(buffer, 1, sizeof(buffer), from)) > 0)
        if (fwrite(buffer, 1, size, to) < size)
            return -errno;
    return ferror(from) ? -EIO : 0;
}

static void print_clean(FILE *out, const char *line)
{
    char piece[256];

    while (*line) {
        line += text_clean(piece, sizeof(piece), line);
        fputs(piece, out);
    }
    putc('\n', out);
}

/* What was said, without the name of the program; to be freed, NULL when there is no memory. */
static char *words_text(FILE *words)
{
    char *text = NULL, *line = NULL;
    size_t size, room = 0;
    FILE *out = memory_file_open(&text, &size);

    rewind(words);
    while (out && getline(&line, &room, words) > 0) {
        line[strcspn(line, "\n")] = '\0';
        print_clean(out, tell_without_name(line));
    }
    free(line);
    if (!out || fclose(out))
        return NULL;
    text[size - (size > 0)] = '\0'; /* the last line's end */
    return text;
}

/* Passes on what differs, and prints why a fixture could not be made. */
static int add_or_explain(const struct result *result,
                          void (*explain)(const struct result *result, const char *why))
{
    int err = copy(result->files->report, stdout);
    char *why = has_failed(result->status) ? words_text(result->files->words) : NULL;

    if (why)
        explain(result, why);
    else if (has_failed(result->status))
        err = -ENOMEM;
    free(why);
    return err;
}

/* text: what differs, for people */

static int add_text(struct outcome *outcome, const struct result *result)
{
    (void)outcome;
    return copy(result->files->report, stdout);
}

/* junit */

static void begin_junit(void)
{
    report_junit_begin(stdout);
}

static void explain_junit(const struct result *result, const char *why)
{
    report_junit_error(result->name, why, stdout);
}

static int add_junit(struct outcome *outcome, const struct result *result)
{
    (void)outcome;
    return add_or_explain(result, explain_junit);
}

static int end_junit(const struct outcome *outcome)
{
    (void)outcome;
    report_junit_end(stdout);
    return 0;
}

/* github */

static void explain_github(const struct result *result, const char *why)
{
    report_github_error(result->file, result->line, result->name, why, stdout);
}

static int add_github(struct outcome *outcome, const struct result *result)
{
    (void)outcome;
    return add_or_explain(result, explain_github);
}

/* json: the objects of a fixture's parts become one */

static const char *status_name(int status)
{
    return status == STATUS_DONE         ? "same"
           : status == STATUS_DIFFERS    ? "differs"
           : status == STATUS_INCOMPLETE ? "incomplete"
                                         : "failed";
}

static int merge_part(json_t *object, json_t *part)
{
    json_t *stale = json_object_get(part, "stale_fixture");
    json_t *differences = json_object_get(object, "differences");

    if (json_is_string(json_object_get(part, "recording")) &&
        json_object_set(object, "recording", json_object_get(part, "recording")))
        return -ENOMEM;
    if (json_is_string(json_object_get(part, "outdated")) &&
        json_object_set(object, "outdated", json_object_get(part, "outdated")))
        return -ENOMEM;
    if (json_is_string(stale) &&
        json_array_append(json_object_get(object, "stale_fixtures"), stale))
        return -ENOMEM;
    return json_array_extend(differences, json_object_get(part, "differences")) ? -ENOMEM : 0;
}

static int merge_parts(json_t *object, FILE *report)
{
    json_t *part;
    int err = 0;

    rewind(report);
    while (!err && (part = json_loadf(report, JSON_DISABLE_EOF_CHECK, NULL))) {
        err = merge_part(object, part);
        json_decref(part);
    }
    return err;
}

static int add_json(struct outcome *outcome, const struct result *result)
{
    char *words = words_text(result->files->words);
    json_t *object =
        json_pack("{s:s, s:I, s:s, s:n, s:[], s:n, s:[]}", "name", result->name, "line",
                  (json_int_t)result->line, "status", status_name(result->status), "recording",
                  "differences", "outdated", "stale_fixtures");
    int err = words && object ? merge_parts(object, result->files->report) : -ENOMEM;

    if (!err && *words && json_object_set_new(object, "words", json_string(words)))
        err = -ENOMEM;
    if (!err && json_array_append(outcome->list, object))
        err = -ENOMEM;
    free(words);
    json_decref(object);
    return err;
}

static int end_json(const struct outcome *outcome)
{
    json_t *all = json_pack("{s:s, s:O}", "manifest", outcome->task->manifest->path, "fixtures",
                            outcome->list);
    int err = all ? 0 : -ENOMEM;

    if (!err && json_dumpf(all, stdout, JSON_INDENT(4)) && !ferror(stdout))
        err = -ENOMEM;
    putchar('\n');
    json_decref(all);
    return err;
}

static const struct outcome_format formats[] = {
    {"text", NULL, add_text, NULL},
    {"json", NULL, add_json, end_json},
    {"junit", begin_junit, add_junit, end_junit},
    {"github", NULL, add_github, NULL},
};

/* All of them */

/* What is told so far is to be there; err is what is known to be wrong. Says what is, but once. */
static int settle(struct outcome *outcome, int err)
{
    if (outcome->err)
        return outcome->err;
    if (!err && (fflush(stdout) || ferror(stdout)))
        err = errno ? -errno : -EIO;
    if (err)
        tell_say(outcome->tell, "standard output: %s", strerror(-err));
    outcome->err = err;
    return err;
}

int outcome_begin(struct outcome *outcome, const struct part_task *task, struct tell *tell)
{
    *outcome =
        (struct outcome){.task = task, .tell = tell, .format = formats, .list = json_array()};
    for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
        if (task->options->diff_format && !strcmp(task->options->diff_format, formats[i].name))
            outcome->format = &formats[i];
    errno = 0;
    if (outcome->format->begin)
        outcome->format->begin();
    return settle(outcome, 0);
}

/* Tells of one in the format that was asked for. */
static int add(struct outcome *outcome, const struct result *result)
{
    errno = 0;
    return settle(outcome, outcome->format->add(outcome, result));
}

static void count(struct outcome *outcome, int status, bool wrote)
{
    outcome->done++;
    if (has_failed(status))
        outcome->failed++;
    else if (status == STATUS_INCOMPLETE)
        outcome->incomplete++;
    else if (wrote || status == STATUS_DIFFERS)
        outcome->changed++;
    outcome->status = status_worse(outcome->status, status);
}

static struct result result_of(const struct manifest *manifest, size_t index, int status,
                               struct part_files *files)
{
    return (struct result){.name = manifest_name(manifest, index),
                           .file = manifest->path,
                           .line = manifest_line(manifest, index),
                           .status = status & ~PART_WROTE,
                           .files = files};
}

int outcome_add(struct outcome *outcome, size_t index, int status, struct part_files *files)
{
    const struct result result = result_of(outcome->task->manifest, index, status, files);

    count(outcome, result.status, status & PART_WROTE);
    tell_words(outcome->tell, result.name, files->words);
    if (has_failed(result.status) || outcome->task->options->verbose)
        tell_output(outcome->tell, files->output);
    tell_erase(outcome->tell);
    return add(outcome, &result);
}

/* `5 fixtures: 1 differs, 1 could not be made, 3 are as recorded`. */
static void sum_up(const struct outcome *outcome, size_t all)
{
    const bool is_check = outcome->task->options->task == MANIFEST_CHECK;
    const size_t changed = outcome->changed;
    const size_t same = outcome->done - changed - outcome->incomplete - outcome->failed;
    char text[256];
    int used = snprintf(text, sizeof(text), "%zu fixture%s", all, text_counted(all, "", "s"));
    const struct {
        size_t count;
        const char *one, *many;
    } parts[] = {
        {changed, is_check ? "differs" : "was written", is_check ? "differ" : "were written"},
        {outcome->incomplete, "is incomplete", "are incomplete"},
        {outcome->failed, "failed", "failed"},
        {all - outcome->done, "was not made", "were not made"},
        {same, is_check ? "is as recorded" : "is as it was",
         is_check ? "are as recorded" : "are as they were"},
    };
    const char *comma = ":";

    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
        if (!parts[i].count)
            continue;
        used += snprintf(text + used, sizeof(text) - (size_t)used, "%s %zu %s", comma,
                         parts[i].count, parts[i].count == 1 ? parts[i].one : parts[i].many);
        comma = ",";
    }
    tell_say(outcome->tell, "%s", text);
}

int outcome_end(struct outcome *outcome, size_t all)
{
    int err;

    errno = 0;
    err = outcome->format->end && !outcome->err ? outcome->format->end(outcome) : 0;
    err = settle(outcome, err);
    if (!outcome->task->options->quiet)
        sum_up(outcome, all);
    json_decref(outcome->list);
    return err ? STATUS_USAGE : outcome->status;
}

int outcome_none(const struct part_task *task, const bool *chosen, const char *why,
                 struct tell *tell)
{
    struct part_files files;
    struct outcome outcome;
    size_t all = 0;
    int err = part_files_open(&files), status;

    if (outcome_begin(&outcome, task, tell))
        err = outcome.err;
    if (!err && fprintf(files.words, "%s\n", why) < 0)
        err = -errno;
    for (size_t i = 0; i < manifest_count(task->manifest) && !err; i++) {
        const struct result result = result_of(task->manifest, i, STATUS_COMMAND, &files);

        if (!chosen[i])
            continue;
        all++;
        count(&outcome, result.status, false);
        err = add(&outcome, &result);
    }
    part_files_close(&files);
    status = outcome_end(&outcome, all);
    if (!err)
        return status;
    if (!outcome.err)
        tell_say(tell, "%s", strerror(-err));
    return STATUS_USAGE;
}
