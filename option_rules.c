/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Each rule says what is wrong, or NULL. They are asked in turn, and the first that is broken told.
 */
#include "option_rules.h"

#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/path.h"
#include "emit/writer.h"

/* Is it one of these names, the last of which is NULL? */
static bool is_among(const char *name, const char *const *names)
{
    while (*names && strcmp(*names, name) != 0)
        names++;
    return *names;
}

/* Is any of the options given that are named, the last of them NULL? */
static bool any_given(const struct options *options, const char *const *names)
{
    for (size_t i = 0; i < options->given_count; i++)
        if (is_among(options->given[i].name, names))
            return true;
    return false;
}

/* The manifest */

/* What is wrong with those that say what to do with the manifest. */
static const char *manifest_misuse(const struct options *options)
{
    static const char *const beside[] = {"update",   "check",       "list",    "init",
                                         "manifest", "jobs",        "backend", "verbose",
                                         "quiet",    "diff-format", NULL};

    if (options->task == MANIFEST_INIT && !options->command)
        return "--init needs the command that the first fixture records";
    if (options->task == MANIFEST_INIT && (is_stdout(options->write) || is_stdout(options->output)))
        return "a manifest's recordings and fixtures are files, and not standard output";
    if (options->task == MANIFEST_INIT)
        return NULL;
    if (options->check && options->task != MANIFEST_CHECK)
        return "--update, --list and --check exclude each other";
    if (options->diff_format && options->task != MANIFEST_CHECK)
        return "--diff-format is how --check tells what differs";
    for (size_t i = 0; i < options->given_count; i++)
        if (!is_among(options->given[i].name, beside))
            return options->task == MANIFEST_CHECK
                       ? "--check without -w and -o is about the manifest, where what a fixture is "
                         "made with stands: beside it go --manifest, --jobs, --backend, "
                         "--diff-format, -q and -v"
                       : "what a fixture is made with stands in the manifest: beside --update and "
                         "--list go --manifest, --jobs, --backend, -q and -v";
    return NULL;
}

/* Replaying, and what is for a command, which is where there is one to run */

static const char *command_misuse(const struct options *options)
{
    static const char *const names[] = {"env", "chdir", "ignore-status", NULL};

    if (options->command)
        return NULL;
    if (options->user)
        return "--user is for a command, and there is none to run";
    if (any_given(options, names))
        return "--env, --chdir and --ignore-status are for a command, and there is none to run";
    if (options->repeat > 1)
        return "--repeat runs a command several times, and there is none";
    return NULL;
}

/* Has this option a place beside --serve, or beside --replay? */
static bool option_is_for_replay(const struct options *options, const char *name)
{
    static const char *const both[] = {
        "read",     "from",        "command", "server",   "type",   "client", "text",    "socket",
        "exclude",  "frame",       "timing",  "volatile", "stable", "quiet",  "verbose", "name",
        "duration", "diff-format", "backend", "serve",    "replay", NULL};
    static const char *const serving[] = {"count", "user", "env", "chdir", "ignore-status", NULL};

    return is_among(name, both) || (options->serve && is_among(name, serving));
}

static const char *replay_misuse(const struct options *options)
{
    if (options->serve && options->replay)
        return "--serve is the server and --replay the client: one at a time";
    if (!options->read)
        return "--serve and --replay need the recording (-r)";
    if (options->replay && options->command)
        return "--replay is the client itself: there is no command to run beside it";
    for (size_t i = 0; i < options->given_count; i++)
        if (!option_is_for_replay(options, options->given[i].name))
            return options->serve ? "beside --serve go -r and what says what to read, -s, -x, "
                                    "--frame, --timing, --volatile, --stable, --name, "
                                    "--diff-format, -c, -T, -q, -v, and of a command --user, "
                                    "--env, --chdir and --ignore-status"
                                  : "beside --replay go -r and what says what to read, -s, -x, "
                                    "--frame, --timing, --volatile, --stable, --name, "
                                    "--diff-format, -T, -q and -v";
    return command_misuse(options);
}

/* Where messages come from */

static const char *source_misuse(const struct options *options)
{
    static const char *const timing[] = {"timing", NULL};

    if (any_given(options, timing))
        return "--timing goes with --serve or --replay";
    if (options->command && options->read)
        return "either a command is run or a recording is read (-r), not both";
    if (!options->command && !options->read && !attaches(options))
        return "no command to run, nothing to watch (-p, -s, -e, --uid), and no recording to read "
               "(-r)";
    if (options->pids.count && (options->command || options->read))
        return "-p watches processes that run already: it goes with no command, nor with -r";
    if (options->no_follow && attaches(options) && !options->pids.count)
        return "--no-follow leaves out what a command or the processes of -p start, and there is "
               "neither";
    return NULL;
}

static const char *reading_misuse(const struct options *options)
{
    static const char *const buffer[] = {"buffer-size", NULL};
    static const char *const describing[] = {"from", "command", "server", "client",
                                             "type", "text",    NULL};

    if (!options->read && any_given(options, describing))
        return "--from, --command, --server, --client, --type and --text say what a file is (-r), "
               "and there is none to read";
    if (!options->read)
        return NULL;
    if (options->duration)
        return "--duration is for recording, and not for what was recorded (-r)";
    if (options->comms.count || options->uids.count)
        return "-e and --uid choose what is recorded: they do not go with -r";
    if (options->no_follow || any_given(options, buffer))
        return "--no-follow and --buffer-size are for recording, and not for what was recorded "
               "(-r)";
    return NULL;
}

