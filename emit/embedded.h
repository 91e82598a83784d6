/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The templates that are compiled in; templates/embed.sh writes what is declared here. */
#ifndef EMIT_EMBEDDED_H
#define EMIT_EMBEDDED_H

#include <stddef.h>

struct embedded {
    const char *name;
    const char *text;
    size_t length;
};

extern const struct embedded embedded_templates[];
extern const size_t embedded_templates_count;

#endif
