/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Commands have process groups of their own, so that what the terminal sends reaches nobody but us:
 * a daemon is still there when it is to be put away.
 */
#include "capture/manifest/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/clock.h"
#include "capture/text.h"
#include "capture/manifest/drain.h"
#include "capture/manifest/ready.h"
#include "capture/manifest/reap.h"

enum { TIMEOUT_DEFAULT = 30, TIMEOUT_MAX = 1 << 30 }; /* seconds */
enum { PAUSE = 20, GRACE = 5000 };                    /* milliseconds */

enum { NAME_SIZE = 64 };

static int begin_output(struct stage *stage)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC))
        return -errno;
    stage->output = ends[1];
    return drain_begin(ends[0], stage->file, ends[1]);
}

int stage_begin(struct stage *stage)
{
    sigset_t set;

    sigemptyset(&set);
    signals_add(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    stage->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (stage->signals < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
        return -errno;
    return begin_output(stage);
}

/*
 * Returns whether one has come that ends what is going on: SIGUSR1 is for a recording alone, and
 * the first one is no reason to put things away by halves.
 */
static bool take_signal(struct stage *stage)
{
    struct signalfd_siginfo signal;
    bool has_come = false;

    while (read(stage->signals, &signal, sizeof(signal)) == sizeof(signal)) {
        if (signal.ssi_signo == SIGUSR1 || !signals_hear(&stage->heard, &signal))
            continue;
        has_come = has_come || stage->interrupted || !stage->is_teardown;
        stage->interrupted = (int)signal.ssi_signo;
    }
    return has_come;
}

int stage_wait(struct stage *stage, int fd, int milliseconds)
{
    struct pollfd ends[] = {{.fd = stage->signals, .events = POLLIN},
                            {.fd = fd, .events = POLLIN},
                            {.fd = stage->tries, .events = POLLIN}};
    int err = 0;

    if (poll(ends, 3, milliseconds) < 0)
        return errno == EINTR ? 0 : -errno;
    if (ends[2].revents)
        err = drain_now(stage->tries, fileno(stage->printed));
    if (err)
        return err;
    return ends[0].revents && take_signal(stage) ? -EINTR : ends[1].revents != 0;
}

/* Commands */

/* It ends with us, whatever happens to us. */
static int prepare_command(void)
{
    if (setpgid(0, 0) || prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0))
        return -errno;
    return 0;
}

static int start(const struct stage *stage, const struct words *command, int output,
                 struct launch **out)
{
    const struct launch_options options = {
        .command = command->at,
        .output = output,
        .directory = stage->directory,
        .environment = (const char *const *)stage->environment.at,
        .prepare = prepare_command,
    };
    int err = launch_new(out, &options);

    return err ? err : launch_go(*out);
}

static int say_ended(struct stage *stage, const char *name, int status, const char *before)
{
    if (WIFSIGNALED(status))
        snprintf(stage->text, sizeof(stage->text), "%s: killed by signal %d (%s)%s", name,
                 WTERMSIG(status), strsignal(WTERMSIG(status)), before);
    else
        snprintf(stage->text, sizeof(stage->text), "%s: exited with status %d%s", name,
                 WEXITSTATUS(status), before);
    return -ECHILD;
}

static int say_failed(struct stage *stage, const char *name, int err)
{
    snprintf(stage->text, sizeof(stage->text), "%s: %s", name,
             err == -ENOENT  ? "command not found"
             : err == -EINTR ? "interrupted"
                             : strerror(-err));
    return err;
}

/* What a command is called: the shell's, by the beginning of its text. */
static const char *name_of(const struct words *command, char name[NAME_SIZE])
{
    const bool is_text = command->count == 3 && strcmp(command->at[0], "/bin/sh") == 0;
    const char *word = command->at[is_text ? 2 : 0];
    const size_t length = strcspn(word, "\n"), most = NAME_SIZE - sizeof("...");

    snprintf(name, NAME_SIZE, "%.*s%s", (int)(length < most ? length : most), word,
             length > most || word[length] ? "..." : "");
    return name;
}

/* How long there is until then: for ever, without a time. */
static int milliseconds_until(uint64_t until)
{
    const uint64_t now = clock_monotonic();

    return !until ? -1 : clock_timeout(until > now ? until - now : 0);
}

/* Waits for a command's end, until a time (0: none). Returns 0, or -errno with the text. */
static int await_end(struct stage *stage, const char *name, struct launch *launch, uint64_t until)
{
    int err = 0;

    while (!err && !launch_ended(launch)) {
        const int left = milliseconds_until(until);

        err = left == 0 ? -ETIMEDOUT : stage_wait(stage, launch_fd(launch), left);
        err = err < 0 ? err : launch_check(launch);
    }
    if (err == -EINTR || err == -ETIMEDOUT) { /* before anything is put away that it may use */
        launch_signal(launch, SIGTERM);
        launch_wait(launch, GRACE);
    }
    if (!err && launch_status(launch))
        return say_ended(stage, name, launch_status(launch), "");
    return err ? say_failed(stage, name, err) : 0;
}

/* Runs a command to its end, which is to come before a time (0: whenever). */
static int run(struct stage *stage, const struct words *command, int output, uint64_t until)
{
    char text[NAME_SIZE];
    const char *name = name_of(command, text);
    struct launch *launch = NULL;
    int err = start(stage, command, output, &launch);

    err = err ? say_failed(stage, name, err) : await_end(stage, name, launch, until);
    launch_free(launch);
    return err;
}

/* Starts one that stays. */
static int run_behind(struct stage *stage, const struct words *command)
{
    char text[NAME_SIZE];
    const char *name = name_of(command, text);
    struct launch *launch = NULL;
    int err;

    if (stage->count == STAGE_BACKGROUND) {
        snprintf(stage->text, sizeof(stage->text),
                 "%s: more than %d commands are to stay in the background", name, STAGE_BACKGROUND);
        return -E2BIG;
    }
    err = start(stage, command, stage->output, &launch);
    if (err) {
        launch_free(launch);
        return say_failed(stage, name, err);
    }
    stage->background[stage->count] = launch;
    err = words_add(&stage->names[stage->count], name);
    stage->count++;
    return err;
}

/* Steps */

/* One that was to stay and has not is told before anything that comes of it. */
static int check_background(struct stage *stage)
{
    for (size_t i = 0; i < stage->count; i++) {
        struct launch *launch = stage->background[i];
        const char *name = stage->names[i].at[0];
        int err = launch_check(launch);

        if (err)
            return say_failed(stage, name, err);
        if (launch_ended(launch))
            return say_ended(stage, name, launch_status(launch), ", and was to stay");
    }
    return 0;
}

struct condition {
    const char *name;     /* of what does not hold yet */
    const char *path;     /* of a socket; or NULL */
    struct words command; /* none: without `at` */
    char text[NAME_SIZE]; /* the command's name */
    int output;           /* where tries print to */
    size_t tries;
    uint64_t until;
};

/*
 * A try has a moment also when the time is nearly over: it is ended only when it hangs. Returns 1
 * when the command has succeeded, 0 when not, or -errno.
 */
static int try_command(struct stage *stage, struct condition *condition)
{
    const uint64_t moment = clock_monotonic() + SECOND;
    const uint64_t until = condition->until > moment ? condition->until : moment;
    int err = 0, drained;

    if (ftruncate(fileno(stage->printed), 0))
        return say_failed(stage, condition->name, -errno);
    condition->tries++;
    err = run(stage, &condition->command, condition->output, until);
    drained = drain_now(stage->tries, fileno(stage->printed));
    if (drained)
        return say_failed(stage, condition->name, drained);
    return err == 0 ? 1 : err == -ECHILD ? 0 : err;
}

/* Both are to hold: first the socket, then the command. Returns as try_command() does. */
static int try_condition(struct stage *stage, struct condition *condition)
{
    condition->name = condition->path;
    if (condition->path && !ready_socket(condition->path))
        return 0;
    condition->name = condition->command.at ? name_of(&condition->command, condition->text) : NULL;
    return condition->command.at ? try_command(stage, condition) : 1;
}

static int say_unmet(struct stage *stage, const struct condition *condition, bool is_cut)
{
    if (condition->name == condition->path)
        snprintf(stage->text, sizeof(stage->text),
                 "%s: no server has come there (\"timeout\" is how long to wait)", condition->name);
    else
        snprintf(stage->text, sizeof(stage->text),
                 "%s: has not succeeded in %zu %s%s (\"timeout\" is how long to try)",
                 condition->name, condition->tries, text_counted(condition->tries, "try", "tries"),
                 is_cut ? ", and the last one did not end" : "");
    return -ETIMEDOUT;
}

static int await_condition(struct stage *stage, struct condition *condition)
{
    int met, err = 0;

    for (;;) {
        err = check_background(stage);
        met = err ? err : try_condition(stage, condition);
        if (met == -ETIMEDOUT)
            return say_unmet(stage, condition, true);
        if (met)
            break;
        if (clock_monotonic() > condition->until)
            return say_unmet(stage, condition, false);
        err = stage_wait(stage, -1, PAUSE);
        if (err < 0)
            return say_failed(stage, condition->name, err);
    }
    return met < 0 ? met : 0;
}

static int begin_tries(struct stage *stage, struct condition *condition)
{
    int ends[2];

    stage->printed = drain_file();
    if (!stage->printed || pipe2(ends, O_CLOEXEC))
        return -errno;
    stage->tries = ends[0];
    condition->output = ends[1];
    return 0;
}

/*
 * Of all tries only what the last one has printed is kept, behind what there was meanwhile; and
 * what comes of those that it has left behind.
 */
static int end_tries(struct stage *stage, struct condition *condition)
{
    const int from = stage->tries;
    int err = 0, begun = 0;

    stage->tries = -1;
    if (from >= 0) {
        close(condition->output);
        err = lseek(fileno(stage->printed), 0, SEEK_SET)
                  ? -errno
                  : drain(fileno(stage->printed), stage->output);
        begun = drain_begin(from, stage->output, -1);
    }
    if (stage->printed)
        fclose(stage->printed);
    stage->printed = NULL;
    return err ? err : begun;
}

static int await_step(struct stage *stage, const json_t *step)
{
    const json_t *timeout = json_object_get(step, "timeout");
    const double seconds = timeout ? json_number_value(timeout) : TIMEOUT_DEFAULT;
    const json_t *until = json_object_get(step, "until");
    struct condition condition = {
        .path = json_string_value(json_object_get(step, "wait")),
        .until = clock_monotonic() +
                 (uint64_t)((seconds < TIMEOUT_MAX ? seconds : TIMEOUT_MAX) * (double)SECOND),
    };
    int err = until ? words_add_command(&condition.command, until) : 0, kept;

    if (!err && until)
        err = begin_tries(stage, &condition);
    err = err ? say_failed(stage, "until", err) : await_condition(stage, &condition);
    kept = end_tries(stage, &condition);
    err = err || !kept ? err : say_failed(stage, "what \"until\" has printed", kept);
    words_clear(&condition.command);
    return err;
}

static int take_step(struct stage *stage, const json_t *step)
{
    const json_t *command = json_is_object(step) ? json_object_get(step, "command") : step;
    const bool stays = json_is_true(json_object_get(step, "background"));
    struct words words = {0};
    int err = words_add_command(&words, command);

    if (!err)
        err = stays ? run_behind(stage, &words) : run(stage, &words, stage->output, 0);
    words_clear(&words);
    return err || !json_is_object(step) ? err : await_step(stage, step);
}

int stage_setup(struct stage *stage, const json_t *steps)
{
    const json_t *step;
    size_t i;
    int err = 0;

    json_array_foreach(steps, i, step)
        if (!err)
            err = take_step(stage, step);
    return err;
}

int stage_teardown(struct stage *stage, const json_t *commands)
{
    char first[STAGE_TEXT_SIZE] = "";
    const json_t *command;
    size_t i;
    int failed = 0;

    stage->is_teardown = true;
    json_array_foreach(commands, i, command) {
        struct words words = {0};
        int err = words_add_command(&words, command);

        err = err ? say_failed(stage, "teardown", err) : run(stage, &words, stage->output, 0);
        if (err && !failed) {
            failed = err;
            memcpy(first, stage->text, sizeof(first));
        }
        words_clear(&words);
    }
    memcpy(stage->text, first, sizeof(first));
    return failed;
}

void stage_end(struct stage *stage)
{
    if (stage->output >= 0)
        close(stage->output);
    stage->output = -1;
    reap_all();
    for (size_t i = 0; i < stage->count; i++) {
        launch_free(stage->background[i]);
        words_clear(&stage->names[i]);
    }
    stage->count = 0;
    words_clear(&stage->environment);
    if (stage->signals >= 0)
        close(stage->signals);
    stage->signals = -1;
}
