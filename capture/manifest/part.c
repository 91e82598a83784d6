/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Everything is done by command lines, each in a process of its own: the one that records, or
 * compares with the recording; then one for each file that is made of it. What is to be written is
 * what --check complains of, and nothing else.
 */
#include "capture/manifest/part.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/manifest/drain.h"
#include "capture/manifest/stage.h"
#include "capture/manifest/status.h"
#include "capture/manifest/words.h"

struct part {
    const struct part_task *task;
    const json_t *fixture;
    struct manifest_part extra;
    struct part_files files;
    struct stage stage;
    bool wrote;
};

int part_files_open(struct part_files *files)
{
    files->report = drain_file();
    files->words = drain_file();
    files->output = drain_file();
    return files->report && files->words && files->output ? 0 : -errno;
}

void part_files_close(struct part_files *files)
{
    FILE *all[] = {files->report, files->words, files->output};

    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
        if (all[i])
            fclose(all[i]);
    *files = (struct part_files){0};
}

static void note(struct part *part, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void note(struct part *part, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vfprintf(part->files.words, format, arguments);
    va_end(arguments);
    fputc('\n', part->files.words);
    fflush(part->files.words);
}

/* Command lines */

static void hear_all_signals(void)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static int as_child(const struct part *part, const struct words *words, int report)
{
    hear_all_signals();
    prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
    if (dup2(report, STDOUT_FILENO) < 0 || dup2(fileno(part->files.words), STDERR_FILENO) < 0)
        return STATUS_USAGE;
    return part->task->main((int)words->count, words->at, &part->extra);
}

/* Waits for a child; upon a signal, it is told to end. */
static int await(struct part *part, pid_t pid)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0), status = 0, ready = 0;

    while (fd >= 0 && (ready == 0 || ready == -EINTR)) {
        ready = stage_wait(&part->stage, fd, -1);
        if (ready == -EINTR)
            kill(pid, SIGTERM);
    }
    if (fd >= 0)
        close(fd);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return STATUS_COMMAND;
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    note(part, "killed by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    return STATUS_COMMAND;
}

/* Runs a command line; its report goes where it is told. Returns an exit status. */
static int call(struct part *part, struct words *words, int report)
{
    pid_t pid;

    fflush(NULL);
    pid = fork();
    if (pid == 0)
        exit(as_child(part, words, report));
    if (pid > 0)
        return await(part, pid);
    note(part, "%s", strerror(errno));
    return STATUS_USAGE;
}

/* Those that all command lines have. */
static void first_words(const struct part *part, const char *first[8], bool is_quiet, bool is_check)
{
    const struct options *options = part->task->options;
    size_t count = 0;

    first[count++] = "sockfixture";
    if (is_quiet || options->quiet)
        first[count++] = "-q";
    else if (options->verbose)
        first[count++] = options->verbose > 1 ? "-vv" : "-v";
    if (is_check)
        first[count++] = "--check";
    if (is_check && options->diff_format) {
        first[count++] = "--diff-format";
        first[count++] = options->diff_format;
    }
    first[count] = NULL;
}

/* Recording */

/* Are these the same file, unchanged? A file is changed by another one that takes its name. */
static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static struct stat look_at(const char *path)
{
    struct stat about = {0};

    stat(path, &about);
    return about;
}

static void tell_written(struct part *part, const char *path, const struct stat *before)
{
    struct stat now = look_at(path);

    if (is_same_file(before, &now))
        return;
    part->wrote = true;
    if (!part->task->options->quiet)
        note(part, "%s: written", path);
}

static int record(struct part *part)
{
    const bool is_check = part->task->options->task == MANIFEST_CHECK;
    char buffer[MANIFEST_TEXT_SIZE];
    const char *path = manifest_recording(part->fixture, buffer);
    const struct stat before = look_at(path);
    struct words words = {0};
    const char *first[8];
    int status = STATUS_USAGE;

    if (is_check && !before.st_ino) {
        note(part, "%s: not recorded yet (--update does)", path);
        return STATUS_USAGE;
    }
    first_words(part, first, false, is_check);
    if (words_record(&words, part->task->manifest, part->fixture, first, part->task->backend))
        note(part, "out of memory");
    else
        status = call(part, &words, fileno(part->files.report));
    words_clear(&words);
    tell_written(part, path, &before);
    return status;
}

