/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Paths as text: nothing here looks at files. */
#ifndef CAPTURE_PATH_H
#define CAPTURE_PATH_H

#include <stdlib.h>
#include <string.h>

/* What stands behind the last slash: the name in its folder. */
static inline const char *path_last(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* The folder it is in, with the slash behind it, or "."; to be freed. NULL with errno set. */
static inline char *path_folder(const char *path)
{
    const char *last = path_last(path);

    return last > path ? strndup(path, (size_t)(last - path)) : strdup(".");
}

#endif
