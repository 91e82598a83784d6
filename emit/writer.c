/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "emit/writer.h"

#include <string.h>
#include <strings.h>

#include "capture/path.h"

const struct writer *const writers[] = {&writer_pcapng, NULL};

const struct writer *writer_find(const char *name)
{
    for (size_t i = 0; writers[i]; i++)
        if (!strcmp(writers[i]->name, name))
            return writers[i];
    return NULL;
}

const struct writer *writer_for_file(const char *path)
{
    const char *dot = strrchr(path_last(path), '.');

    for (size_t i = 0; dot && writers[i]; i++)
        if (!strcasecmp(dot + 1, writers[i]->extension))
            return writers[i];
    return NULL;
}
