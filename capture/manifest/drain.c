/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/manifest/drain.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "capture/unnamed.h"

enum { PIECE = 4096 };

FILE *drain_file(void)
{
    FILE *file = unnamed_file();

    if (file && fcntl(fileno(file), F_SETFL, O_APPEND)) {
        fclose(file);
        file = NULL;
    }
    return file;
}

static int append(int to, const char *data, size_t length)
{
    for (ssize_t written; length > 0; data += written, length -= (size_t)written) {
        written = write(to, data, length);
        if (written < 0)
            return -errno;
    }
    return 0;
}

int drain(int from, int to)
{
    char piece[PIECE];
    ssize_t length;
    int err = 0, failed;

    while ((length = read(from, piece, sizeof(piece))) > 0) {
        failed = append(to, piece, (size_t)length);
        err = err ? err : failed;
    }
    return length < 0 ? -errno : err;
}

/* It is to hear the last of those that signals end. */
static void hear_no_signals(void)
{
    sigset_t all;

    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
}

int drain_begin(int from, int to, int other)
{
    const pid_t pid = fork();
    const int err = pid < 0 ? -errno : 0;

    if (pid == 0) {
        hear_no_signals();
        if (other >= 0)
            close(other);
        drain(from, to);
        _exit(0);
    }
    close(from);
    return err;
}

int drain_now(int from, int to)
{
    char piece[PIECE];
    ssize_t length;
    int left, err = 0;

    if (ioctl(from, FIONREAD, &left))
        return -errno;
    for (; left > 0 && !err; left -= (int)length) {
        length = read(from, piece, left < PIECE ? (size_t)left : PIECE);
        if (length <= 0)
            return length ? -errno : 0;
        err = append(to, piece, (size_t)length);
    }
    return err;
}
