/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/manifest/runner.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/open_files.h"
#include "capture/manifest/claims.h"
#include "capture/manifest/outcome.h"
#include "capture/manifest/status.h"
#include "capture/manifest/words.h"

/* Jobs that may have ended, and wait with open files until all before them have. */
enum { UNTOLD_MAX = 64 };

/* Of a job: those that it leaves behind, and its end. Jobs that begin later have them, too. */
enum { FILES_A_JOB = 4 };

enum state { WAITING, RUNNING, ENDED, TOLD };

struct job {
    size_t index; /* of the fixture in the manifest */
    enum state state;
    pid_t pid;
    int fd; /* readable when it has ended */
    int status;
    struct part_files files;
    struct words waits; /* paths of sockets */
};

struct runner {
    const struct part_task *task;
    struct stage *stage;
    struct tell *tell;
    struct job *jobs;
    size_t count;
    size_t running;
    size_t open; /* jobs whose files are */
    size_t told; /* so many, from the first on */
    int ends;    /* an epoll of the jobs' ends */
    struct outcome outcome;
};

/* Independence */

static const json_t *fixture_of(const struct runner *runner, const struct job *job)
{
    return manifest_fixture(runner->task->manifest, job->index);
}

static bool is_alone(const struct runner *runner, const struct job *job)
{
    return json_is_true(json_object_get(fixture_of(runner, job), "alone"));
}

/* Keeps where the sockets are that the steps of the job's setup wait for. */
static int find_waits(const struct runner *runner, struct job *job)
{
    const json_t *step;
    size_t i;
    int err = 0;

    json_array_foreach(json_object_get(fixture_of(runner, job), "setup"), i, step) {
        const char *path = json_string_value(json_object_get(step, "wait"));
        char *whole = path ? path_whole(".", path) : NULL;

        if (path && !err)
            err = whole ? words_add(&job->waits, whole) : -ENOMEM;
        free(whole);
    }
    return err;
}

/* Two that start a server at the same socket would meet each other's. */
static bool share_socket(const struct job *a, const struct job *b)
{
    for (size_t i = 0; i < a->waits.count; i++)
        for (size_t j = 0; j < b->waits.count; j++)
            if (strcmp(a->waits.at[i], b->waits.at[j]) == 0)
                return true;
    return false;
}

static bool can_start(const struct runner *runner, const struct job *job)
{
    if (runner->running > 0 && is_alone(runner, job))
        return false;
    for (size_t i = 0; i < runner->count; i++) {
        const struct job *other = &runner->jobs[i];

        if (other->state == RUNNING && (is_alone(runner, other) || share_socket(job, other)))
            return false;
    }
    return true;
}

/* Jobs */

static int as_job(const struct runner *runner, const struct job *job)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
    return part_run(runner->task, job->index, &job->files);
}

static int watch(const struct runner *runner, struct job *job)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = job};

    job->fd = (int)syscall(SYS_pidfd_open, job->pid, 0);
    return job->fd < 0 || epoll_ctl(runner->ends, EPOLL_CTL_ADD, job->fd, &event) ? -errno : 0;
}

static int start(struct runner *runner, struct job *job)
{
    int err = part_files_open(&job->files);

    if (err)
        return err;
    runner->open++;
    fflush(NULL);
    job->pid = fork();
    if (job->pid < 0)
        return -errno;
    if (job->pid == 0)
        exit(as_job(runner, job));
    job->state = RUNNING;
    runner->running++;
    return watch(runner, job);
}

/* Is there room for one more job's files, unless it runs by itself? */
static bool has_room(const struct runner *runner, size_t most)
{
    return !runner->running ||
           (runner->open < most + UNTOLD_MAX && runner->open < open_files_room() / FILES_A_JOB);
}

/* Starts as many as there may be. */
static int start_some(struct runner *runner)
{
    const size_t most = runner->task->options->jobs ? runner->task->options->jobs : 1;
    int err = 0;

    for (size_t i = 0; i < runner->count && runner->running < most && !err; i++) {
        struct job *job = &runner->jobs[i];

        if (!has_room(runner, most))
            break;
        if (job->state == WAITING && !runner->stage->interrupted && can_start(runner, job))
            err = start(runner, job);
    }
    return err;
}

