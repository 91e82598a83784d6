/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "emit/library.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/rights.h"
#include "capture/text.h"
#include "emit/embedded.h"

enum { FILE_MAX = 1 << 20 };

static const char suffix[] = ".mustache";
static const size_t built_in = SIZE_MAX; /* behind all folders */

/* A template that is known by name, and where it is. */
struct entry {
    char *name;
    char *path; /* NULL: it is built in */
    size_t folder;
};

struct library {
    struct entry *entries; /* in the order of their names */
    size_t count;
};

int library_user_folder(char **out)
{
    static const char below[] = "sockfixture/templates";
    const char *config = secure_getenv("XDG_CONFIG_HOME");
    const char *home = secure_getenv("HOME");
    const struct passwd *entry = NULL;
    uid_t user = getuid();
    gid_t group;
    int length;

    *out = NULL;
    if (config && *config == '/') {
        length = asprintf(out, "%s/%s", config, below);
    } else {
        if (rights_caller(&user, &group) || !home || *home != '/')
            entry = getpwuid(user);
        home = entry ? entry->pw_dir : home;
        if (!home || *home != '/')
            return 0;
        length = asprintf(out, "%s/.config/%s", home, below);
    }
    if (length < 0)
        *out = NULL;
    return length < 0 ? -ENOMEM : 0;
}

/* The list of what there is. */

static const struct entry *find_entry(const struct library *library, const char *name)
{
    for (size_t i = 0; i < library->count; i++) {
        if (!strcmp(library->entries[i].name, name))
            return &library->entries[i];
    }
    return NULL;
}

/* Takes over the path. */
static int add_entry(struct library *library, const char *name, size_t length, char *path,
                     size_t folder)
{
    struct entry *entries =
        reallocarray(library->entries, library->count + 1, sizeof(*library->entries));
    char *copy = strndup(name, length);

    if (entries)
        library->entries = entries;
    if (!entries || !copy || find_entry(library, copy)) {
        free(path);
        free(copy);
        return entries && copy ? 0 : -ENOMEM;
    }
    library->entries[library->count++] = (struct entry){copy, path, folder};
    return 0;
}

/* The length of the name of the template in a file called so; 0 when it is none. */
static size_t template_name(const char *file)
{
    size_t length = strlen(file), tail = strlen(suffix);

    return *file != '.' && length > tail && !strcmp(file + length - tail, suffix) ? length - tail
                                                                                  : 0;
}

static int list_entries(struct library *library, const char *folder, size_t number, DIR *files)
{
    const struct dirent *file;
    int err = 0;
    size_t length;
    char *path;

    while (!err && (errno = 0, file = readdir(files))) {
        length = template_name(file->d_name);
        if (length == 0)
            continue;
        if (asprintf(&path, "%s/%s", folder, file->d_name) < 0)
            return -ENOMEM;
        err = add_entry(library, file->d_name, length, path, number);
    }
    return err ? err : -errno;
}

static int list_folder(struct library *library, const struct library_folder *folder, size_t number)
{
    DIR *files = opendir(folder->path);
    int err;

    if (files) {
        err = list_entries(library, folder->path, number, files);
        closedir(files);
    } else {
        err = -errno;
        if (folder->optional && (err == -ENOENT || err == -ENOTDIR || err == -EACCES))
            err = 0;
    }
    return err;
}

static int list_embedded(struct library *library)
{
    int err = 0;

    for (size_t i = 0; i < embedded_templates_count && !err; i++)
        err = add_entry(library, embedded_templates[i].name, strlen(embedded_templates[i].name),
                        NULL, built_in);
    return err;
}

static int by_name(const void *one, const void *other)
{
    return strcmp(((const struct entry *)one)->name, ((const struct entry *)other)->name);
}

int library_new(struct library **out, const struct library_folder *folders, size_t count,
                struct template_error *error)
{
    struct library *library = calloc(1, sizeof(*library));
    int err = library ? 0 : -ENOMEM;
    size_t i;

    for (i = 0; i < count && !err; i++)
        err = list_folder(library, &folders[i], i);
    if (err && library) {
        library_free(library);
        return template_fail(error, err, folders[i - 1].path, "%s%s", strerror(-err),
                             rights_hint(err));
    }
    if (!err)
        err = list_embedded(library);
    if (err) {
        library_free(library);
        return template_fail(error, err, "", "out of memory");
    }
    qsort(library->entries, library->count, sizeof(*library->entries), by_name);
    *out = library;
    return 0;
}

