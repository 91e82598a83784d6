/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "fixture_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/path.h"
#include "emit/files.h"
#include "emit/leftovers.h"
#include "say.h"

/* Is there nothing at the path that is none of ours? */
static enum status check_folder(const char *path, const struct language *language)
{
    struct folder_rules rules = {language->index, files_is_name};
    char other[256];
    int err = folder_check(path, &rules, other, sizeof(other));

    if (err == -ENOTEMPTY)
        say("%s: has %s, which is none of ours (name another folder, or move that away)", path,
            other);
    else if (err == -ENOTDIR || err == -ELOOP)
        say("%s: not a folder (name another, or move that away)", path);
    else if (err)
        return say_file_error(err, path);
    return err ? STATUS_USAGE : STATUS_DONE;
}

static enum status try_folder(const char *path, const struct language *language)
{
    enum status status = check_folder(path, language);
    struct folder trial;
    int err = status ? 0 : folder_open(&trial, path);

    if (err)
        return say_file_error(err, path);
    if (!status)
        folder_discard(&trial);
    return status;
}

enum status fixture_file_open(struct run *run)
{
    const char *path = run->options->output ? run->options->output : "-";
    int err;

    if (run->language && run->language->folder)
        return try_folder(path, run->language);
    err = run->language || run->writer ? output_open(&run->fixture_file, path) : 0;
    if (err)
        return say_output_error(err, path);
    if (run->writer && isatty(fileno(run->fixture_file.file))) {
        say("a capture is nothing for a terminal (name a file with -o, or pipe it to a program)");
        return STATUS_USAGE;
    }
    if (run->language && run->options->embed_above && !run->fixture_file.beside) {
        say("--embed-above: no files can stand beside %s (name a file with -o)",
            is_stdout(path) ? "standard output" : path);
        return STATUS_USAGE;
    }
    return STATUS_DONE;
}

/* Piece by piece, as a long message need not be in memory as a whole. */
static int write_message(const struct said *said, const struct table *table, FILE *file)
{
    enum { PIECE = 4 << 20 };
    size_t size;

    errno = 0;
    for (size_t at = 0; at < said->length; at += size) {
        size = said->length - at < PIECE ? said->length - at : PIECE;
        if (fwrite(said->data + at, 1, size, file) < size)
            return errno ? -errno : -EIO;
        if (size == PIECE)
            arena_rest(table->arena);
    }
    return 0;
}

static int add_file(void *context, const char *name, const struct said *said)
{
    struct run *run = context;
    FILE *file;
    int err = 0;

    if (!run->folder.path)
        err = folder_open(&run->folder, run->options->output);
    if (err)
        return err;
    file = folder_create(&run->folder, name);
    if (!file)
        return -errno;
    err = write_message(said, run->table, file);
    if (fclose(file) && !err)
        err = -errno;
    return err;
}

/* The fixture is there, whatever becomes of what the one before it has left. */
static void remove_leftovers(const struct run *run, struct leftovers *leftovers)
{
    const char *path = run->options->output;
    size_t removed;
    int err = leftovers_remove(leftovers, path, &removed);

    leftovers_free(leftovers);
    if (removed && !run->options->quiet)
        say("%s: removed files of messages that only the one before had (%zu)", path, removed);
    if (err)
        say("%s: files of messages that only the one before had are left beside it: %s", path,
            strerror(-err));
}

/*
 * What is beside the fixture is there before it is, so whoever finds a fixture finds all of it; and
 * what only the one before had goes after that.
 */
static int write_beside(struct run *run, const struct fixture *fixture)
{
    struct leftovers leftovers = {.folder = -1};
    int err = leftovers_find(&leftovers, run->options->output, fixture->stem);

    if (!err)
        err = files_each(fixture, add_file, run);
    if (!err && run->folder.path)
        err = folder_pour(&run->folder);
    if (!err)
        err = output_commit(&run->fixture_file);
    if (!err)
        remove_leftovers(run, &leftovers);
    else
        leftovers_free(&leftovers);
    folder_discard(&run->folder);
    return err;
}

static int write_folder(struct run *run, const struct fixture *fixture)
{
    int err = files_each(fixture, add_file, run);

    return err ? err : output_commit(&run->fixture_file);
}