static void end(struct runner *runner, struct job *job)
{
    int status = 0;

    while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (job->fd >= 0) { /* closing is not enough: jobs that began later have it, too */
        epoll_ctl(runner->ends, EPOLL_CTL_DEL, job->fd, NULL);
        close(job->fd);
    }
    job->status = WIFEXITED(status) ? WEXITSTATUS(status) : STATUS_COMMAND;
    job->state = ENDED;
    runner->running--;
}

/* Passes a signal on: all of it is to end in good order. */
static void interrupt(const struct runner *runner)
{
    for (size_t i = 0; i < runner->count; i++)
        if (runner->jobs[i].state == RUNNING)
            kill(runner->jobs[i].pid, SIGTERM);
}

/* Tells of those that have ended, as far as all before them have. */
static int tell_ended(struct runner *runner)
{
    int err = 0;

    for (; runner->told < runner->count && !err; runner->told++) {
        struct job *job = &runner->jobs[runner->told];

        if (job->state != ENDED)
            break;
        err = outcome_add(&runner->outcome, job->index, job->status, &job->files);
        part_files_close(&job->files);
        runner->open--;
        job->state = TOLD;
    }
    return err;
}

static void show_progress(const struct runner *runner)
{
    size_t done = 0, used = 0;
    char now[256] = "";

    for (size_t i = 0; i < runner->count; i++) {
        const struct job *job = &runner->jobs[i];

        done += job->state == ENDED || job->state == TOLD;
        if (job->state != RUNNING || used >= sizeof(now))
            continue;
        used += (size_t)snprintf(now + used, sizeof(now) - used, "%s%s", used ? ", " : "",
                                 manifest_name(runner->task->manifest, job->index));
    }
    if (runner->count > 1)
        tell_progress(runner->tell, done, runner->count, now);
}

/* Waits until one has ended, or a signal has come. */
static int step(struct runner *runner)
{
    struct epoll_event event;
    int ready = stage_wait(runner->stage, runner->ends, -1);

    if (ready == -EINTR) {
        interrupt(runner);
        return 0;
    }
    if (ready < 0)
        return ready;
    while (epoll_wait(runner->ends, &event, 1, 0) == 1)
        end(runner, event.data.ptr);
    return tell_ended(runner);
}

static int run_all(struct runner *runner)
{
    int err = start_some(runner);

    while (!err && runner->running > 0) {
        show_progress(runner);
        err = step(runner);
        if (!err)
            err = start_some(runner);
    }
    tell_erase(runner->tell);
    return err;
}

static int choose(struct runner *runner, const bool *chosen)
{
    const size_t count = manifest_count(runner->task->manifest);
    int err = 0;

    runner->jobs = calloc(count + 1, sizeof(*runner->jobs));
    if (!runner->jobs)
        return -ENOMEM;
    for (size_t i = 0; i < count && !err; i++) {
        struct job *job = &runner->jobs[runner->count];

        if (!chosen[i])
            continue;
        *job = (struct job){.index = i, .fd = -1};
        runner->count++;
        err = find_waits(runner, job);
    }
    runner->ends = err ? -1 : epoll_create1(EPOLL_CLOEXEC);
    return !err && runner->ends < 0 ? -errno : err;
}

/* What still runs after an error is ended with the stage. */
static void runner_free(struct runner *runner)
{
    interrupt(runner);
    for (size_t i = 0; i < runner->count; i++) {
        if (runner->jobs[i].state == RUNNING)
            end(runner, &runner->jobs[i]);
        part_files_close(&runner->jobs[i].files);
        words_clear(&runner->jobs[i].waits);
    }
    free(runner->jobs);
    if (runner->ends >= 0)
        close(runner->ends);
}

int runner_run(const struct part_task *task, const bool *chosen, struct stage *stage,
               struct tell *tell)
{
    struct runner runner = {.task = task, .stage = stage, .tell = tell, .ends = -1};
    int err = choose(&runner, chosen), status;

    if (outcome_begin(&runner.outcome, task, tell))
        err = runner.outcome.err;
    if (!err)
        err = run_all(&runner);
    status = outcome_end(&runner.outcome, runner.count);
    runner_free(&runner);
    if (!err)
        return status;
    if (!runner.outcome.err)
        tell_say(tell, "%s", strerror(-err));
    return STATUS_USAGE;
}
