/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Control messages, as strace shows them. What it shows in a way unknown here is told as cut. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/ancillary.h"
#include "capture/strace.h"
#include "capture/text.h"

/* The numbers behind the names that strace has for them. */
struct known {
    const char *name;
    int32_t number;
};

static const struct known levels[] = {
    {"SOL_SOCKET", 1}, {"SOL_IP", 0},   {"IPPROTO_IP", 0}, {"SOL_IPV6", 41},
    {"SOL_TCP", 6},    {"SOL_UDP", 17}, {NULL, 0},
};

static const struct known socket_types[] = {
    {"SCM_RIGHTS", 1},
    {"SCM_CREDENTIALS", 2},
    {"SCM_SECURITY", 3},
    {"SCM_PIDFD", 4},
    {"SO_TIMESTAMP_OLD", 29},
    {"SCM_TIMESTAMP", 29},
    {"SO_TIMESTAMPNS_OLD", 35},
    {"SCM_TIMESTAMPNS", 35},
    {"SO_TIMESTAMPING_OLD", 37},
    {"SCM_TIMESTAMPING", 37},
    {"SCM_TIMESTAMPING_OPT_STATS", 54},
    {"SO_TIMESTAMP_NEW", 63},
    {"SO_TIMESTAMPNS_NEW", 64},
    {"SO_TIMESTAMPING_NEW", 65},
    {NULL, 0},
};

static const struct known ip_types[] = {
    {"IP_TOS", 1},        {"IP_TTL", 2},      {"IP_RECVOPTS", 6},     {"IP_RETOPTS", 7},
    {"IP_PKTINFO", 8},    {"IP_RECVERR", 11}, {"IP_ORIGDSTADDR", 20}, {"IP_CHECKSUM", 23},
    {"SCM_SECURITY", 18}, {NULL, 0},
};

static const struct known no_types[] = {{NULL, 0}};

static bool find_number(struct slice name, const struct known *all, int32_t *number)
{
    int64_t value;

    for (; all->name; all++) {
        if (slice_is(name, all->name)) {
            *number = all->number;
            return true;
        }
    }
    if (!slice_number(name, &value) || value < INT32_MIN || value > INT32_MAX)
        return false;
    *number = (int32_t)value;
    return true;
}

/* What -y and -yy tell of a descriptor, by how that begins. A path can be of a file or a directory.
 */
static const struct {
    const char *begins;
    enum descriptor_kind kind;
} kinds[] = {
    {"pipe:", KIND_PIPE},
    {"anon_inode:[eventfd]", KIND_EVENTFD},
    {"{eventfd-count=", KIND_EVENTFD}, /* since strace 6.10 */
    {"anon_inode:[eventpoll]", KIND_EPOLL},
    {"anon_inode:[pidfd]", KIND_PIDFD},
    {"pid:", KIND_PIDFD},
    {"anon_inode:[timerfd]", KIND_TIMERFD},
    {"anon_inode:[signalfd]", KIND_SIGNALFD},
    {"signalfd:", KIND_SIGNALFD},
    {"anon_inode:inotify", KIND_INOTIFY},
    {"anon_inode:", KIND_OTHER},
    {"/memfd:", KIND_MEMFD},
};

static enum descriptor_kind kind_of(struct strace *strace, struct strace_thread *thread,
                                    struct slice descriptor)
{
    struct strace_facts facts;
    char text[256];

    slice_annotation(descriptor, text, sizeof(text));
    if (strace_annotation(descriptor, &facts) && facts.is_socket)
        return KIND_SOCKET;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
        if (text_begins(text, kinds[i].begins))
            return kinds[i].kind;
    if (strstr(text, "<char ") || strstr(text, "<block "))
        return KIND_DEVICE;
    return !text[0] && strace_socket_of(strace, thread, descriptor) ? KIND_SOCKET : KIND_UNKNOWN;
}

/* Each of these returns false when something is not there. */

static bool take_descriptors(struct strace *strace, struct strace_thread *thread,
                             struct control *control, struct slice data)
{
    const char *at = slice_inside(data);
    struct strace_facts facts;
    struct slice each;
    size_t count = 0;

    while (at && count < DESCRIPTORS_MAX && slice_next(&at, &each)) {
        if (slice_begins(each, "..."))
            break;
        strace->passed = strace->passed || !strace_annotation(each, &facts);
        control->descriptors.kinds[count++] = (uint8_t)kind_of(strace, thread, each);
    }
    return count == control->descriptors.count;
}

static bool take_number(struct slice data, const char *field, uint32_t *number)
{
    struct slice value;
    int64_t wide;

    if (!slice_field(data, field, &value) || !slice_number(value, &wide))
        return false;
    *number = (uint32_t)wide;
    return true;
}

static bool take_control(struct strace *strace, struct strace_thread *thread, struct slice piece,
                         struct ancillary **ancillary, int *err)
{
    struct slice length, level, type, data = {0};
    int32_t level_number, type_number;
    struct control control;
    int64_t size;

    if (!slice_field(piece, "cmsg_len", &length) || !slice_number(length, &size) ||
        !slice_field(piece, "cmsg_level", &level) || !slice_field(piece, "cmsg_type", &type) ||
        !find_number(level, levels, &level_number) ||
        !find_number(type,
                     level_number == 1   ? socket_types
                     : level_number == 0 ? ip_types
                                         : no_types,
                     &type_number) ||
        size < 16 || size > UINT32_MAX)
        return false;
    slice_field(piece, "cmsg_data", &data);
    if (!control_init(&control, level_number, type_number, (uint32_t)(size - 16)))
        return true;
    if (control.kind == CONTROL_DESCRIPTORS && !take_descriptors(strace, thread, &control, data))
        return false;
    if (control.kind == CONTROL_CREDENTIALS &&
        !(take_number(data, "pid", &control.credentials.pid) &&
          take_number(data, "uid", &control.credentials.uid) &&
          take_number(data, "gid", &control.credentials.gid)))
        return false;
    *err = ancillary_add(ancillary, &control);
    return true;
}

int strace_ancillary(struct strace *strace, struct strace_thread *thread, struct slice header,
                     bool sends, int family, struct ancillary **out)
{
    struct slice all = {0}, flags = {0}, piece;
    struct ancillary *ancillary = NULL;
    const char *at;
    bool cut = false;
    int err = 0;

    slice_field(header, "msg_control", &all);
    slice_field(header, "msg_flags", &flags);
    at = slice_inside(all);
    if (!at && slice_begins(all, "0x"))
        cut = slice_field(header, "msg_controllen", &piece) && !slice_is(slice_new(piece), "0");
    while (!err && !cut && at && slice_next(&at, &piece))
        cut = !take_control(strace, thread, piece, &ancillary, &err);
    /* On an internet socket, what there was no room for is nothing that the peer has passed. */
    cut = cut || (!sends && family == AF_UNIX && slice_has_flag(flags, "MSG_CTRUNC", MSG_CTRUNC));
    if (!err && cut)
        err = ancillary_cut(&ancillary);
    if (err) {
        free(ancillary);
        return err;
    }
    *out = ancillary;
    return 0;
}
