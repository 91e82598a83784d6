/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The kinds of framing, and how they are named on the command line. */
#include "capture/frame.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/text.h"

enum { OFFSET_MAX = 65535 };

#define MORE_MAX ((int64_t)1 << 40)

const struct framer *const framers[] = {
    &framer_line, &framer_nul,  &framer_crlf,     &framer_len, &framer_http,
    &framer_dbus, &framer_resp, &framer_postgres, NULL,
};

/* A number that *text begins with, from 0 to max; *text is then what is behind it. */
static bool read_number(const char **text, uint64_t max, uint64_t *number)
{
    char *end;

    if (!isdigit((unsigned char)**text))
        return false;
    errno = 0;
    *number = strtoull(*text, &end, 10);
    *text = end;
    return errno == 0 && *number <= max;
}

static bool read_more(const char *text, int64_t *more)
{
    bool negative = *text == '-';
    uint64_t number;

    if (*text != '-' && *text != '+')
        return false;
    text++;
    if (!read_number(&text, MORE_MAX, &number) || *text)
        return false;
    *more = negative ? -(int64_t)number : (int64_t)number;
    return true;
}

/* What stands behind "len": :OFFSET:SIZE[:be|le][:+N] */
static bool read_length(const char *text, struct frame_length *length)
{
    static const char sizes[] = {1, 2, 3, 4, 8};
    uint64_t offset, size;

    if (*text++ != ':' || !read_number(&text, OFFSET_MAX, &offset) || *text++ != ':' ||
        !read_number(&text, 8, &size) || !memchr(sizes, (int)size, sizeof(sizes)))
        return false;
    *length = (struct frame_length){.offset = offset, .size = size};
    if (text_begins(text, ":be") || text_begins(text, ":le")) {
        length->little_endian = text[1] == 'l';
        text += 3;
    }
    return !*text || (*text == ':' && read_more(text + 1, &length->more));
}

int framing_parse(struct framing *framing, const char *text)
{
    size_t length = strcspn(text, ":");

    for (size_t i = 0; framers[i]; i++) {
        if (strlen(framers[i]->name) != length || memcmp(framers[i]->name, text, length) != 0)
            continue;
        *framing = (struct framing){.framer = framers[i]};
        if (framers[i] == &framer_len)
            return read_length(text + length, &framing->length) ? 0 : -EINVAL;
        return text[length] ? -EINVAL : 0;
    }
    return -ENOENT;
}

int frame_wrong(struct frame_step *step, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(step->wrong, sizeof(step->wrong), format, arguments);
    va_end(arguments);
    return FRAME_WRONG;
}

size_t frame_line(const uint8_t *data, size_t length, size_t *content)
{
    const uint8_t *end = memchr(data, '\n', length);

    if (!end)
        return 0;
    *content = (size_t)(end - data);
    if (*content && data[*content - 1] == '\r')
        (*content)--;
    return (size_t)(end - data) + 1;
}
