/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "launching.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/text.h"
#include "say.h"

static enum status find_user(const char *name, struct user *user)
{
    int err = geteuid() == 0 ? user_find(user, name) : -EPERM;

    if (!err)
        return STATUS_DONE;
    say("--user %s: %s", name,
        err == -ENOENT  ? "no such user"
        : err == -EPERM ? "only root can run a command as another user (try sudo)"
                        : strerror(-err));
    return STATUS_USAGE;
}

static enum status check_directory(const char *path)
{
    struct stat about;
    int err = stat(path, &about) ? -errno : S_ISDIR(about.st_mode) ? 0 : -ENOTDIR;

    if (!err)
        return STATUS_DONE;
    say("--chdir %s: %s", path, strerror(-err));
    return STATUS_USAGE;
}

enum status launching_begin(const struct options *options, struct user *user)
{
    enum status status = options->directory ? check_directory(options->directory) : STATUS_DONE;

    if (!status && options->user)
        status = find_user(options->user, user);
    return status;
}

/* Is the file there that a word with a slash names, where the command runs? */
static bool is_there(const char *word, const char *directory)
{
    int at = directory ? open(directory, O_PATH | O_CLOEXEC) : AT_FDCWD;
    bool is = faccessat(at, word, F_OK, 0) == 0;

    if (at >= 0)
        close(at);
    return is;
}

/* Where the command is looked for. */
static const char *path_of(const struct options *options)
{
    const char *path = getenv("PATH");

    for (size_t i = 0; i < options->environment.count; i++)
        if (text_begins(options->environment.at[i], "PATH="))
            path = options->environment.at[i] + 5;
    return path ? path : "";
}

/* Is the word, without a slash, a file in one of those folders? */
static bool is_found(const char *word, const char *path, const char *directory)
{
    bool is = false;

    while (*path && !is) {
        const size_t length = strcspn(path, ":");
        char file[PATH_MAX];

        if (snprintf(file, sizeof(file), "%.*s/%s", (int)length, length ? path : ".", word) <
            (int)sizeof(file))
            is = is_there(file, directory);
        path += length + (path[length] == ':');
    }
    return is;
}

/* execve(2) has one error for a file that is not there, and for one that takes another to run. */
static const char *why_not_run(const struct options *options, int err)
{
    const char *word = options->command[0];
    const bool is_path = strchr(word, '/');

    if (err != -ENOENT)
        return strerror(-err);
    if (is_path ? is_there(word, options->directory)
                : is_found(word, path_of(options), options->directory))
        return "what it is run by is not there (its #! line or its ELF header names it)";
    return is_path ? strerror(ENOENT) : "command not found";
}

static void say_not_run(const struct options *options, const struct command_end *end)
{
    if (end->step == LAUNCH_USER)
        say("--user %s: %s (needs CAP_SETUID and CAP_SETGID, and a user namespace that has this "
            "user)",
            options->user, strerror(-end->exec_error));
    else if (end->step == LAUNCH_DIRECTORY)
        say("--chdir %s: %s%s%s", options->directory, strerror(-end->exec_error),
            options->user ? ", as user " : "", options->user ? options->user : "");
    else
        say("%s: %s", options->command[0], why_not_run(options, end->exec_error));
}

enum status launching_end(const struct options *options, const struct command_end *end)
{
    const char *name = options->command ? options->command[0] : "";
    const char *kept = options->ignore_status ? "" : end->kept;

    if (end->exec_error) {
        say_not_run(options, end);
        return STATUS_COMMAND;
    }
    if (!options->command || !end->ended)
        return STATUS_DONE;
    if (WIFSIGNALED(end->status))
        say("%s: killed by signal %d (%s)%s", name, WTERMSIG(end->status),
            strsignal(WTERMSIG(end->status)), kept);
    else if (WEXITSTATUS(end->status))
        say("%s: exited with status %d%s", name, WEXITSTATUS(end->status), kept);
    else
        return STATUS_DONE;
    return options->ignore_status ? STATUS_DONE : STATUS_COMMAND;
}
