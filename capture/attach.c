/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/attach.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capture/path_watch.h"
#include "capture/pattern.h"
#include "capture/scope.h"

struct attachment {
    const struct scope_request *scope;
    int epoll;
    int paths;                 /* -1 when there are none to watch */
    bool looked;               /* where they lead, since they are watched */
    int processes[SCOPE_PIDS]; /* pidfds; -1 when the process has ended */
    size_t count, left;
};

static int add(const struct attachment *attachment, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    return epoll_ctl(attachment->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int add_process(struct attachment *attachment, pid_t pid)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);

    if (fd < 0)
        return -errno;
    attachment->processes[attachment->count++] = fd;
    attachment->left++;
    return add(attachment, fd);
}

int attachment_new(struct attachment **out, const struct scope_request *scope)
{
    struct attachment *attachment = calloc(1, sizeof(*attachment));
    int err = 0;

    if (!attachment)
        return -ENOMEM;
    attachment->scope = scope;
    attachment->paths = -1;
    attachment->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (attachment->epoll < 0)
        err = -errno;
    for (size_t i = 0; i < scope->pid_count && !err; i++)
        err = add_process(attachment, scope->pids[i]);
    if (!err)
        err = path_watch_open(&attachment->paths, scope->patterns);
    if (!err && attachment->paths >= 0)
        err = add(attachment, attachment->paths);
    if (err)
        attachment_free(attachment);
    else
        *out = attachment;
    return err;
}

void attachment_free(struct attachment *attachment)
{
    if (!attachment)
        return;
    for (size_t i = 0; i < attachment->count; i++)
        if (attachment->processes[i] >= 0)
            close(attachment->processes[i]);
    if (attachment->paths >= 0)
        close(attachment->paths);
    if (attachment->epoll >= 0)
        close(attachment->epoll);
    free(attachment);
}

int attachment_fd(const struct attachment *attachment)
{
    return attachment->epoll;
}

static void process_ended(struct attachment *attachment, int fd)
{
    for (size_t i = 0; i < attachment->count; i++) {
        if (attachment->processes[i] != fd)
            continue;
        attachment->processes[i] = -1;
        attachment->left--;
        close(fd);
    }
}

int attachment_step(struct attachment *attachment)
{
    struct epoll_event events[16];
    int count, changed = 0;

    /* A server may have come after it was looked for, and before its directory was watched. */
    if (attachment->paths >= 0 && !attachment->looked) {
        attachment->looked = true;
        return patterns_resolve(attachment->scope->patterns);
    }
    count = epoll_wait(attachment->epoll, events, 16, 0);
    for (int i = 0; i < count && changed >= 0; i++) {
        if (events[i].data.fd == attachment->paths)
            changed = path_watch_step(attachment->paths, attachment->scope->patterns);
        else
            process_ended(attachment, events[i].data.fd);
    }
    return changed;
}

bool attachment_ended(const struct attachment *attachment)
{
    return attachment->count && !attachment->left;
}
