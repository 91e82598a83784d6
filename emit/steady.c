/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "emit/steady.h"

enum { BUFFER = 256 << 10, REST = 8 << 20 };

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
    FILE *stream;

    *steady = (struct steady){.out = out, .arena = arena};
    stream = fopencookie(steady, "w", functions);
    if (stream && setvbuf(stream, NULL, _IOFBF, BUFFER)) {
        fclose(stream);
        stream = NULL;
    }
    return stream;
}
