/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/ancillary.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/text.h"

static size_t size_for(size_t count)
{
    return sizeof(struct ancillary) + count * sizeof(struct control);
}

size_t ancillary_size(const struct ancillary *ancillary)
{
    return ancillary ? size_for(ancillary->count) : 0;
}

int ancillary_copy(struct ancillary **out, const struct ancillary *ancillary)
{
    struct ancillary *copy = NULL;

    if (ancillary) {
        copy = malloc(ancillary_size(ancillary));
        if (!copy)
            return -ENOMEM;
        memcpy(copy, ancillary, ancillary_size(ancillary));
    }
    *out = copy;
    return 0;
}

/* Makes room for so many more control messages. Returns 0 or -ENOMEM. */
static int grow(struct ancillary **ancillary, size_t more)
{
    size_t count = *ancillary ? (*ancillary)->count : 0;
    struct ancillary *grown = realloc(*ancillary, size_for(count + more));

    if (!grown)
        return -ENOMEM;
    if (!*ancillary)
        *grown = (struct ancillary){0};
    *ancillary = grown;
    return 0;
}

int ancillary_add(struct ancillary **ancillary, const struct control *control)
{
    int err = grow(ancillary, 1);

    if (!err)
        (*ancillary)->controls[(*ancillary)->count++] = *control;
    return err;
}

int ancillary_cut(struct ancillary **ancillary)
{
    int err = *ancillary ? 0 : grow(ancillary, 0);

    if (!err)
        (*ancillary)->cut = true;
    return err;
}

bool control_init(struct control *control, int32_t level, int32_t type, uint32_t length)
{
    memset(control, 0, sizeof(*control));
    if (level == SOL_SOCKET && type == SCM_RIGHTS) {
        control->kind = CONTROL_DESCRIPTORS;
        control->descriptors.count = length / sizeof(int);
        return control->descriptors.count > 0;
    }
    if (level == SOL_SOCKET && type == SCM_CREDENTIALS) {
        control->kind = CONTROL_CREDENTIALS;
        return true;
    }
    control->kind = CONTROL_OTHER;
    control->other.level = level;
    control->other.type = type;
    control->other.length = length;
    return true;
}

/* Saying what they are */

static const char *const descriptor_names[KIND_COUNT] = {
    [KIND_UNKNOWN] = "unknown", [KIND_FILE] = "file",       [KIND_DIRECTORY] = "directory",
    [KIND_PIPE] = "pipe",       [KIND_DEVICE] = "device",   [KIND_SOCKET] = "socket",
    [KIND_EVENTFD] = "eventfd", [KIND_EPOLL] = "epoll",     [KIND_MEMFD] = "memfd",
    [KIND_PIDFD] = "pidfd",     [KIND_TIMERFD] = "timerfd", [KIND_SIGNALFD] = "signalfd",
    [KIND_INOTIFY] = "inotify", [KIND_OTHER] = "other",
};

const char *descriptor_name(enum descriptor_kind kind)
{
    return descriptor_names[kind < KIND_COUNT ? kind : KIND_UNKNOWN];
}

int descriptor_find(const char *name)
{
    for (int kind = 0; kind < KIND_COUNT; kind++)
        if (strcmp(descriptor_names[kind], name) == 0)
            return kind;
    return -1;
}

void descriptors_print(FILE *file, const struct control *control)
{
    const uint8_t *kinds = control->descriptors.kinds;
    size_t count = control->descriptors.count, alike;

    for (size_t i = 0; i < count; i += alike) {
        for (alike = 1; i + alike < count && kinds[i + alike] == kinds[i];)
            alike++;
        if (i > 0)
            fputs(", ", file);
        if (alike > 1)
            fprintf(file, "%zu x ", alike);
        fputs(descriptor_name(kinds[i]), file);
    }
}

void control_print(FILE *file, const struct control *control, bool with_pid)
{
    size_t count = control->descriptors.count;

    switch (control->kind) {
    case CONTROL_DESCRIPTORS:
        fprintf(file, "%zu file descriptor%s (", count, text_counted(count, "", "s"));
        descriptors_print(file, control);
        putc(')', file);
        break;
    case CONTROL_CREDENTIALS:
        fputs("credentials (", file);
        if (with_pid)
            fprintf(file, "pid %" PRIu32 ", ", control->credentials.pid);
        fprintf(file, "uid %" PRIu32 ", gid %" PRIu32 ")", control->credentials.uid,
                control->credentials.gid);
        break;
    case CONTROL_OTHER:
        fprintf(file, "a control message (level %" PRId32 ", type %" PRId32 ", length %" PRIu32 ")",
                control->other.level, control->other.type, control->other.length);
        break;
    }
}
