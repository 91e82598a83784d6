/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* One loop waits for messages, for signals and for the end of what is observed. */
#include "capture/record.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "capture/attach.h"
#include "capture/capability.h"
#include "capture/clock.h"
#include "capture/front.h"
#include "capture/launch.h"
#include "capture/signals.h"

const struct backend *const backends[] = {&backend_socket, &backend_syscall, &backend_ptrace, NULL};

static void refuse(struct session *session, const char *name, const char *reason)
{
    size_t used = strlen(session->refused);

    snprintf(session->refused + used, sizeof(session->refused) - used, "%s%s: %s", used ? "; " : "",
             name, reason);
}

static int try_backend(struct session *session, const struct backend *backend,
                       const struct backend_options *options, const struct sink *sink)
{
    char reason[REASON_SIZE] = "out of memory";
    int err = backend->open(&session->recorder, options, sink, reason);

    if (err)
        refuse(session, backend->name, reason);
    else
        session->backend = backend;
    return err;
}

/* The first that works, or if none does, the first of those that others are preferred to. */
static int try_all(struct session *session, const struct backend_options *options,
                   const struct sink *sink)
{
    const char *doubt;

    for (size_t i = 0; backends[i]; i++) {
        doubt = backends[i]->doubt ? backends[i]->doubt() : NULL;
        if (doubt)
            refuse(session, backends[i]->name, doubt);
        else if (!try_backend(session, backends[i], options, sink))
            return 0;
    }
    for (size_t i = 0; backends[i]; i++)
        if (backends[i]->doubt && backends[i]->doubt() &&
            !try_backend(session, backends[i], options, sink))
            return 0;
    return -ENOTSUP;
}

int session_open(struct session *session, const char *name, const struct backend_options *options,
                 const struct sink *sink)
{
    memset(session, 0, sizeof(*session));
    if (strcmp(name, "auto") == 0)
        return try_all(session, options, sink);
    for (size_t i = 0; backends[i]; i++)
        if (strcmp(name, backends[i]->name) == 0)
            return try_backend(session, backends[i], options, sink) ? -ENOTSUP : 0;
    return -EINVAL;
}

int backend_try(const struct backend *backend, char reason[REASON_SIZE])
{
    const struct backend_options options = {.buffer_size = 1 << 16};
    static const struct sink nowhere;
    struct recorder *recorder;
    int err = backend->open(&recorder, &options, &nowhere, reason);

    if (!err)
        backend->close(recorder);
    return err;
}

void session_close(struct session *session)
{
    if (session->backend)
        session->backend->close(session->recorder);
    memset(session, 0, sizeof(*session));
}

/* Milliseconds that a command gets to end after SIGTERM. */
enum { GRACE = 2000 };

/* What is watched while the command runs. */
struct watch {
    int epoll;
    int signals;
    sigset_t old_mask;
    struct signals_heard heard;
    bool hung_up; /* one of them was SIGHUP */
    bool asked;   /* there was a SIGUSR1 that has not been answered */
    uint64_t began;
};

