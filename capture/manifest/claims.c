/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/manifest/claims.h"

#include <errno.h>
#include <limits.h>
#include <search.h>
#include <stdio.h>
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

static char *add_part(char *begin, char *at, bool is_absolute, const char *part, size_t length)
{
    const bool is_up = length == 2 && memcmp(part, "..", 2) == 0;
    char *back = is_up ? take_back(begin, at) : NULL;

    if (back)
        return back;
    if (length == 0 || (length == 1 && *part == '.') || (is_up && is_absolute))
        return at;
    if (at > begin || is_absolute)
        *at++ = '/';
    memcpy(at, part, length);
    return at + length;
}

/* The path without `.`, doubled slashes, and what `..` takes back. */
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

int claims_new(struct claims *claims, const char *folder)
{
    *claims = (struct claims){.folder = realpath(folder, NULL)};
    return claims->folder ? 0 : -errno;
}

/* The absolute path with its links followed, as far as it is there. NULL when there is no memory.
 */
static char *follow(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *real = realpath(path, NULL), *folder, *above, *followed;

    if (real || slash == path || strlen(path) >= PATH_MAX)
        return real ? real : strdup(path);
    folder = strndup(path, (size_t)(slash - path));
    above = folder ? follow(folder) : NULL;
    if (!above || asprintf(&followed, "%s%s", above, slash) < 0)
        followed = NULL;
    free(above);
    free(folder);
    return followed;
}

char *path_whole(const char *folder, const char *path)
{
    char *joined, *followed, *whole;

    if (asprintf(&joined, "%s/%s", *path == '/' ? "" : folder, path) < 0)
        return NULL;
    followed = follow(joined);
    whole = followed ? plain_path(followed) : NULL;
    free(followed);
    free(joined);
    return whole;
}

int claims_add(struct claims *claims, const char *path)
{
    char *whole = path_whole(claims->folder, path), **found;

    if (!whole)
        return -ENOMEM;
    found = tsearch(whole, &claims->tree, compare);
    if (found && *found == whole)
        return 0;
    free(whole);
    return found ? -EEXIST : -ENOMEM;
}

void claims_free(struct claims *claims)
{
    tdestroy(claims->tree, free);
    free(claims->folder);
    *claims = (struct claims){0};
}

bool paths_agree(const char *folder, const char *a, const char *b)
{
    char *whole_a = path_whole(folder, a), *whole_b = path_whole(folder, b);
    const bool agree = whole_a && whole_b && strcmp(whole_a, whole_b) == 0;

    free(whole_a);
    free(whole_b);
    return agree;
}