void library_free(struct library *library)
{
    if (!library)
        return;
    for (size_t i = 0; i < library->count; i++) {
        free(library->entries[i].name);
        free(library->entries[i].path);
    }
    free(library->entries);
    free(library);
}

const char *library_name(const struct library *library, size_t index)
{
    if (!library)
        return index < embedded_templates_count ? embedded_templates[index].name : NULL;
    return index < library->count ? library->entries[index].name : NULL;
}

/* Reading. */

/* A byte order mark is no part of a template. */
static void drop_mark(struct library_text *text)
{
    const size_t mark = utf8_mark_length(text->text, text->length);

    text->length -= mark;
    memmove(text->text, text->text + mark, text->length);
}

static int read_all(int fd, struct library_text *out)
{
    FILE *file = fdopen(fd, "r");
    int err = 0;

    if (!file) {
        err = -errno;
        close(fd);
        return err;
    }
    out->text = malloc(FILE_MAX + 1);
    if (!out->text) {
        err = -ENOMEM;
    } else {
        out->length = fread(out->text, 1, FILE_MAX + 1, file);
        if (ferror(file))
            err = -errno;
        else if (out->length > FILE_MAX)
            err = -EFBIG;
        drop_mark(out);
    }
    fclose(file);
    return err;
}

static int fail_to_read(const char *path, int err, struct template_error *error)
{
    if (err == -EFBIG)
        return template_fail(error, err, path, "expected a template of at most %d bytes", FILE_MAX);
    return template_fail(error, err, path, "cannot read the template: %s%s", strerror(-err),
                         rights_hint(err));
}

int library_read_file(const char *path, struct library_text *out, struct template_error *error)
{
    struct library_text text = {.path = strdup(path)};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int err = fd < 0 ? -errno : read_all(fd, &text);

    if (!err && !text.path)
        err = -ENOMEM;
    if (err) {
        library_text_free(&text);
        return fail_to_read(path, err, error);
    }
    *out = text;
    return 0;
}

/* Nothing but a file: a pipe in the folder would be waited for. */
static int open_entry(const struct entry *entry)
{
    int fd = open(entry->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    int err = 0;
    struct stat file;

    if (fd < 0 || fstat(fd, &file))
        err = -errno;
    else if (!S_ISREG(file.st_mode))
        err = S_ISDIR(file.st_mode) ? -EISDIR : -EINVAL;
    if (err && fd >= 0)
        close(fd);
    return err ? err : fd;
}

static int read_entry(const struct entry *entry, struct library_text *out,
                      struct template_error *error)
{
    struct library_text text = {.path = strdup(entry->path), .folder = entry->folder};
    int fd = open_entry(entry);
    int err = fd < 0 ? fd : read_all(fd, &text);

    if (!err && !text.path)
        err = -ENOMEM;
    if (err) {
        library_text_free(&text);
        err = fail_to_read(entry->path, err, error);
        /* That is for a name that is none, and this one was there. */
        return err == -ENOENT ? -EIO : err;
    }
    *out = text;
    return 0;
}

static int read_embedded(const char *name, struct library_text *out, struct template_error *error)
{
    struct library_text text = {.folder = built_in};

    for (size_t i = 0; i < embedded_templates_count; i++) {
        if (strcmp(embedded_templates[i].name, name))
            continue;
        text.length = embedded_templates[i].length;
        text.text = malloc(text.length + 1);
        if (!text.text)
            return template_fail(error, -ENOMEM, name, "out of memory");
        memcpy(text.text, embedded_templates[i].text, text.length);
        *out = text;
        return 0;
    }
    return -ENOENT;
}

int library_read(const struct library *library, const char *name, struct library_text *out,
                 struct template_error *error)
{
    const struct entry *entry = library ? find_entry(library, name) : NULL;

    return entry && entry->path ? read_entry(entry, out, error) : read_embedded(name, out, error);
}

void library_text_free(struct library_text *text)
{
    free(text->path);
    free(text->text);
    *text = (struct library_text){0};
}
