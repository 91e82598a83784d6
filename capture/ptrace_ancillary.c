/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What is a kind of descriptor is defined by bpf/descriptor.h; here /proc shows it. */
#include "capture/ptrace_ancillary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/ptrace_memory.h"
#include "capture/text.h"

/* How many of one message are taken: more than can pass all the descriptors one by one. */
enum { CONTROL_MESSAGES_MAX = 256 };

/* Descriptors */

/* Files that share one inode: what they are stands in the name that the kernel gave them. */
#define ANONYMOUS "anon_inode:"

static enum descriptor_kind kind_of_anonymous(const char *name)
{
    static const struct {
        const char *name;
        enum descriptor_kind kind;
    } files[] = {
        {"[eventfd]", KIND_EVENTFD}, {"[eventpoll]", KIND_EPOLL},   {"[pidfd]", KIND_PIDFD},
        {"[timerfd]", KIND_TIMERFD}, {"[signalfd]", KIND_SIGNALFD}, {"inotify", KIND_INOTIFY},
    };

    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
        if (strcmp(files[i].name, name) == 0)
            return files[i].kind;
    return KIND_OTHER;
}

static enum descriptor_kind kind_of_file(const struct statx *file, const char *name)
{
    static const char memfd[] = "/memfd:";

    if (text_begins(name, ANONYMOUS))
        return kind_of_anonymous(name + strlen(ANONYMOUS));
    switch (file->stx_mode & S_IFMT) {
    case S_IFREG: /* a memfd is in no directory; a file of that name is, or was */
        return text_begins(name, memfd) && file->stx_nlink == 0 ? KIND_MEMFD : KIND_FILE;
    case S_IFDIR:
        return KIND_DIRECTORY;
    case S_IFIFO:
        return KIND_PIPE;
    case S_IFCHR:
    case S_IFBLK:
        return KIND_DEVICE;
    case S_IFSOCK:
        return KIND_SOCKET;
    }
    return KIND_OTHER;
}

static enum descriptor_kind kind_of_descriptor(pid_t tid, int fd)
{
    char path[64], name[64]; /* as much of it as tells one from another */
    struct statx file;
    ssize_t length;

    snprintf(path, sizeof(path), "/proc/%d/fd/%d", tid, fd);
    length = readlink(path, name, sizeof(name) - 1);
    /* Its file system may be a program that waits for us: what the kernel knows must do. */
    if (length < 0 || statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_TYPE | STATX_NLINK, &file))
        return KIND_UNKNOWN;
    name[length] = '\0';
    return kind_of_file(&file, name);
}

/* Control messages: each returns false when something is not there; the last one may be cut. */

static bool take_descriptors(struct control *control, pid_t tid, uint64_t from)
{
    int fds[DESCRIPTORS_MAX] = {0};
    size_t count = control->descriptors.count;

    if (count > DESCRIPTORS_MAX || !memory_read(tid, fds, from, count * sizeof(*fds)))
        return false;
    for (size_t i = 0; i < count; i++)
        control->descriptors.kinds[i] = (uint8_t)kind_of_descriptor(tid, fds[i]);
    return true;
}

static bool take_credentials(struct control *control, pid_t tid, uint64_t from, size_t length)
{
    struct ucred credentials = {0};

    if (length < sizeof(credentials) || !memory_read(tid, &credentials, from, sizeof(credentials)))
        return false;
    control->credentials.pid = (uint32_t)credentials.pid;
    control->credentials.uid = credentials.uid;
    control->credentials.gid = credentials.gid;
    return true;
}

static bool take_meaning(struct control *control, pid_t tid, uint64_t from, size_t length)
{
    switch (control->kind) {
    case CONTROL_DESCRIPTORS:
        return take_descriptors(control, tid, from);
    case CONTROL_CREDENTIALS:
        return take_credentials(control, tid, from, length);
    case CONTROL_OTHER:
        break;
    }
    return true;
}

/* Adds the one at `from`, and puts its size there in *size. Returns 0, -ENOMEM, or -ENODATA. */
static int take_control(struct ancillary **ancillary, pid_t tid, uint64_t from, size_t left,
                        size_t *size)
{
    struct control control;
    struct cmsghdr header = {0};
    size_t length;

    if (!memory_read(tid, &header, from, sizeof(header)) || header.cmsg_len < sizeof(header) ||
        header.cmsg_len > left)
        return -ENODATA;
    length = header.cmsg_len - sizeof(header);
    *size = CMSG_ALIGN(header.cmsg_len);
    if (!control_init(&control, header.cmsg_level, header.cmsg_type, (uint32_t)length))
        return 0;
    if (!take_meaning(&control, tid, from + sizeof(header), length))
        return -ENODATA;
    return ancillary_add(ancillary, &control);
}

/* On an internet socket, what there was no room for is nothing that the peer has passed. */
static bool is_cut(const struct traced_call *call, const struct msghdr *header)
{
    return !call_sends(call) && call->socket->facts.family == AF_UNIX &&
           header->msg_flags & MSG_CTRUNC;
}

bool traced_ancillary_came(const struct traced_call *call, const struct msghdr *header)
{
    return call->socket->facts.type != SOCK_STREAM &&
           (header->msg_controllen > 0 || is_cut(call, header));
}

int traced_ancillary_take(struct ancillary **out, const struct traced_call *call,
                          const struct caller *caller, const struct msghdr *header)
{
    uint64_t from = (uintptr_t)header->msg_control;
    size_t length = header->msg_controllen, size = 0;
    struct ancillary *ancillary = NULL;
    bool cut = is_cut(call, header);
    int err = 0;

    for (size_t done = 0, count = 0; done + sizeof(struct cmsghdr) <= length && !err;
         done += size, count++)
        err = count < CONTROL_MESSAGES_MAX
                  ? take_control(&ancillary, caller->tid, from + done, length - done, &size)
                  : -ENODATA;
    if (err == -ENODATA) {
        cut = true;
        err = 0;
    }
    if (!err && cut)
        err = ancillary_cut(&ancillary);
    if (err) {
        free(ancillary);
        return err;
    }
    *out = ancillary;
    return 0;
}
