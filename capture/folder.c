/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Whatever may be a user's own folder is looked at by descriptors and without following links, so
 * that nobody can lead a privileged process elsewhere.
 */
#include "capture/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/planted.h"
#include "capture/signals.h"

enum { FOLDER = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, INDEX_HEAD = 4096 };

/* Calls `each` with the name of everything in the folder, until it does not return 0. */
static int for_each_name(int fd, int (*each)(int fd, const char *name, void *context),
                         void *context)
{
    int copy = openat(fd, ".", FOLDER);
    DIR *entries = copy < 0 ? NULL : fdopendir(copy);
    const struct dirent *entry;
    int status = 0;

    if (!entries) {
        status = -errno;
        if (copy >= 0)
            close(copy);
        return status;
    }
    while (!status && (errno = 0, entry = readdir(entries))) {
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
            status = each(fd, entry->d_name, context);
    }
    if (!status && errno)
        status = -errno;
    closedir(entries);
    return status;
}

/* Removing */

static int remove_name(int fd, const char *name, void *context)
{
    int inner;
    int status;

    (void)context;
    if (unlinkat(fd, name, 0) == 0)
        return 0;
    if (errno != EISDIR)
        return -errno;
    inner = openat(fd, name, FOLDER);
    if (inner < 0)
        return -errno;
    status = for_each_name(inner, remove_name, NULL);
    close(inner);
    if (!status && unlinkat(fd, name, AT_REMOVEDIR))
        status = -errno;
    return status;
}

/* Checking */

struct check {
    const struct folder_rules *rules;
    const char *outer; /* the name of the folder within, and a slash; or "" */
    bool index;        /* it is there */
    char *other;       /* the first file that is not ours, or may be not */
    size_t size;
};

