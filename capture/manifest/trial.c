/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Reads the options of every fixture as they will be read later, so that what is wrong with them is
 * told in the same words. As that may end a process, it is another one, which leaves behind how far
 * it has come.
 */
#include "capture/manifest/trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/manifest/key.h"
#include "capture/manifest/tell.h"
#include "capture/manifest/words.h"
#include "capture/text.h"
#include "capture/unnamed.h"

/* There is room for a name before it. */
enum { MESSAGE_SIZE = MANIFEST_TEXT_SIZE - 110 };

/* Where the trial is. */
struct progress {
    size_t fixture;
    size_t emit;
    bool emits;
};

static int try_words(const struct part_task *task, struct words *words, int err)
{
    const struct manifest_part extra = {.trial = true};
    int status = err ? STATUS_USAGE : task->main((int)words->count, words->at, &extra);

    words_clear(words);
    return status;
}

static int try_fixture(const struct part_task *task, struct progress *progress)
{
    static const char *const first[] = {"sockfixture", "-q", NULL};
    const json_t *fixture = manifest_fixture(task->manifest, progress->fixture), *entry;
    struct words words = {0};
    int status, err = words_record(&words, task->manifest, fixture, first, task->backend);

    progress->emits = false;
    status = try_words(task, &words, err);
    if (status)
        return status;
    progress->emits = true;
    json_array_foreach(json_object_get(fixture, "emit"), progress->emit, entry) {
        err = words_emit(&words, fixture, entry, first);
        status = try_words(task, &words, err);
        if (status)
            break;
    }
    return status;
}

static int try_all(const struct part_task *task, const bool *chosen, struct progress *progress)
{
    int status = STATUS_DONE;

    for (progress->fixture = 0; progress->fixture < manifest_count(task->manifest);
         progress->fixture++) {
        if (chosen[progress->fixture])
            status = try_fixture(task, progress);
        if (status)
            break;
    }
    return status;
}

/* The option that a message begins with, `--frame: there is no 'x'`, without its dashes. */
static void option_of(const char *message, char *option, size_t size)
{
    const size_t length = text_begins(message, "--") ? strcspn(message + 2, " :=") : 0;

    snprintf(option, size, "%.*s", (int)(length < size ? length : 0), message + 2);
}

/* The key of which the message begins with the value, as `pyton: no such language`. */
static const struct key *find_value(const struct key *keys, const json_t *object,
                                    const char *message)
{
    for (; keys->name; keys++) {
        const char *value = json_string_value(json_object_get(object, keys->name));
        const size_t length = value ? strlen(value) : 0;

        if (length > 0 && strncmp(message, value, length) == 0 && message[length] == ':')
            return keys;
    }
    return NULL;
}

/* What the option said is said of the key, where there is one. */
static void explain(const struct part_task *task, const struct progress *progress,
                    const char *message, struct manifest_error *error)
{
    const char *name = manifest_name(task->manifest, progress->fixture);
    const json_t *fixture = manifest_fixture(task->manifest, progress->fixture);
    const json_t *emit = json_array_get(json_object_get(fixture, "emit"), progress->emit);
    const struct key *key = NULL;
    char option[64] = "";

    if (strlen(message) > 2)
        option_of(message, option, sizeof(option));
    if (*option && progress->emits)
        key = key_find_option(emit_keys, option);
    if (!key && *option)
        key = key_find_option(fixture_keys, option);
    if (!key && progress->emits)
        key = find_value(emit_keys, emit, message);
    if (!key && !progress->emits)
        key = find_value(fixture_keys, fixture, message);
    manifest_place(task->manifest, progress->fixture, key ? key->name : "name",
                   progress->emits ? &progress->emit : NULL, error);
    snprintf(error->text, sizeof(error->text), "%s: %s", name, message);
}

/* The first line of what was said. */
static void read_message(FILE *file, char *out, size_t size)
{
    const char *text;

    rewind(file);
    if (!fgets(out, (int)size, file))
        snprintf(out, size, "cannot be made");
    out[strcspn(out, "\n")] = '\0';
    text = tell_without_name(out);
    memmove(out, text, strlen(text) + 1);
}

static int as_child(const struct part_task *task, const bool *chosen, struct progress *progress,
                    FILE *said)
{
    if (dup2(fileno(said), STDOUT_FILENO) < 0 || dup2(fileno(said), STDERR_FILENO) < 0)
        return STATUS_USAGE;
    return try_all(task, chosen, progress);
}

static int run_child(const struct part_task *task, const bool *chosen, struct progress *progress,
                     FILE *said)
{
    int status;
    pid_t pid;

    fflush(NULL);
    pid = fork();
    if (pid == 0)
        exit(as_child(task, chosen, progress, said));
    if (pid < 0 || waitpid(pid, &status, 0) < 0)
        return STATUS_USAGE;
    return WIFEXITED(status) ? WEXITSTATUS(status) : STATUS_USAGE;
}

int trial_run(const struct part_task *task, const bool *chosen, struct manifest_error *error)
{
    struct progress *progress =
        mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    char message[MESSAGE_SIZE];
    FILE *said = unnamed_file();
    int status = STATUS_USAGE;

    *error = (struct manifest_error){
        .text = "no room for temporary files (let TMPDIR name a folder that has some)"};
    if (progress != MAP_FAILED && said)
        status = run_child(task, chosen, progress, said);
    if (status && progress != MAP_FAILED && said) {
        read_message(said, message, sizeof(message));
        explain(task, progress, message, error);
    }
    if (said)
        fclose(said);
    if (progress != MAP_FAILED)
        munmap(progress, sizeof(*progress));
    return status;
}
