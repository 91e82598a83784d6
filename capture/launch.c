/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The new process waits at a pipe until it is told to go, so nothing it does can come before the
 * recording. A second pipe, closed by a successful exec, brings back why exec failed.
 */
#include "capture/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/clock.h"
#include "capture/user.h"

struct launch {
    pid_t pid;
    int pidfd;
    int go;      /* write end: the process goes when it gets a byte, and ends when it is closed */
    int failure; /* read end: a struct failure */
    enum launch_step step; /* that failed */
    bool reaped_elsewhere;
    bool ended;
    int status;
};

/* What comes back when the command cannot be run. */
struct failure {
    int error;
    enum launch_step step;
};

static void close_pipe(int ends[2])
{
    if (ends[0] >= 0)
        close(ends[0]);
    if (ends[1] >= 0)
        close(ends[1]);
}

/* Signals are blocked for our own sake; the command starts with none that are. */
static void restore_signals(void)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static int send_output(const struct launch_options *options)
{
    if (options->output &&
        (dup2(options->output, STDOUT_FILENO) < 0 || dup2(options->output, STDERR_FILENO) < 0))
        return -errno;
    if (options->output || !options->output_to_error)
        return 0;
    if (!(fcntl(STDERR_FILENO, F_GETFD) & FD_CLOEXEC))
        return dup2(STDERR_FILENO, STDOUT_FILENO) < 0 ? -errno : 0;
    close(STDOUT_FILENO); /* as the other is, which we only keep a place for */
    return 0;
}

static int change_environment(const char *const *environment)
{
    for (; environment && *environment; environment++) {
        const char *equals = strchr(*environment, '=');

        /* It is never freed, as putenv() wants it. */
        if (equals ? putenv((char *)*environment) : unsetenv(*environment))
            return -errno;
    }
    return 0;
}

/* What the command finds where it begins; the step is the last one that was taken. */
static int set_the_scene(const struct launch_options *options, enum launch_step *step)
{
    int err = send_output(options);

    if (!err && options->prepare) /* while it has all our privileges */
        err = options->prepare();
    if (!err && options->user) {
        *step = LAUNCH_USER;
        err = user_become(options->user);
    }
    if (!err && options->directory) {
        *step = LAUNCH_DIRECTORY;
        err = chdir(options->directory) ? -errno : 0;
    }
    if (err)
        return err;
    *step = LAUNCH_COMMAND;
    return change_environment(options->environment);
}

static void become_command(const struct launch_options *options, int go, int report)
{
    struct failure failure = {.step = LAUNCH_COMMAND};
    char byte;

    if (read(go, &byte, 1) != 1)
        _exit(0); /* the recorder is gone before the command has begun */
    restore_signals();
    failure.error = -set_the_scene(options, &failure.step);
    if (!failure.error) {
        execvp(options->command[0], options->command);
        failure.error = errno;
    }
    while (write(report, &failure, sizeof(failure)) < 0 && errno == EINTR)
        ;
    _exit(127);
}

int launch_new(struct launch **out, const struct launch_options *options)
{
    struct launch *launch = calloc(1, sizeof(*launch));
    int go[2] = {-1, -1}, failure[2] = {-1, -1};
    int err = -ENOMEM;

    if (!launch)
        return err;
    launch->pidfd = -1;
    if (pipe2(go, O_CLOEXEC) || pipe2(failure, O_CLOEXEC))
        goto fail;
    launch->pid = fork();
    if (launch->pid < 0)
        goto fail;
    if (launch->pid == 0) {
        close(go[1]);
        close(failure[0]);
        become_command(options, go[0], failure[1]);
    }
    launch->pidfd = syscall(SYS_pidfd_open, launch->pid, 0);
    if (launch->pidfd < 0)
        goto fail;
    close(go[0]);
    close(failure[1]);
    launch->go = go[1];
    launch->failure = failure[0];
    *out = launch;
    return 0;
fail:
    err = -errno;
    close_pipe(go); /* upon which the process ends */
    close_pipe(failure);
    if (launch->pid > 0)
        waitpid(launch->pid, NULL, 0);
    free(launch);
    return err;
}

void launch_free(struct launch *launch)
{
    if (!launch)
        return;
    if (launch->go >= 0) {
        close(launch->go);
        kill(launch->pid, SIGKILL); /* it may be traced, and then it would not end by itself */
        waitpid(launch->pid, NULL, 0);
    }
    close(launch->failure);
    close(launch->pidfd);
    free(launch);
}

pid_t launch_pid(const struct launch *launch)
{
    return launch->pid;
}

int launch_go(struct launch *launch)
{
    ssize_t written;

    do
        written = write(launch->go, "", 1);
    while (written < 0 && errno == EINTR);
    if (written < 0)
        return -errno;
    close(launch->go);
    launch->go = -1;
    return 0;
}

int launch_fd(const struct launch *launch)
{
    return launch->pidfd;
}

void launch_leave_reaping(struct launch *launch)
{
    launch->reaped_elsewhere = true;
}

void launch_reaped(struct launch *launch, int status)
{
    launch->ended = true;
    launch->status = status;
}

int launch_check(struct launch *launch)
{
    struct failure failure;
    int status;

    if (!launch->ended && !launch->reaped_elsewhere &&
        waitpid(launch->pid, &status, WNOHANG) == launch->pid)
        launch_reaped(launch, status);
    /* Only a process that has ended can have left a reason; until then the pipe may be open. */
    if (!launch->ended ||
        read(launch->failure, &failure, sizeof(failure)) != (ssize_t)sizeof(failure))
        return 0;
    launch->step = failure.step;
    return -failure.error;
}

enum launch_step launch_failed_step(const struct launch *launch)
{
    return launch->step;
}

bool launch_ended(const struct launch *launch)
{
    return launch->ended;
}

int launch_status(const struct launch *launch)
{
    return launch->status;
}

static int64_t milliseconds_now(void)
{
    return (int64_t)(clock_monotonic() / MILLISECOND);
}

bool launch_wait(const struct launch *launch, int milliseconds)
{
    struct pollfd end = {.fd = launch->pidfd, .events = POLLIN};
    int64_t until = milliseconds_now() + milliseconds, left = milliseconds;

    /* Signals may interrupt it: a tracer still has to let the command pass. */
    while (left >= 0 && poll(&end, 1, (int)left) < 0 && errno == EINTR)
        left = until - milliseconds_now();
    return end.revents & POLLIN;
}

void launch_signal(const struct launch *launch, int signal)
{
    if (!launch->ended) /* it may have, but then its number is not another's */
        syscall(SYS_pidfd_send_signal, launch->pidfd, signal, NULL, 0);
}