static int watch_add(const struct watch *watch, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    if (fd < 0)
        return 0;
    return epoll_ctl(watch->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

/* Signals become readable; SIGCHLD only so that a wait ends early. */
static int watch_open(struct watch *watch)
{
    sigset_t mask;

    *watch = (struct watch){.epoll = -1, .signals = -1};
    sigemptyset(&mask);
    sigaddset(&mask, SIGCHLD);
    signals_add(&mask);
    if (sigprocmask(SIG_BLOCK, &mask, &watch->old_mask))
        return -errno;
    watch->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    watch->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (watch->signals < 0 || watch->epoll < 0)
        return -errno;
    return watch_add(watch, watch->signals);
}

/* Passes signals on to the command, if there is one. Those of the terminal have reached it already.
 */
static void pass_signals(struct watch *watch, const struct launch *launch)
{
    struct signalfd_siginfo signal;

    while (read(watch->signals, &signal, sizeof(signal)) == sizeof(signal)) {
        if (signal.ssi_signo == SIGUSR1)
            watch->asked = true;
        if (signal.ssi_signo == SIGUSR1 || signal.ssi_signo == SIGCHLD)
            continue;
        watch->hung_up = watch->hung_up || signal.ssi_signo == SIGHUP;
        if (signals_hear(&watch->heard, &signal) && launch && !signal_reached_all(&signal))
            launch_signal(launch, signal.ssi_signo);
    }
}

/*
 * Signals that have come by now can end nothing any more, but they count as heard. A SIGHUP that
 * comes from now on is ignored, if there was one, as a shell sends it twice.
 */
static void watch_close(struct watch *watch)
{
    if (watch->signals >= 0) {
        pass_signals(watch, NULL);
        close(watch->signals);
    }
    if (watch->hung_up)
        signal(SIGHUP, SIG_IGN);
    if (watch->epoll >= 0)
        close(watch->epoll);
    sigprocmask(SIG_SETMASK, &watch->old_mask, NULL);
}

/*
 * Where many processes want the processor, a recorder that gets its fair share only falls behind
 * and loses messages. Where this is not allowed there is nothing to say: losses are counted.
 */
static void get_ahead(struct sched_param *old, int *old_policy)
{
    struct sched_param first = {.sched_priority = 1};

    *old_policy = sched_getscheduler(0);
    sched_getparam(0, old);
    sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &first);
}

/* Asks the watcher. Returns true when it ends the recording, else waits no longer than it wants. */
static bool ask_watcher(const struct session *session, struct watch *watch,
                        const struct session_watcher *watcher, int *wait)
{
    uint64_t elapsed = clock_monotonic() - watch->began;
    struct losses losses = {0};
    int left = watcher->left(watcher->context, elapsed);

    session->backend->losses(session->recorder, &losses);
    watcher->show(watcher->context, elapsed, &losses, watch->asked);
    watch->asked = false;
    if (left >= 0 && left < *wait)
        *wait = left;
    return left == 0;
}

/* What is recorded: a command, or NULL, and what else the scope names. */
struct observed {
    struct launch *launch;
    struct attachment *attachment;
};

/* Whether what is recorded has ended by itself. */
static bool has_ended(const struct observed *observed)
{
    return observed->launch ? launch_ended(observed->launch)
                            : attachment_ended(observed->attachment);
}

/* Whether it has ended, or the user insists; without a command, that is to say it once. */
static bool is_over(const struct observed *observed, const struct watch *watch)
{
    return has_ended(observed) || (observed->launch ? watch->heard.insists : watch->heard.first);
}

/* Has the backend look at paths again that may lead elsewhere. */
static int follow_paths(struct session *session, const struct observed *observed)
{
    int changed = attachment_step(observed->attachment);

    if (changed > 0 && session->backend->rescope)
        session->backend->rescope(session->recorder);
    return changed < 0 ? changed : 0;
}

/* Records until it is over, or the watcher ends it. */
static int record_until_end(struct session *session, struct watch *watch,
                            const struct observed *observed, const struct session_watcher *watcher,
                            struct session_result *result)
{
    const struct backend *backend = session->backend;
    struct epoll_event events[4];
    int err = 0, wait = 0;

    while (!err && !is_over(observed, watch) && !result->exec_error && !result->stopped) {
        if (epoll_wait(watch->epoll, events, 4, wait) < 0 && errno != EINTR)
            return -errno;
        if (front_fd() >= 0 && front_is_gone())
            return -ECANCELED;
        pass_signals(watch, observed->launch);
        if (observed->launch)
            result->exec_error = launch_check(observed->launch);
        err = follow_paths(session, observed);
        if (!err)
            err = backend->step(session->recorder, &wait);
        if (!err && wait)
            err = watcher->pause(watcher->context);
        if (!err && !has_ended(observed))
            result->stopped = ask_watcher(session, watch, watcher, &wait);
    }
    if (observed->launch && !result->exec_error) /* the backend may have seen its end */
        result->exec_error = launch_check(observed->launch);
    return err;
}

/* Makes the command's process, and looks after the others. */
static int observed_begin(struct observed *observed, const struct session_command *command,
                          int (*prepare)(void))
{
    struct launch_options options = {
        .command = command->command,
        .output_to_error = command->output_to_error,
        .output = command->output,
        .user = command->user,
        .directory = command->directory,
        .environment = command->environment,
        .prepare = prepare,
    };
    int err = 0;

    if (command->command)
        err = launch_new(&observed->launch, &options);
    else
        signals_unignore();
    return err ? err : attachment_new(&observed->attachment, command->scope);
}

static int watch_observed(const struct watch *watch, const struct observed *observed)
{
    int err = watch_add(watch, attachment_fd(observed->attachment));

    return err || !observed->launch ? err : watch_add(watch, launch_fd(observed->launch));
}

/* Sees to it that the command does not go on for nothing. */
static void end_launch(struct launch *launch, int err, struct session_result *result)
{
    if (result->stopped || (err && err != -ECANCELED))
        launch_signal(launch, SIGTERM);
    result->ended = launch_ended(launch) || (result->stopped && launch_wait(launch, GRACE));
    result->status = launch_status(launch);
    result->step = launch_failed_step(launch);
    result->left = !err && !result->exec_error && !result->ended && !result->stopped &&
                   !launch_wait(launch, 0);
}

/* Lets the command go, and records. */
static int record(struct session *session, struct watch *watch, const struct observed *observed,
                  const struct session_watcher *watcher, struct session_result *result)
{
    const struct backend *backend = session->backend;
    struct sched_param old;
    int err = 0, old_policy;

    get_ahead(&old, &old_policy);
    watch->began = clock_monotonic();
    if (observed->launch)
        err = launch_go(observed->launch);
    if (!err)
        err = record_until_end(session, watch, observed, watcher, result);
    if (!err)
        err = backend->finish(session->recorder);
    if (old_policy >= 0)
        sched_setscheduler(0, old_policy, &old);
    backend->losses(session->recorder, &result->losses);
    if (observed->launch)
        end_launch(observed->launch, err, result);
    pass_signals(watch, observed->launch); /* one may have come with the command's end */
    return err;
}

int session_run(struct session *session, const struct session_command *command,
                const struct session_watcher *watcher, struct session_result *result)
{
    const struct backend *backend = session->backend;
    struct observed observed = {0};
    struct watch watch;
    int err;

    memset(result, 0, sizeof(*result));
    if (backend->stay) {
        err = front_split(backend->needed, backend->stay);
        if (err)
            return err;
    }
    err = watch_open(&watch);
    if (!err)
        err = observed_begin(&observed, command, backend->prepare);
    if (!err)
        err = backend->observe(session->recorder, observed.launch);
    if (!err && !command->again)
        err = capability_drop();
    if (!err)
        err = watch_observed(&watch, &observed);
    if (!err)
        err = watch_add(&watch, backend->fd(session->recorder));
    if (!err)
        err = watch_add(&watch, front_fd());
    if (!err)
        err = record(session, &watch, &observed, watcher, result);
    attachment_free(observed.attachment);
    launch_free(observed.launch);
    watch_close(&watch);
    result->interrupted = watch.heard.first > 0;
    return err;
}