static bool mentions_us(int fd, const char *name)
{
    static const char us[] = "sockfixture";
    char head[INDEX_HEAD];
    ssize_t length = -1;
    int file = openat(fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (file >= 0) {
        length = read(file, head, sizeof(head));
        close(file);
    }
    return length > 0 && memmem(head, (size_t)length, us, strlen(us));
}

static int check_name(int fd, const char *name, void *context)
{
    struct check *check = context;
    struct stat file;
    struct check within = *check;
    char path[NAME_MAX + 16];
    int inner;
    int status;

    if (fstatat(fd, name, &file, AT_SYMLINK_NOFOLLOW))
        return -errno;
    snprintf(path, sizeof(path), "%s%s", check->outer, name);
    snprintf(check->other, check->size, "%s", path);
    if (!*check->outer && S_ISREG(file.st_mode) && !strcmp(name, check->rules->index)) {
        check->index = mentions_us(fd, name);
        if (check->index)
            return 0;
    } else if (S_ISREG(file.st_mode) && check->rules->ours(path)) {
        return 0;
    } else if (!*check->outer && S_ISDIR(file.st_mode) && name[strspn(name, "0123456789")] == 0) {
        inner = openat(fd, name, FOLDER);
        if (inner < 0)
            return -errno;
        strcat(path, "/");
        within.outer = path;
        status = for_each_name(inner, check_name, &within);
        close(inner);
        return status;
    }
    return -ENOTEMPTY;
}

int folder_check(const char *path, const struct folder_rules *rules, char *other, size_t size)
{
    struct check check = {.rules = rules, .outer = "", .other = other, .size = size};
    struct stat file;
    int fd;
    int status;

    if (lstat(path, &file))
        return errno == ENOENT ? 0 : -errno;
    fd = open(path, FOLDER);
    if (fd < 0)
        return -errno;
    *other = '\0';
    status = for_each_name(fd, check_name, &check);
    close(fd);
    return !status && *other && !check.index ? -ENOTEMPTY : status;
}

/* Writing */

static char *without_slashes(const char *path)
{
    size_t length = strlen(path);

    while (length > 1 && path[length - 1] == '/')
        length--;
    return strndup(path, length);
}

static int make_private(struct folder *folder)
{
    if (!mkdtemp(folder->temporary))
        return -errno;
    folder->fd = open(folder->temporary, FOLDER);
    return folder->fd < 0 ? -errno : 0;
}

int folder_open(struct folder *out, const char *path)
{
    struct folder folder = {.path = without_slashes(path), .fd = -1};
    int status = -ENOMEM;
    sigset_t ending;

    if (!folder.path)
        return -ENOMEM;
    sigemptyset(&ending);
    signals_add(&ending);
    sigprocmask(SIG_BLOCK, &ending, &folder.mask);
    folder.umask = umask(0077);
    if (asprintf(&folder.temporary, "%s.XXXXXX", folder.path) < 0)
        folder.temporary = NULL;
    if (folder.temporary)
        status = make_private(&folder);
    if (status)
        folder_discard(&folder);
    else
        *out = folder;
    return status;
}

/* The folder that the name says the file is in; -1 with errno set. */
static int open_inner(struct folder *folder, const char *name, const char *slash)
{
    char inner[NAME_MAX + 1];

    if ((size_t)(slash - name) >= sizeof(inner)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(inner, name, (size_t)(slash - name));
    inner[slash - name] = '\0';
    if (mkdirat(folder->fd, inner, 0700) && errno != EEXIST)
        return -1;
    return openat(folder->fd, inner, FOLDER);
}

FILE *folder_create(struct folder *folder, const char *name)
{
    const char *slash = strchr(name, '/');
    int in = slash ? open_inner(folder, name, slash) : folder->fd;
    FILE *file = NULL;
    int fd;

    if (in < 0)
        return NULL;
    fd = openat(in, slash ? slash + 1 : name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0)
        file = fdopen(fd, "w");
    if (fd >= 0 && !file)
        close(fd);
    if (slash)
        close(in);
    return file;
}

/* Putting in place */

/* For file systems that cannot exchange two names: for a moment there is no folder. */
static int exchange_by_turns(struct folder *folder)
{
    char *aside;
    int status = 0;

    if (asprintf(&aside, "%s.XXXXXX", folder->path) < 0)
        return -ENOMEM;
    if (!mkdtemp(aside) || rename(folder->path, aside)) {
        status = -errno;
    } else if (rename(folder->temporary, folder->path)) {
        status = -errno;
        rename(aside, folder->path);
    }
    if (status) {
        free(aside);
        return status;
    }
    free(folder->temporary);
    folder->temporary = aside;
    return 0;
}

/* The old folder goes where the new one was, to be removed there. */
static int exchange_folders(struct folder *folder, int old)
{
    struct stat about;

    if (fstat(old, &about))
        return -errno;
    if (!planted(AT_FDCWD, folder->path) && fchmod(folder->fd, about.st_mode & 0777))
        return -errno;
    if (renameat2(AT_FDCWD, folder->temporary, AT_FDCWD, folder->path, RENAME_EXCHANGE) == 0)
        return 0;
    return errno == EINVAL ? exchange_by_turns(folder) : -errno;
}

static int put_where_none_is(struct folder *folder)
{
    if (rename(folder->temporary, folder->path))
        return -errno;
    free(folder->temporary);
    folder->temporary = NULL;
    return 0;
}

int folder_commit(struct folder *folder)
{
    int old, status;

    if (syncfs(folder->fd))
        return -errno;
    old = open(folder->path, FOLDER);
    if (old < 0)
        return errno == ENOENT ? put_where_none_is(folder) : -errno;
    status = exchange_folders(folder, old);
    if (status) {
        close(old);
        return status;
    }
    close(folder->fd);
    folder->fd = old;
    return 0;
}

/* Keeps the mode that the file of that name had, as output_open() does. */
static int pour_name(int fd, const char *name, void *context)
{
    const int *beside = context;
    struct stat old;

    if (fstatat(*beside, name, &old, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(old.st_mode) &&
        !planted(*beside, name) && fchmodat(fd, name, old.st_mode & 0777, 0))
        return -errno;
    return renameat(fd, name, *beside, name) ? -errno : 0;
}

int folder_pour(struct folder *folder)
{
    int beside = openat(folder->fd, "..", FOLDER);
    int status;

    if (beside < 0)
        return -errno;
    status = syncfs(folder->fd) ? -errno : for_each_name(folder->fd, pour_name, &beside);
    close(beside);
    return status;
}

int folder_remove(struct folder *folder)
{
    int err;

    if (!folder->temporary)
        return 0;
    err = folder->fd < 0 ? 0 : for_each_name(folder->fd, remove_name, NULL);
    if (rmdir(folder->temporary)) /* it may be empty though nobody could look into it */
        return err ? err : -errno;
    free(folder->temporary);
    folder->temporary = NULL;
    return 0;
}

void folder_discard(struct folder *folder)
{
    const sigset_t mask = folder->mask;
    const mode_t former = folder->umask;

    if (!folder->path)
        return;
    folder_remove(folder);
    if (folder->fd >= 0)
        close(folder->fd);
    free(folder->temporary);
    free(folder->path);
    *folder = (struct folder){.fd = -1};
    umask(former);
    sigprocmask(SIG_SETMASK, &mask, NULL);
}
