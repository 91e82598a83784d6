/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Paths as text: nothing here looks at files. */
#ifndef CAPTURE_PATH_H
#define CAPTURE_PATH_H

#include <string.h>

/* What stands behind the last slash: the name in its folder. */
static inline const char *path_last(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

#endif