/* What is written */

static const char *fixture_misuse(const struct options *options)
{
    static const char *const names[] = {"style",       "bytes",        "call", "package",
                                        "embed-above", "template-dir", NULL};

    if (!wants_fixture(options) && any_given(options, names))
        return "--style, --bytes, --call, --package, --embed-above and --template-dir say what a "
               "fixture is like, and there is none to write (-o names one)";
    if (options->lang && options->template)
        return "--lang and --template exclude each other";
    return NULL;
}

static bool is_same(const char *a, const char *b, mode_t type)
{
    struct stat first, second;

    return stat(a, &first) == 0 && stat(b, &second) == 0 && (first.st_mode & S_IFMT) == type &&
           first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

/* Will both be one file, of that name in one folder? */
static bool is_same_place(const char *a, const char *b)
{
    char *first = strdup(a), *second = strdup(b);
    bool is = first && second && strcmp(path_last(a), path_last(b)) == 0 &&
              is_same(dirname(first), dirname(second), S_IFDIR);

    free(first);
    free(second);
    return is;
}

/* Is that one file, or will it be? What is no file, as /dev/null is, can be written twice. */
static bool is_same_file(const char *a, const char *b)
{
    if (!a || !b || access(a, F_OK) != access(b, F_OK))
        return false;
    return access(a, F_OK) == 0 ? is_same(a, b, S_IFREG) : is_same_place(a, b);
}

/* Would writing destroy what is read, or what else is written? */
static const char *file_misuse(const struct options *options)
{
    if (is_stdout(options->write) && fixture_to_stdout(options))
        return "recording and fixture cannot both go to standard output (name a file with -o)";
    if (is_same_file(options->write, options->output))
        return "recording (-w) and fixture (-o) cannot be one file";
    for (size_t i = 0; i < options->reads.count; i++)
        if (is_same_file(options->reads.at[i], options->output))
            return "the fixture (-o) would take the place of what it is made of (-r)";
    return NULL;
}

static bool is_old_capture(const char *path)
{
    const char *dot = path ? strrchr(path_last(path), '.') : NULL;

    return dot && (strcasecmp(dot, ".pcap") == 0 || strcasecmp(dot, ".cap") == 0);
}

/* Would a name promise what is not written? */
static const char *name_misuse(const struct options *options)
{
    const bool chosen = options->lang || options->template;

    if (options->write && writer_for_file(options->write))
        return "a capture is a fixture, and there is one besides (make both of one recording)";
    if (is_old_capture(options->write) || (is_old_capture(options->output) && !chosen))
        return "captures are written as pcapng: name it so, as FILE.pcapng";
    return NULL;
}

/* Comparing */

static const char *check_misuse(const struct options *options)
{
    if (options->diff_format && !options->check)
        return "--diff-format is how --check tells what differs";
    if (!options->check)
        return NULL;
    if (!options->write && !options->output)
        return "--check needs a recording (-w) or a fixture (-o) to compare with";
    if (is_stdout(options->write) || is_stdout(options->output))
        return "--check compares with files, not with standard output";
    if (wants_fixture(options) && !options->output)
        return "--check compares with the fixture that is there, and -o does not name it";
    if (options->command && !options->write)
        return "--check needs the recording (-w) that the fixture was made of";
    return NULL;
}

/* Telling about the program */

static const char *const telling[] = {"backends", "list-langs", "print-template", "completion",
                                      NULL};

static const char *telling_misuse(const struct options *options)
{
    static const char *const beside[] = {"template-dir", "quiet", "verbose", NULL};
    size_t others = options->command ? 1 : 0, told = 0;

    for (size_t i = 0; i < options->given_count; i++)
        if (is_among(options->given[i].name, telling))
            told++;
        else if (!is_among(options->given[i].name, beside))
            others++;
    if (others || told > 1)
        return "--backends, --list-langs, --print-template and --completion are asked one at a "
               "time, and beside them nothing is recorded or made";
    return NULL;
}

/* All of it */

/* Does -E say which variable it is about? */
static bool names_variables(const struct options *options)
{
    for (size_t i = 0; i < options->environment.count; i++)
        if (!options->environment.at[i][0] || options->environment.at[i][0] == '=')
            return false;
    return true;
}

/* Of what is recorded or read, and written. */
static const char *work_misuse(const struct options *options)
{
    static const char *(*const rules[])(const struct options *options) = {
        source_misuse, reading_misuse, command_misuse, fixture_misuse,
        file_misuse,   name_misuse,    check_misuse,
    };
    const char *wrong = NULL;

    for (size_t i = 0; i < sizeof(rules) / sizeof(*rules) && !wrong; i++)
        wrong = rules[i](options);
    return wrong;
}

const char *options_misuse(const struct options *options)
{
    if (!names_variables(options))
        return "-E needs the name of a variable, as NAME=VALUE or NAME";
    if (options->command && !options->command[0][0])
        return "the command is an empty word (as of a variable that is not set)";
    if (options->task != MANIFEST_NONE)
        return manifest_misuse(options);
    if (options->manifest || options->jobs)
        return "--manifest goes with --update, --check, --list or --init, and --jobs with --update "
               "or --check";
    if (any_given(options, telling))
        return telling_misuse(options);
    return replays(options) ? replay_misuse(options) : work_misuse(options);
}
