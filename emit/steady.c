/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "emit/steady.h"

enum { REST = 8 << 20 };

static ssize_t pass(void *cookie, const char *text, size_t length)
{
    struct steady *steady = cookie;

    steady->passed += length;
    if (steady->passed > REST) {
        steady->passed = 0;
        arena_rest(steady->arena);
    }
    return (ssize_t)fwrite_unlocked(text, 1, length, steady->out);
}

FILE *steady_open(struct steady *steady, FILE *out, const struct arena *arena)
{
    cookie_io_functions_t functions = {.write = pass};

    *steady = (struct steady){.out = out, .arena = arena};
    return fopencookie(steady, "w", functions);
}
