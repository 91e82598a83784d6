/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What is found once all runs are over: secrets, volatile bytes, what differs from before. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/blot.h"
#include "capture/digest.h"
#include "capture/regenerate.h"
#include "emit/command.h"
#include "emit/names.h"
#include "golden.h"

/* Names of exchanges, which ranges can be told with. */

struct naming {
    struct names *names;
    char command[COMMAND_NAME_SIZE];
    char name[NAMES_SIZE];
};

static int naming_new(struct naming *naming, const struct golden *golden,
                      const struct golden_run *run)
{
    command_name(run->command, golden->name, naming->command);
    return names_new(&naming->names, run->table, naming->command);
}

static void name_of(void *context, size_t conversation, size_t exchange, const char **name)
{
    struct naming *naming = context;

    names_get(naming->names, conversation, exchange, naming->name);
    *name = naming->name;
}

/* Redaction */

/* A run whose secrets are under redaction. */
struct redaction {
    struct naming naming;
    struct blotting blotting;
};

static void name_redacted(void *context, size_t conversation, size_t exchange, const char **name)
{
    name_of(&((struct redaction *)context)->naming, conversation, exchange, name);
}

static int blot_command(void *context, const uint8_t *secret, size_t length)
{
    return blot(&((struct redaction *)context)->blotting, secret, length);
}

/* What the table says is redacted is so in the messages as well. */
static void fill_in(struct messages *messages)
{
    for (size_t i = 0; i < messages->count; i++) {
        struct kept_message *kept = messages->items[i];

        for (size_t j = 0; j < kept->ranges.count; j++) {
            const struct range *range = &kept->ranges.items[j];

            if (range->kind == RANGE_REDACTED)
                memset(kept->data + range->offset, SECRET_FILLER, range->length);
        }
    }
}

/* Returns how many secrets there were, or -ENOMEM. */
static int redact(struct golden *golden, struct golden_run *run)
{
    struct redaction redaction = {.blotting = {.words = run->words, .filled = run->command}};
    const struct secrets_caller caller = {&redaction, name_redacted, blot_command};
    int err, found = 0;

    if (!golden->secrets)
        return 0;
    err = naming_new(&redaction.naming, golden, run);
    if (!err)
        found = secrets_redact(golden->secrets, run->table, &caller);
    names_free(redaction.naming.names);
    blotting_free(&redaction.blotting);
    if (err || found < 0)
        return err ? err : found;
    err = messages_learn(&run->messages, run->table);
    fill_in(&run->messages);
    return err ? err : found;
}

/* A range in which nothing is was a mistake. */
static int check_redacted(const struct golden *golden, char text[GOLDEN_TEXT_SIZE])
{
    const char *missed;
    bool is_pattern;
    size_t index = 0;

    while (golden->secrets && (missed = secrets_missed(golden->secrets, &index, &is_pattern))) {
        if (is_pattern)
            continue;
        snprintf(text, GOLDEN_TEXT_SIZE, "--redact %s: there are no such bytes", missed);
        return -EINVAL;
    }
    return 0;
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
    err = naming_new(&naming, golden, run);
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
    names_free(naming.names);
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

/* A number that is another one when the ranges are others. */
static uint64_t digest_ranges(const struct messages *messages)
{
    uint64_t sum = DIGEST_NONE;

    for (size_t i = 0; i < messages->count; i++) {
        for (size_t j = 0; j < messages->items[i]->ranges.count; j++) {
            const struct range *range = &messages->items[i]->ranges.items[j];
            const uint64_t words[] = {i, range->offset, range->length, range->kind};

            sum = digest_more(sum, words, sizeof(words));
        }
    }
    return sum;
}

/*
 * The recording that is there learns what the user says of it. It may lack an exchange that the
 * user means, as the first run must not.
 */
static int teach_old(struct golden *golden)
{
    char text[GOLDEN_TEXT_SIZE];
    int err = redact(golden, &golden->old);

    if (err >= 0)
        err = apply_ranges(golden, &golden->old, text);
    return err == -EINVAL ? 0 : err;
}

/* A server that is asked anew answers with its secrets, and not with filler. */
static void open_answers(const struct table *table)
{
    for (size_t i = 0; i < table->count; i++)
        for (size_t j = 0; j < table->conversations[i].count; j++)
            side_open_redacted(&table->conversations[i].exchanges[j].response);
}

static int compare_with_old(struct golden *golden)
{
    struct golden_run *first = &golden->runs[0];
    uint64_t before;
    int err;

    if (golden->replays)
        open_answers(golden->old.table);
    /* What is lost when messages are joined is not learned. */
    err = messages_learn(&golden->old.messages, golden->old.table);
    before = digest_ranges(&golden->old.messages);
    golden->other_command = !same_words(golden->old.command, first->command);
    if (!err)
        err = teach_old(golden);
    if (!err)
        err = alignment_new(&golden->alignment, golden->old.table, first->table);
    if (!err && !golden->keeps)
        err = regenerate_learn(golden->alignment);
    if (!err)
        err = messages_learn(&golden->old.messages, golden->old.table);
    golden->learned = digest_ranges(&golden->old.messages) != before;
    if (!err)
        err = differences_find(&golden->differences, golden->old.table, first->table,
                               golden->alignment, golden->replays);
    if (!err)
        err = regenerate_ranges(golden->alignment);
    return err;
}

/* Each run has the same secrets as the first, which is the one that is written: those are counted.
 */
static int redact_runs(struct golden *golden)
{
    int found = 0;

    for (size_t i = 0; i < golden->count && found >= 0; i++) {
        found = redact(golden, &golden->runs[i]);
        if (i == 0)
            golden->redacted = found;
    }
    return found < 0 ? found : 0;
}

int golden_settle(struct golden *golden, char text[GOLDEN_TEXT_SIZE])
{
    struct golden_run *first = &golden->runs[0];
    int err = 0;

    snprintf(text, GOLDEN_TEXT_SIZE, "%s", strerror(ENOMEM));
    for (size_t i = 0; i < golden->count && !err; i++)
        err = messages_table(&golden->runs[i].messages, golden->framing, &golden->runs[i].table);
    if (!err)
        err = redact_runs(golden);
    if (!err)
        err = check_redacted(golden, text);
    if (!err)
        err = find_volatile(golden);
    if (!err)
        err = apply_ranges(golden, first, text);
    if (!err && golden->old.table)
        err = compare_with_old(golden);
    return err ? err : messages_learn(&first->messages, first->table);
}