/* Emitting */

static int emit(struct part *part, const json_t *entry, bool is_check, int report)
{
    struct words words = {0};
    const char *first[8];
    int status = STATUS_USAGE;

    first_words(part, first, true, is_check);
    if (words_emit(&words, part->fixture, entry, first))
        note(part, "out of memory");
    else
        status = call(part, &words, report);
    words_clear(&words);
    return status;
}

/* A file that is what would be written stays as it is. */
static int update_file(struct part *part, const json_t *entry)
{
    const char *path = json_string_value(json_object_get(entry, "output"));
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC), status;
    struct stat before = look_at(path);

    if (null < 0) {
        note(part, "/dev/null: %s", strerror(errno));
        return STATUS_USAGE;
    }
    status = emit(part, entry, true, null);
    if (status == STATUS_DIFFERS) {
        status = emit(part, entry, false, null);
        tell_written(part, path, &before);
    }
    close(null);
    return status;
}

static int emit_all(struct part *part)
{
    const bool is_check = part->task->options->task == MANIFEST_CHECK;
    int status = STATUS_DONE;
    const json_t *entry;
    size_t i;

    json_array_foreach(json_object_get(part->fixture, "emit"), i, entry)
        status = status_worse(status, is_check ? emit(part, entry, true, fileno(part->files.report))
                                               : update_file(part, entry));
    return status;
}

static bool can_emit(int status)
{
    return status == STATUS_DONE || status == STATUS_DIFFERS || status == STATUS_INCOMPLETE;
}

static int make(struct part *part)
{
    int status = record(part);

    if (part->stage.interrupted)
        return STATUS_COMMAND;
    return can_emit(status) ? status_worse(status, emit_all(part)) : status;
}

/* The whole of it */

static int begin(struct part *part)
{
    const json_t *fixture = part->fixture;
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int err = null < 0 || dup2(null, STDIN_FILENO) < 0 || setpgid(0, 0) ? -errno : 0;

    if (null >= 0)
        close(null);
    part->stage.file = fileno(part->files.output);
    part->stage.directory = json_string_value(json_object_get(fixture, "directory"));
    if (!err)
        err = words_environment(&part->stage.environment, part->task->manifest, fixture);
    if (!err)
        err = stage_begin(&part->stage);
    part->extra.output = part->stage.output;
    return err;
}

/* The folder that commands run in, if one is named: without it, none of them could be begun. */
static bool has_directory(struct part *part, size_t index)
{
    const char *path = part->stage.directory;
    struct manifest_error at;
    struct stat about;
    int err = path && stat(path, &about) ? errno : 0;

    if (!err && path && !S_ISDIR(about.st_mode))
        err = ENOTDIR;
    if (!err)
        return true;
    manifest_place(part->task->manifest, index, "directory", NULL, &at);
    note(part, "%s:%zu:%zu: directory: %s: %s", part->extra.file, at.line, at.column, path,
         strerror(err));
    return false;
}

int part_run(const struct part_task *task, size_t index, const struct part_files *files)
{
    struct part part = {
        .task = task,
        .fixture = manifest_fixture(task->manifest, index),
        .stage = {.signals = -1, .output = -1, .tries = -1},
        .extra = {.name = manifest_name(task->manifest, index),
                  .colour = task->colour,
                  .file = task->manifest->path,
                  .line = manifest_line(task->manifest, index)},
        .files = *files,
    };
    int status = STATUS_COMMAND, err = begin(&part);

    if (err)
        note(&part, "%s", strerror(-err));
    else if (!has_directory(&part, index))
        err = -ENOENT;
    else if (stage_setup(&part.stage, json_object_get(part.fixture, "setup")))
        note(&part, "setup: %s", part.stage.text);
    else
        status = make(&part);
    if (!err && stage_teardown(&part.stage, json_object_get(part.fixture, "teardown"))) {
        note(&part, "teardown: %s", part.stage.text);
        status = status_worse(status, STATUS_COMMAND);
    }
    stage_end(&part.stage);
    return status | (part.wrote ? PART_WROTE : 0);
}
