/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * No name is taken from the folder, where anybody's files may be called anything: only what our own
 * fixture has loaded was written by us. Where in doubt, as with a stem that the language spells
 * otherwise, a file stays.
 */
#include "emit/leftovers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/path.h"
#include "emit/files.h"

enum {
    HEAD = 4096,
    BLOCK = 16384,
    QUOTED = FILES_NAME_SIZE + 1, /* the longest name, with its quotes */
    FOLDER = O_RDONLY | O_DIRECTORY | O_CLOEXEC
};

/* A regular file, to be read; NULL, with *err 0, if there is none of that name. */
static FILE *open_file(int folder, const char *name, int *err)
{
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
    struct stat about;

    *err = file || errno == ENOENT || errno == ELOOP ? 0 : -errno;
    if (!file && fd >= 0)
        close(fd);
    if (file && (fstat(fd, &about) || !S_ISREG(about.st_mode))) {
        fclose(file);
        file = NULL;
    }
    return file;
}

static bool mentions_us(FILE *file)
{
    static const char us[] = "sockfixture";
    char head[HEAD];
    size_t length = fread(head, 1, sizeof(head), file);

    rewind(file);
    return memmem(head, length, us, strlen(us));
}

typedef int each_name(struct leftovers *leftovers, const char *name);

/* Hands over each name that stands between two quotes, of which the first is before `end`. */
static int names_in_block(struct leftovers *leftovers, char *block, const char *end,
                          each_name *each)
{
    int err = 0;

    for (char *at = block; at < end && !err; at++) {
        size_t length = *at == '"' || *at == '\'' ? files_name_length(at + 1, leftovers->stem) : 0;
        char *quote = at + 1 + length;

        if (length == 0 || *quote != *at)
            continue;
        *quote = '\0';
        err = each(leftovers, at + 1);
        *quote = *at;
    }
    return err;
}

/* The same for a file: a block at a time, and again what may be the beginning of a name. */
static int names_in_file(struct leftovers *leftovers, FILE *file, each_name *each)
{
    char block[BLOCK + 1];
    size_t held = 0;
    int err = 0;

    while (!err) {
        size_t got = fread(block + held, 1, BLOCK - held, file);
        size_t again = got == 0 ? 0 : QUOTED;

        held += got;
        block[held] = '\0';
        again = held < again ? held : again;
        err = names_in_block(leftovers, block, block + held - again, each);
        memmove(block, block + held - again, again);
        held = again;
        if (got == 0)
            break;
    }
    return !err && ferror(file) ? -EIO : err;
}

/* Finding */

static int by_name(const void *one, const void *other)
{
    return strcmp(*(char *const *)one, *(char *const *)other);
}

static int add_name(struct leftovers *leftovers, const char *name)
{
    char **names = leftovers->names;

    /* There is room for a power of two of them. */
    if ((leftovers->count & (leftovers->count - 1)) == 0) {
        size_t room = leftovers->count ? 2 * leftovers->count : 1;

        names = reallocarray(names, room, sizeof(*names));
        if (!names)
            return -ENOMEM;
        leftovers->names = names;
    }
    names[leftovers->count] = strdup(name);
    if (!names[leftovers->count])
        return -ENOMEM;
    leftovers->count++;
    return 0;
}

static void sort_names(struct leftovers *leftovers)
{
    char **names = leftovers->names;
    size_t kept = 0;

    if (leftovers->count > 0)
        qsort(names, leftovers->count, sizeof(*names), by_name);
    for (size_t i = 0; i < leftovers->count; i++) {
        if (kept > 0 && !strcmp(names[kept - 1], names[i]))
            free(names[i]);
        else
            names[kept++] = names[i];
    }
    leftovers->count = kept;
}