static void remove_old_folder(struct run *run)
{
    int err = folder_remove(&run->folder);

    if (err)
        say("%s: what was there before is left as %s: %s", run->options->output,
            run->folder.temporary, strerror(-err));
    folder_discard(&run->folder);
}

/* Something may have been put in the old one while it was recorded. */
static enum status put_folder(struct run *run)
{
    const char *path = run->options->output;
    enum status status = check_folder(path, run->language);
    int err = status ? 0 : folder_commit(&run->folder);

    if (err)
        return say_output_error(err, path);
    if (!status)
        remove_old_folder(run);
    return status;
}

static int write_files(struct run *run, const struct fixture *fixture)
{
    if (run->language->folder)
        return write_folder(run, fixture);
    return fixture->stem ? write_beside(run, fixture) : output_commit(&run->fixture_file);
}

/*
 * Puts the name of the file that the fixture goes to, without its ending, into *out; NULL when it
 * has no name. Returns 0 or -ENOMEM.
 */
static int file_base(const struct run *run, char **out)
{
    const char *path = run->options->output;
    const char *base, *dot;

    *out = NULL;
    if (!path || is_stdout(path))
        return 0;
    base = path_last(path);
    dot = strrchr(base, '.');
    *out = dot > base ? strndup(base, (size_t)(dot - base)) : strdup(base);
    return *out ? 0 : -ENOMEM;
}

/* The folder is made when there is something to put in it; until then its file has no name. */
static int open_index(struct run *run)
{
    int err = folder_open(&run->folder, run->options->output);

    if (err)
        return err;
    run->fixture_file.file = folder_create(&run->folder, run->language->index);
    return run->fixture_file.file ? 0 : -errno;
}

static struct fixture describe_fixture(const struct run *run, const char *base)
{
    const struct options *options = run->options;
    const struct language *language = run->language;
    const bool beside = options->check || run->fixture_file.beside;
    const uint64_t lost = run->losses.messages; /* 0 of a recording that is cut short */

    return (struct fixture){
        .table = run->table,
        .command = run->command,
        .name = options->name || !language->named_by_file ? options->name : base,
        .package = options->package,
        .lost = lost > run->placed ? lost - run->placed : 0,
        .incomplete = run->incomplete,
        .style = options->style,
        .call = options->call,
        .bytes = options->bytes,
        .embed_above = options->embed_given ? options->embed_above : language->embed_above,
        .stem = !language->folder && language->embeds && beside ? base : NULL,
    };
}

enum status fixture_file_write(struct run *run)
{
    const struct options *options = run->options;
    const struct language *language = run->language;
    const char *path = options->output ? options->output : "-";
    struct template_error error = {0};
    struct fixture fixture;
    char *base;
    int err;

    if (run->writer) {
        err = output_commit(&run->fixture_file);
        return err ? say_output_error(err, path) : STATUS_DONE;
    }
    if (!language)
        return STATUS_DONE;
    err = file_base(run, &base);
    fixture = describe_fixture(run, base);
    if (!err && language->folder)
        err = open_index(run);
    if (!err)
        err = fixture_print(&fixture, run->language, run->fixture_file.file, &error);
    if (!err)
        err = write_files(run, &fixture);
    free(base);
    if (err && error.line) {
        say_template_error(&error);
        return STATUS_USAGE;
    }
    if (err)
        return say_output_error(err, path);
    return language->folder ? put_folder(run) : STATUS_DONE;
}

enum status fixture_file_find_stale(const struct run *run, struct stale_file *stale)
{
    struct template_error error = {0};
    struct fixture fixture;
    char *base;
    int err = file_base(run, &base);

    fixture = describe_fixture(run, base);
    if (!err)
        err = fresh_check(&fixture, run->language, run->options->output, stale, &error);
    free(base);
    if (err && error.line) {
        say_template_error(&error);
        return STATUS_USAGE;
    }
    return err ? say_error(err, run->options->output) : STATUS_DONE;
}

enum status fixture_file_renew(struct run *run)
{
    struct stale_file stale = {0};
    enum status status;

    if (!run->language)
        return fixture_file_write(run);
    if (!run->language->folder && !run->fixture_file.beside)
        return fixture_file_write(run);
    status = fixture_file_find_stale(run, &stale);
    if (!status && stale.path)
        status = fixture_file_write(run);
    free(stale.path);
    return status;
}
