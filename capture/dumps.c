/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What cannot be sought in, as a pipe, is given its beginning back by a stream over the stream. */
#include "capture/dumps.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A stream whose beginning has been read. */
struct again {
    FILE *file;
    size_t size;
    size_t at;
    uint8_t head[DUMP_HEAD_SIZE];
};

static ssize_t again_read(void *cookie, char *buffer, size_t size)
{
    struct again *again = cookie;
    size_t left = again->size - again->at;
    ssize_t got;

    if (left) {
        size = size < left ? size : left;
        memcpy(buffer, again->head + again->at, size);
        again->at += size;
        return (ssize_t)size;
    }
    do
        got = read(fileno(again->file), buffer, size);
    while (got < 0 && errno == EINTR);
    return got;
}

static int close_file(FILE *file)
{
    return file == stdin ? 0 : fclose(file);
}

static int again_close(void *cookie)
{
    struct again *again = cookie;
    int result = close_file(again->file);

    free(again);
    return result;
}

/* Reads how the file begins, up to so many bytes. Returns -errno when it cannot be read. */
static ssize_t read_head(FILE *file, uint8_t *head, size_t size)
{
    size_t have = 0;
    ssize_t got;

    while (have < size) {
        got = read(fileno(file), head + have, size - have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        have += (size_t)got;
    }
    return (ssize_t)have;
}

/* Puts a stream in the file's place that begins with what was read of it. */
static int begin_again(FILE **file, const uint8_t *head, size_t size)
{
    static const cookie_io_functions_t functions = {.read = again_read, .close = again_close};
    struct again *again = calloc(1, sizeof(*again));
    FILE *stream;

    if (!again)
        return -ENOMEM;
    again->file = *file;
    again->size = size;
    memcpy(again->head, head, size);
    stream = fopencookie(again, "r", functions);
    if (!stream) {
        free(again);
        return -ENOMEM;
    }
    *file = stream;
    return 0;
}

static int look_at(struct dumps *dumps, FILE **file)
{
    off_t start = lseek(fileno(*file), 0, SEEK_CUR);
    ssize_t size = read_head(*file, dumps->head, sizeof(dumps->head));

    if (size < 0)
        return (int)size;
    dumps->head_size = (size_t)size;
    if (start >= 0 && lseek(fileno(*file), start, SEEK_SET) == start)
        return 0;
    return begin_again(file, dumps->head, dumps->head_size);
}

/* Looks at how they begin: the first that is not empty, as strace -ff leaves some. */
static int look(struct dumps *dumps, const char **wrong)
{
    int err = 0;

    for (size_t i = 0; i < dumps->count && !dumps->head_size && !err; i++) {
        *wrong = dumps->at[i].path;
        err = look_at(dumps, &dumps->at[i].file);
    }
    return err;
}

static int add(struct dumps *dumps, const char *path)
{
    struct dump *more = realloc(dumps->at, (dumps->count + 1) * sizeof(*more));
    struct dump *dump;
    int err = -ENOMEM;

    if (!more)
        return err;
    dumps->at = more;
    dump = &more[dumps->count];
    dump->path = strdup(path);
    if (!dump->path)
        return err;
    dump->file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (!dump->file) {
        err = -errno;
        free((char *)dump->path);
        return err;
    }
    dumps->count++;
    return 0;
}

/* The path with what glob() would read into it taken for what it is, and .NUMBER behind it. */
static char *numbered(const char *path)
{
    char *pattern = malloc(2 * strlen(path) + sizeof(".[0-9]*")), *to = pattern;

    if (!pattern)
        return NULL;
    for (; *path; path++) {
        if (strchr("*?[]\\", *path))
            *to++ = '\\';
        *to++ = *path;
    }
    strcpy(to, ".[0-9]*");
    return pattern;
}

/* Adds the files that strace -ff makes of the path. Returns -ENOENT when there are none. */
static int add_numbered(struct dumps *dumps, const char *path)
{
    char *pattern = numbered(path);
    glob_t found = {0};
    size_t before = dumps->count;
    int err = pattern ? 0 : -ENOMEM;

    if (pattern && glob(pattern, 0, NULL, &found) == GLOB_NOSPACE)
        err = -ENOMEM;
    for (size_t i = 0; i < found.gl_pathc && !err; i++) {
        const char *number = found.gl_pathv[i] + strlen(path) + 1;

        if (number[strspn(number, "0123456789")] == '\0')
            err = add(dumps, found.gl_pathv[i]);
    }
    globfree(&found);
    free(pattern);
    return err || dumps->count > before ? err : -ENOENT;
}

int dumps_open(struct dumps *dumps, const char *const *paths, size_t count, const char **wrong)
{
    int err = 0;

    *dumps = (struct dumps){0};
    for (size_t i = 0; i < count && !err; i++) {
        *wrong = paths[i];
        err = add(dumps, paths[i]);
        if (err == -ENOENT)
            err = add_numbered(dumps, paths[i]);
    }
    if (err)
        return err;
    return look(dumps, wrong);
}

void dumps_close(struct dumps *dumps)
{
    for (size_t i = 0; i < dumps->count; i++) {
        close_file(dumps->at[i].file);
        free((char *)dumps->at[i].path);
    }
    free(dumps->at);
    *dumps = (struct dumps){0};
}