static int open_folder(const char *path)
{
    size_t length = (size_t)(path_last(path) - path);
    char *folder = length ? strndup(path, length) : strdup(".");
    int fd = folder ? open(folder, FOLDER) : -1;
    int err = fd < 0 ? -errno : fd;

    free(folder);
    return err;
}

static int add_loaded_names(struct leftovers *leftovers, const char *fixture)
{
    int err;
    FILE *file = open_file(leftovers->folder, fixture, &err);

    if (file && mentions_us(file))
        err = names_in_file(leftovers, file, add_name);
    if (file)
        fclose(file);
    /* What cannot be read tells of no files that would be ours. */
    return err == -EACCES ? 0 : err;
}

int leftovers_find(struct leftovers *out, const char *output, const char *stem)
{
    struct leftovers found = {.folder = open_folder(output), .stem = strdup(stem)};
    int err = found.folder < 0 ? found.folder : 0;

    if (!err && !found.stem)
        err = -ENOMEM;
    if (!err)
        err = add_loaded_names(&found, path_last(output));
    if (err) {
        leftovers_free(&found);
        return err;
    }
    sort_names(&found);
    *out = found;
    return 0;
}

/* Removing */

/* It is no leftover: something loads it. */
static int drop_name(struct leftovers *leftovers, const char *name)
{
    char **at = leftovers->count > 0 ? bsearch(&name, leftovers->names, leftovers->count,
                                               sizeof(*leftovers->names), by_name)
                                     : NULL;
    size_t after;

    if (!at)
        return 0;
    after = leftovers->count - (size_t)(at - leftovers->names) - 1;
    free(*at);
    memmove(at, at + 1, after * sizeof(*at));
    leftovers->count--;
    return 0;
}

static int drop_loaded_names(struct leftovers *leftovers, const char *name)
{
    int err;
    FILE *file = open_file(leftovers->folder, name, &err);

    if (file) {
        err = names_in_file(leftovers, file, drop_name);
        fclose(file);
    }
    return err;
}

/* A fixture in another language may load the same files: its name has the stem before the last dot.
 */
static bool has_stem(const struct leftovers *leftovers, const char *name)
{
    size_t length = strlen(leftovers->stem);

    return !strncmp(name, leftovers->stem, length) && name[length] == '.' &&
           files_name_length(name, leftovers->stem) == 0;
}

static int drop_loaded_by_others(struct leftovers *leftovers)
{
    int copy = openat(leftovers->folder, ".", FOLDER);
    DIR *entries = copy < 0 ? NULL : fdopendir(copy);
    const struct dirent *entry;
    int err = entries ? 0 : -errno;

    if (!entries) {
        if (copy >= 0)
            close(copy);
        return err;
    }
    while (!err && (errno = 0, entry = readdir(entries))) {
        if (has_stem(leftovers, entry->d_name))
            err = drop_loaded_names(leftovers, entry->d_name);
    }
    if (!err)
        err = -errno;
    closedir(entries);
    return err;
}

int leftovers_remove(struct leftovers *leftovers, const char *output, size_t *removed)
{
    struct stat about;
    int err = drop_loaded_names(leftovers, path_last(output));

    *removed = 0;
    if (!err && leftovers->count > 0)
        err = drop_loaded_by_others(leftovers);
    for (size_t i = 0; i < leftovers->count && !err; i++) {
        const char *name = leftovers->names[i];

        if (fstatat(leftovers->folder, name, &about, AT_SYMLINK_NOFOLLOW) ||
            !S_ISREG(about.st_mode))
            continue;
        if (unlinkat(leftovers->folder, name, 0))
            err = -errno;
        else
            ++*removed;
    }
    return err;
}

void leftovers_free(struct leftovers *leftovers)
{
    for (size_t i = 0; i < leftovers->count; i++)
        free(leftovers->names[i]);
    free(leftovers->names);
    free(leftovers->stem);
    if (leftovers->folder >= 0)
        close(leftovers->folder);
    *leftovers = (struct leftovers){.folder = -1};
}
