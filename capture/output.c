/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Written beside, then renamed: a reader sees the old file or the new one, never a part. */
#include "capture/output.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int output_give_to_caller(int fd)
{
    const char *user = getenv("SUDO_UID"), *group = getenv("SUDO_GID");

    if (geteuid() != 0 || !user || !group)
        return 0;
    return fchown(fd, strtoul(user, NULL, 10), strtoul(group, NULL, 10)) ? -errno : 0;
}

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
    err = old && fchmod(fd, old->st_mode & 0777) ? -errno : output_give_to_caller(fd);
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

/* Gives a file without a name one that nothing else has. */
static int name_it(struct output *output)
{
    char source[64];

    snprintf(source, sizeof(source), "/proc/self/fd/%d", fileno(output->file));
    for (unsigned attempt = 0; attempt < 1000; attempt++) {
        if (asprintf(&output->temporary, "%s.%d.%u", output->path, getpid(), attempt) < 0) {
            output->temporary = NULL;
            return -ENOMEM;
        }
        if (linkat(AT_FDCWD, source, AT_FDCWD, output->temporary, AT_SYMLINK_FOLLOW) == 0)
            return 0;
        free(output->temporary);
        output->temporary = NULL;
        if (errno != EEXIST)
            return -errno;
    }
    return -EEXIST;
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
    if (!opened.path)
        return -ENOMEM;
    /* A link is replaced, not followed: it may have been planted. Unless it leads to a device. */
    exists = stat(path, &old) == 0;
    if (exists && !S_ISREG(old.st_mode)) {
        opened.file = fopen(path, "we");
        err = opened.file ? 0 : -errno;
    } else {
        opened.beside = true;
        err = open_beside(&opened, exists ? &old : NULL);
    }
    if (err) {
        free(opened.temporary);
        free(opened.path);
        return err;
    }
    *output = opened;
    return 0;
}

/* All of it is on the disk, so the name may change over. */
static int put_in_place(struct output *output)
{
    int err = 0;

    if (fsync(fileno(output->file)))
        return -errno;
    if (!output->temporary)
        err = name_it(output);
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
    output_discard(output);
    return err;
}

void output_discard(struct output *output)
{
    if (!output->file)
        return;
    if (output->file != stdout)
        fclose(output->file);
    if (output->temporary)
        unlink(output->temporary);
    free(output->temporary);
    free(output->path);
    *output = (struct output){0};
}
