/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "golden_results.h"

#include <errno.h>
#include <stdlib.h>

#include "capture/secret.h"
#include "capture/show.h"
#include "capture/terminal.h"
#include "capture/text.h"
#include "fixture_file.h"
#include "recording_file.h"
#include "say.h"
#include "shortfall.h"
#include "writing.h"

/* Who asks for filler may think that it is there. */
static void say_missed(const struct run *run)
{
    const char *missed;
    bool is_pattern;
    size_t index = 0;

    while (run->golden->secrets &&
           (missed = secrets_missed(run->golden->secrets, &index, &is_pattern)))
        say("--redact '%s': that was not found, and nothing was redacted for it", missed);
}

/* What was found in comparing the runs. */
static void say_found(const struct run *run)
{
    const struct golden *golden = run->golden;
    const struct volatile_report *report = &golden->report;

    if (golden->count > 1 && says_details(run->options))
        say("%zu runs: %zu volatile range%s", golden->count, report->ranges,
            text_counted(report->ranges, "", "s"));
    if (report->sometimes)
        say("%zu exchange%s of the first run %s not in every run", report->sometimes,
            text_counted(report->sometimes, "", "s"), text_counted(report->sometimes, "is", "are"));
    if (report->elsewhere)
        say("%zu exchange%s of later runs %s not in the first", report->elsewhere,
            text_counted(report->elsewhere, "", "s"), text_counted(report->elsewhere, "is", "are"));
    if (report->uneven)
        say("%zu exchange%s another number of messages in some runs, which --check takes for a "
            "difference",
            report->uneven, text_counted(report->uneven, " has", "s have"));
    if (report->coarse || golden->differences.coarse)
        say("not everything was compared byte by byte: it is too long and too different");
    if (golden->redacted)
        say("%d secret%s redacted", golden->redacted,
            text_counted(golden->redacted, " was", "s were"));
    say_missed(run);
    if (!run->options->check && golden_replaces(golden))
        say("%s: %s, and is replaced", run->options->write, golden_replaces(golden));
}

/* Fixtures are made of what the recording holds, be that an old one or this. */
static void make_of(struct run *run, const struct golden_run *source, struct table *table)
{
    run->table = table;
    run->command = source->command;
    run->losses = source->losses;
    run->placed = source->placed;
    run->incomplete = source->incomplete;
    run->cut_short = source->cut_short;
    if (!run->writer && shortfall_say_unframed(table)) /* a writer says it when it ends */
        run->incomplete = true;
}

/* Writes nothing, but tells what would become another. */
static enum status check_golden(struct run *run)
{
    const struct golden *golden = run->golden;
    const struct golden_run *source = golden->old.table ? &golden->old : &golden->runs[0];
    struct stale_file stale = {0};
    enum status status = STATUS_DONE;
    int err;

    if (run->language || run->writer) {
        make_of(run, source, source->table);
        status = run->language
                     ? fixture_file_find_stale(run, &stale)
                     : writing_find_stale(run, &source->messages, source->backend, &stale);
        run->table = NULL; /* it was lent */
    }
    if (!status && stale.error)
        status = say_file_error(stale.error, stale.path);
    err = status ? 0 : golden_report(golden, run->options, &stale, stdout);
    if (err)
        status = say_error(err, "standard output");
    else if (!status && (golden_outdated(golden) || golden->differences.count || stale.path))
        status = STATUS_DIFFERS;
    else if (!status && golden_is_incomplete(golden))
        status = STATUS_INCOMPLETE;
    free(stale.path);
    return status;
}

/* Writes what differs from what is there, and nothing where nothing does. */
static enum status write_golden(struct run *run)
{
    struct golden *golden = run->golden;
    const bool incomplete = golden_is_incomplete(golden);
    const struct messages *messages = &golden->old.messages;
    const char *backend = golden->runs[0].backend;
    struct table *table = NULL;
    enum status status;

    if (golden_is_same(golden)) {
        make_of(run, &golden->old, golden->old.table);
        golden->old.table = NULL;
        backend = golden->old.backend;
        status = STATUS_DONE;
    } else {
        if (golden_merge(golden, &messages, &table))
            return say_error(-ENOMEM, "recording");
        make_of(run, &golden->runs[0], table);
        status = recording_file_write(run, messages, backend);
    }
    run->incomplete = run->incomplete || incomplete;
    if (!status)
        status = writing_make(run, messages, backend);
    if (!status)
        status = fixture_file_renew(run);
    return !status && run->incomplete ? STATUS_INCOMPLETE : status;
}

/* With what was to be redacted before, shows what would have been shown as it passed. */
static void show_redacted(const struct run *run)
{
    const struct messages *messages = &run->golden->runs[0].messages;

    if (!run->options->verbose || !run->options->redact.count)
        return;
    for (size_t i = 0; i < messages->count; i++)
        show_message(stderr, &messages->items[i]->message, terminal_colors(stderr));
}

/* What is redacted is not all that could be. */
static void warn_of_others(struct run *run)
{
    const struct messages *messages = &run->golden->runs[0].messages;

    if (!run->known || !run->options->redact.count)
        return;
    for (size_t i = 0; i < messages->count; i++)
        run_warn_of_secrets(run, &messages->items[i]->message);
}

enum status golden_results(struct run *run)
{
    char text[GOLDEN_TEXT_SIZE];

    if (golden_settle(run->golden, text)) {
        say("%s", text);
        return run->drafted ? recording_file_keep(run) : STATUS_USAGE;
    }
    if (!run->options->quiet)
        say_found(run);
    warn_of_others(run);
    show_redacted(run);
    return run->options->check ? check_golden(run) : write_golden(run);
}
