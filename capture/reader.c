/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A new kind of dump is a file that ends in a struct reader, and a line in this list. */
#include "capture/reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

const struct reader *const readers[] = {
    &reader_recording, &reader_strace, &reader_sockdump, &reader_bpftrace,
    &reader_socat,     &reader_raw,    &reader_pcap,     NULL,
};

const struct reader *reader_find(const char *name)
{
    for (size_t i = 0; readers[i]; i++)
        if (strcmp(readers[i]->name, name) == 0)
            return readers[i];
    return NULL;
}

const struct reader *reader_look(const uint8_t *bytes, size_t size)
{
    const struct reader *surest = NULL;
    int most = 0;

    for (size_t i = 0; readers[i]; i++) {
        int sure = readers[i]->looks(bytes, size);

        if (sure > most) {
            most = sure;
            surest = readers[i];
        }
    }
    return surest;
}

int reading_fail(struct reading *reading, const struct dump *dump, size_t line, const char *format,
                 ...)
{
    struct reading_error *error = &reading->error;
    va_list arguments;

    error->path = dump->path;
    error->line = line;
    error->column = 1;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof(error->text), format, arguments);
    va_end(arguments);
    return -EINVAL;
}

void reading_lacks(struct reading *reading, const struct dump *dump, const char *format, ...)
{
    char what[512], text[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    snprintf(text, sizeof(text), "%.400s: incomplete: %s", dump->path, what);
    reading->say(reading->context, text);
    reading->incomplete = true;
}

void reading_is_cut(struct reading *reading, const struct dump *dump, const char *end)
{
    reading_lacks(reading, dump, "it ends before its %s", end);
    reading->cut_short = true;
}

int reading_slurp(struct reading *reading, const struct dump *dump, char **text, size_t *size)
{
    size_t room = 1 << 16, have = 0, got = 0;
    char *all = malloc(room), *more = all;
    int err;

    while (more && (got = fread(all + have, 1, room - have - 1, dump->file)) > 0) {
        have += got;
        if (room - have > 1)
            continue;
        room *= 2;
        more = realloc(all, room);
        all = more ? more : all;
    }
    if (more && !ferror(dump->file)) {
        all[have] = '\0';
        *text = all;
        *size = have;
        return 0;
    }
    err = more ? (errno ? -errno : -EIO) : -ENOMEM;
    free(all);
    reading_fail(reading, dump, 0, "%s", strerror(-err));
    return err;
}

size_t reading_drop_returns(char *text, size_t size)
{
    size_t kept = 0;

    for (size_t i = 0; i < size; i++)
        if (text[i] != '\r' || i + 1 == size || text[i + 1] != '\n')
            text[kept++] = text[i];
    return kept;
}
