/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/manifest/files.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* What `..` takes back, unless that is a `..` itself, or there is nothing. */
static char *take_back(char *begin, char *at)
{
    char *slash;

    *at = '\0';
    slash = strrchr(begin, '/');
    if (at == begin || strcmp(slash ? slash + 1 : begin, "..") == 0)
        return NULL;
    return slash ? slash : begin;
}

static char *add_part(char *begin, char *at, bool is_first, const char *part, size_t length)
{
    char *back = length == 2 && memcmp(part, "..", 2) == 0 ? take_back(begin, at) : NULL;

    if (back)
        return back;
    if (length == 0 || (length == 1 && *part == '.'))
        return at;
    if (at > begin || is_first)
        *at++ = '/';
    memcpy(at, part, length);
    return at + length;
}

/* The one way to spell a path: without `.`, doubled slashes, and what `..` takes back. */
static char *plain_path(const char *path)
{
    const bool is_absolute = *path == '/';
    char *plain = malloc(strlen(path) + 2), *at = plain;

    while (plain && *path) {
        const size_t length = strcspn(path, "/");

        at = add_part(plain, at, is_absolute, path, length);
        path += length + (path[length] == '/');
    }
    if (plain)
        *at = '\0';
    return plain;
}

int files_claim(struct files *files, const char *path)
{
    char *plain = plain_path(path), **found;

    if (!plain)
        return -ENOMEM;
    found = tsearch(plain, &files->tree, compare);
    if (found && *found == plain)
        return 0;
    free(plain);
    return found ? -EEXIST : -ENOMEM;
}

void files_free(struct files *files)
{
    tdestroy(files->tree, free);
    files->tree = NULL;
}

bool files_same(const char *a, const char *b)
{
    char *plain_a = plain_path(a), *plain_b = plain_path(b);
    const bool same = plain_a && plain_b && strcmp(plain_a, plain_b) == 0;

    free(plain_a);
    free(plain_b);
    return same;
}
