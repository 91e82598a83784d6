/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "scope_options.h"

#include <stdio.h>

#include "capture/proc.h"

static int add_socket(struct scope_request *scope, const char *text,
                      char reason[PATTERN_REASON_SIZE])
{
    return patterns_add(scope->patterns, text, false, reason);
}

static int add_exclude(struct scope_request *scope, const char *text,
                       char reason[PATTERN_REASON_SIZE])
{
    return patterns_add(scope->patterns, text, true, reason);
}

int scope_from_options(struct scope_request *scope, const struct options *options,
                       char wrong[SCOPE_WRONG_SIZE])
{
    const struct {
        const struct option_words *words;
        const char *option;
        int (*add)(struct scope_request *scope, const char *text, char reason[PATTERN_REASON_SIZE]);
    } parts[] = {
        {&options->sockets, "", add_socket},        {&options->excludes, "", add_exclude},
        {&options->pids, "--pid ", scope_add_pids}, {&options->comms, "--comm ", scope_add_name},
        {&options->uids, "--uid ", scope_add_user},
    };
    char reason[PATTERN_REASON_SIZE] = "out of memory";
    int err = scope_new(scope);

    snprintf(wrong, SCOPE_WRONG_SIZE, "%s", reason);
    scope->launches = options->command;
    scope->no_follow = options->no_follow;
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts) && !err; i++) {
        for (size_t j = 0; j < parts[i].words->count && !err; j++) {
            err = parts[i].add(scope, parts[i].words->at[j], reason);
            if (err)
                snprintf(wrong, SCOPE_WRONG_SIZE, "%s%s: %s", parts[i].option,
                         parts[i].words->at[j], reason);
        }
    }
    return err;
}

static void add_words(struct watch_words *words, const char *option,
                      const struct option_words *values)
{
    for (size_t i = 0; i < values->count; i++) {
        words->at[words->count++] = (char *)option;
        words->at[words->count++] = (char *)values->at[i];
    }
}

void watch_words_make(struct watch_words *words, const struct options *options,
                      const struct scope_request *scope)
{
    *words = (struct watch_words){.at = {(char *)"sockfixture"}, .count = 1};
    for (size_t i = 0; i < scope->pid_count; i++) {
        words->at[words->count++] = (char *)"-p";
        words->at[words->count++] = words->names[i];
        proc_read(scope->pids[i], "comm", words->names[i], sizeof(words->names[i]));
    }
    add_words(words, "-s", &options->sockets);
    add_words(words, "-x", &options->excludes);
    add_words(words, "-e", &options->comms);
    add_words(words, "--uid", &options->uids);
}
