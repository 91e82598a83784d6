/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Written beside, then renamed: a reader sees the old file or the new one, and a part only of one
 * that was to be shown while it grows.
 */
#include "capture/output.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "capture/link.h"
#include "capture/planted.h"

enum { BUFFER_SIZE = 1 << 18 }; /* the C library would write a page at a time */

/* Who is in a folder that was removed cannot make files there. */
static bool is_removed(const char *folder)
{
    struct stat about;

    return stat(folder, &about) == 0 && about.st_nlink == 0;
}

/*
 * A file with no name yet is gone with the process, however that ends; not all file systems can.
 * It gets its name by way of /proc, which may be lacking below another root.
 */
static int open_unnamed(const char *path)
{
    char *copy = strdup(path);
    const char *folder;
    int fd = -1;

    if (!copy)
        return -1;
    folder = dirname(copy);
    if (access("/proc/self/fd", F_OK))
        errno = EOPNOTSUPP;
    else
        fd = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EPERM && is_removed(folder))
        errno = ENOENT; /* and not that it is another's */
    free(copy);
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

static bool is_in_proc(const char *path)
{
    char *copy = strdup(path);
    struct statfs folder;
    bool is = copy && statfs(dirname(copy), &folder) == 0 && folder.f_type == PROC_SUPER_MAGIC;

    free(copy);
    return is;
}

/*
 * Where a link leads to what a process has open, as that of /dev/stderr does: the path of it in
 * /proc, which the caller frees. NULL for all else.
 */
static char *find_descriptor(const char *path)
{
    char *at = strdup(path);

    for (int links = 0; links < LINKS_MAX; links++) {
        char *next;

        if (!at || is_in_proc(at))
            return at;
        next = link_follow(at);
        free(at);
        at = next;
    }
    free(at);
    return NULL;
}

/* The number of a descriptor of ours that the path in /proc stands for; -1 when it is none. */
static int own_descriptor(const char *path)
{
    char *copy = strdup(path), *folder = copy ? realpath(dirname(copy), NULL) : NULL;
    const char *name = strrchr(path, '/');
    char own[64], *end;
    long number = -1;

    snprintf(own, sizeof(own), "/proc/%d/fd", getpid());
    if (folder && name && strcmp(folder, own) == 0) {
        number = strtol(name + 1, &end, 10);
        if (*end || end == name + 1 || number < 0 || number > INT_MAX)
            number = -1;
    }
    free(folder);
    free(copy);
    return (int)number;
}

/* What is closed, or open for reading, is known before anything runs. */
static int check_descriptor(int descriptor)
{
    int flags = fcntl(descriptor, F_GETFL); /* of O_PATH it says O_RDONLY, too */

    if (flags < 0)
        return -errno;
    return (flags & O_ACCMODE) == O_RDONLY ? -EBADF : 0;
}

/* Goes on where the descriptor is, as a file that is opened anew would begin from the beginning. */
static FILE *open_descriptor(int descriptor)
{
    int fd = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

    if (fd >= 0 && !file)
        close(fd);
    return file;
}

/* descriptor is what it is the path of in /proc; or NULL. */
static int open_as_it_is(struct output *output, const char *descriptor)
{
    int own = descriptor ? own_descriptor(descriptor) : -1;
    int err = planted(AT_FDCWD, output->path) ? -EPERM : own < 0 ? 0 : check_descriptor(own);

    if (err)
        return err;
    output->file = own < 0 ? fopen(output->path, "we") : open_descriptor(own);
    return output->file ? 0 : -errno;
}

bool output_is_stdout(const char *path)
{
    static const char *const names[] = {"-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (strcmp(path, names[i]) == 0)
            return true;
    return false;
}

/*
 * A link is replaced, not followed: it may have been planted. Unless it leads to a device, or to
 * what is open already, even if that is a file.
 */
static int open_file(struct output *output)
{
    struct stat old;
    const bool exists = stat(output->path, &old) == 0;
    char *descriptor = find_descriptor(output->path);
    int err;

    if (descriptor && !exists) {
        err = -ENOENT;
    } else if (exists && S_ISDIR(old.st_mode)) {
        err = -EISDIR; /* whoever put it there */
    } else if (descriptor || (exists && !S_ISREG(old.st_mode))) {
        err = open_as_it_is(output, descriptor);
    } else {
        output->beside = true;
        err = open_beside(output, exists && !planted(AT_FDCWD, output->path) ? &old : NULL);
    }
    free(descriptor);
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

int output_open(struct output *output, const char *path)
{
    struct output opened = {0};
    int err;

    if (output_is_stdout(path)) {
        err = check_descriptor(STDOUT_FILENO);
        if (!err)
            *output = (struct output){.file = stdout};
        return err;
    }
    if (!*path)
        return -ENOENT;
    opened.path = strdup(path);
    opened.buffer = malloc(BUFFER_SIZE);
    err = opened.path && opened.buffer ? open_file(&opened) : -ENOMEM;
    if (err) {
        close_output(&opened);
        return err;
    }
    setvbuf(opened.file, opened.buffer, _IOFBF, BUFFER_SIZE);
    *output = opened;
    return 0;
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
