/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "emit/fresh.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/memory_file.h"
#include "emit/files.h"

struct check {
    const struct language *language;
    const char *output;
    struct stale_file *stale;
};

/* Does the file hold this? *line is then where it does not, 0 when there is none. Returns -errno
 * when that cannot be told. */
static int holds(bool *out, const char *path, const uint8_t *data, size_t length, size_t *line)
{
    FILE *file = fopen(path, "re");
    size_t at = 0;
    int byte, err;

    *out = false;
    *line = file ? 1 : 0;
    if (!file)
        return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
    while ((byte = getc_unlocked(file)) != EOF && at < length && byte == data[at])
        *line += data[at++] == '\n';
    err = ferror(file) ? -errno : 0;
    fclose(file);
    *out = byte == EOF && at == length;
    return err;
}

/* Takes over the path, of which NULL stands for no memory. */
static int check_file(struct check *check, char *path, const uint8_t *data, size_t length)
{
    size_t line = 0;
    bool is_fresh = true;
    int err = 0;

    if (!path)
        return -ENOMEM;
    if (!check->stale->path)
        err = holds(&is_fresh, path, data, length, &line);
    if (err || !is_fresh)
        *check->stale = (struct stale_file){path, line, err};
    else
        free(path);
    return 0;
}

/* The path of one of the fixture's files; NULL when there is no memory. */
static char *path_of(const struct check *check, const char *name)
{
    const char *slash = strrchr(check->output, '/');
    char *path;
    int length;

    if (check->language->folder)
        length = asprintf(&path, "%s/%s", check->output, name);
    else
        length = asprintf(&path, "%.*s%s", slash ? (int)(slash + 1 - check->output) : 0,
                          check->output, name);
    return length < 0 ? NULL : path;
}

static int check_message(void *context, const char *name, const struct said *said)
{
    struct check *check = context;

    return check_file(check, path_of(check, name), said->data, said->length);
}

int fresh_check(const struct fixture *fixture, struct language *language, const char *output,
                struct stale_file *stale, struct template_error *error)
{
    struct check check = {language, output, stale};
    char *text = NULL;
    size_t size = 0;
    FILE *out = memory_file_open(&text, &size);
    int err;

    *stale = (struct stale_file){0};
    if (!out)
        return template_fail(error, -ENOMEM, language->name, "out of memory");
    err = fixture_print(fixture, language, out, error);
    if (fclose(out) && !err)
        err = -ENOMEM;
    if (!err)
        err =
            check_file(&check, language->folder ? path_of(&check, language->index) : strdup(output),
                       (const uint8_t *)text, size);
    if (!err && (language->folder || fixture->stem))
        err = files_each(fixture, check_message, &check);
    free(text);
    return err;
}

int fresh_check_bytes(const char *path, const void *data, size_t length, struct stale_file *stale)
{
    struct check check = {.stale = stale};

    *stale = (struct stale_file){0};
    return check_file(&check, strdup(path), data, length);
}
