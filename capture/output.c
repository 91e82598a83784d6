/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Written beside, then renamed: a reader sees the old file or the new one, and a part only of one
 * that was to be shown while it grows.
 */
#include "capture/output.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The C library would write a page at a time. */
enum { BUFFER_SIZE = 1 << 18 };

/* A file with no name yet is gone with the process, however that ends; not all file systems can. */
static int open_unnamed(const char *path)
{
    char *directory = strdup(path);
    int fd;

    if (!directory)
        return -1;
    fd = open(dirname(directory), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    free(directory);
    return fd;
}

static int open_named(struct output *output)
{
    if (asprintf(&output->temporary, "%s.XXXXXX", output->path) < 0) {
        output->temporary = NULL;
        errno = ENOMEM;
        return -1;
    }
    return mkostemp(output->temporary, O_CLOEXEC); /* mode 0600: bytes can be secrets */
}

static int open_beside(struct output *output, const struct stat *old)
{
    int fd = open_unnamed(output->path), err;

    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL))
        fd = open_named(output);
    if (fd < 0)
        return -errno;
    err = old && fchmod(fd, old->st_mode & 0777) ? -errno : 0;
    if (!err) {
        output->file = fdopen(fd, "w");
        if (output->file)
            return 0;
        err = -errno;
    }
    close(fd);
    if (output->temporary)
        unlink(output->temporary);
    return err;
}

/* Gives the file this name, if nothing has it. */
static int take_name(const struct output *output, const char *name)
{
    char source[64];
    int failed;

    snprintf(source, sizeof(source), "/proc/self/fd/%d", fileno(output->file));
    if (output->temporary)
        failed = renameat2(AT_FDCWD, output->temporary, AT_FDCWD, name, RENAME_NOREPLACE);
    else
        failed = linkat(AT_FDCWD, source, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
    return failed ? -errno : 0;
}

/* Gives the file a name beside its own that nothing else has, with this word behind it. */
static int take_name_beside(struct output *output, const char *word)
{
    char *name;
    int err;

    for (unsigned attempt = 0; attempt < 1000; attempt++) {
        char number[16] = "";

        if (attempt)
            snprintf(number, sizeof(number), ".%u", attempt);
        if (asprintf(&name, "%s.%s%s", output->path, word, number) < 0)
            return -ENOMEM;
        err = take_name(output, name);
        if (!err) {
            free(output->temporary);
            output->temporary = name;
            return 0;
        }
        free(name);
        if (err != -EEXIST)
            return err;
    }
    return -EEXIST;
}

/*
 * Whether somebody else put this where anybody can put things: a link there may lead anywhere, and
 * at the other end of a pipe may be anybody. fs.protected_symlinks and fs.protected_fifos are
 * alike.
 */
static bool may_be_planted(const char *path)
{
    char *copy = strdup(path);
    struct stat entry, folder;
    bool planted = true;

    if (copy && lstat(path, &entry) == 0 && stat(dirname(copy), &folder) == 0)
        planted =
            folder.st_mode & S_IWOTH && entry.st_uid != folder.st_uid && entry.st_uid != geteuid();
    free(copy);
    return planted;
}

static int open_as_it_is(struct output *output)
{
    if (may_be_planted(output->path))
        return -EPERM;
    output->file = fopen(output->path, "we");
    return output->file ? 0 : -errno;
}

int output_open(struct output *output, const char *path)
{
    struct output opened = {0};
    struct stat old;
    bool exists;
    int err = 0;

    if (strcmp(path, "-") == 0) {
        *output = (struct output){.file = stdout};
        return 0;
    }
    if (!*path)
        return -ENOENT;
    opened.path = strdup(path);
    opened.buffer = malloc(BUFFER_SIZE);
    if (!opened.path || !opened.buffer) {
        err = -ENOMEM;
        goto out;
    }
    /* A link is replaced, not followed: it may have been planted. Unless it leads to a device. */
    exists = stat(path, &old) == 0;
    if (exists && !S_ISREG(old.st_mode)) {
        err = open_as_it_is(&opened);
    } else {
        opened.beside = true;
        err = open_beside(&opened, exists ? &old : NULL);
    }
    if (!err)
        setvbuf(opened.file, opened.buffer, _IOFBF, BUFFER_SIZE);
out:
    if (err) {
        free(opened.temporary);
        free(opened.buffer);
        free(opened.path);
    } else {
        *output = opened;
    }
    return err;
}

int output_show(struct output *output)
{
    int err;

    if (!output->beside)
        return 0;
    err = take_name(output, output->path);
    if (!err) {
        output->shown = true;
        free(output->temporary);
        output->temporary = NULL;
    } else if (err == -EEXIST) {
        err = take_name_beside(output, "part");
    }
    /* Where a file can only be renamed over others, the name it has must do. */
    return err == -EINVAL && output->temporary ? 0 : err;
}

const char *output_seen_as(const struct output *output)
{
    return output->shown ? output->path : output->temporary;
}

/* All of it is on the disk, so the name may change over. */
static int put_in_place(struct output *output)
{
    char word[16];
    int err = 0;

    if (fsync(fileno(output->file)))
        return -errno;
    if (output->shown)
        return 0;
    snprintf(word, sizeof(word), "%d", getpid());
    if (!output->temporary)
        err = take_name_beside(output, word);
    if (!err && rename(output->temporary, output->path))
        err = -errno;
    if (!err) {
        free(output->temporary);
        output->temporary = NULL;
    }
    return err;
}

static void close_output(struct output *output)
{
    if (output->file && output->file != stdout)
        fclose(output->file);
    free(output->buffer);
    free(output->temporary);
    free(output->path);
    *output = (struct output){0};
}

int output_commit(struct output *output)
{
    int err = 0;

    if (fflush(output->file))
        err = -errno;
    else if (ferror(output->file))
        err = -EIO;
    if (!err && output->beside)
        err = put_in_place(output);
    if (err)
        output_discard(output);
    else
        close_output(output);
    return err;
}

void output_keep(struct output *output)
{
    close_output(output);
}

/* Whether the path still leads to the file, and not to another of that name. */
static bool is_there(const struct output *output)
{
    struct stat own, there;

    return fstat(fileno(output->file), &own) == 0 && lstat(output->path, &there) == 0 &&
           own.st_dev == there.st_dev && own.st_ino == there.st_ino;
}

void output_discard(struct output *output)
{
    if (output->temporary)
        unlink(output->temporary);
    if (output->shown && is_there(output))
        unlink(output->path);
    close_output(output);
}
