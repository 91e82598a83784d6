/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/scope.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capture/glob.h"
#include "capture/proc.h"
#include "capture/user.h"

enum { STATUS_SIZE = 4096, NAME_SIZE = 16 };

int scope_new(struct scope_request *scope)
{
    *scope = (struct scope_request){0};
    return patterns_new(&scope->patterns);
}

void scope_free(struct scope_request *scope)
{
    patterns_free(scope->patterns);
    scope->patterns = NULL;
}

/* Finds out whether there is such a process. Returns 0 or -errno, with the reason. */
static int look_for_process(pid_t pid, char reason[PATTERN_REASON_SIZE])
{
    unsigned long long process = 0;
    char status[STATUS_SIZE];
    int err = -EINVAL;

    if (pid == getpid()) {
        snprintf(reason, PATTERN_REASON_SIZE, "%d is sockfixture itself", pid);
        return err;
    }
    if (proc_read(pid, "status", status, sizeof(status)) <= 0) {
        snprintf(reason, PATTERN_REASON_SIZE, "%d: no such process", pid);
        return -ESRCH;
    }
    if (proc_field(status, "\nTgid:", 10, &process) && (pid_t)process != pid) {
        snprintf(reason, PATTERN_REASON_SIZE, "%d is a thread of process %llu", pid, process);
        return err;
    }
    return 0;
}

int scope_add_pids(struct scope_request *scope, const char *text, char reason[PATTERN_REASON_SIZE])
{
    static const char between[] = ", \t\n";

    for (text += strspn(text, between); *text; text += strspn(text, between)) {
        char *end;
        long pid = strtol(text, &end, 10);
        int err;

        if (!isdigit((unsigned char)*text) || (*end && !strchr(between, *end)) || pid <= 0 ||
            pid > INT32_MAX) {
            snprintf(reason, PATTERN_REASON_SIZE, "'%.60s' is no process number", text);
            return -EINVAL;
        }
        if (scope->pid_count == SCOPE_PIDS) {
            snprintf(reason, PATTERN_REASON_SIZE, "more than %d processes", SCOPE_PIDS);
            return -E2BIG;
        }
        err = look_for_process((pid_t)pid, reason);
        if (err)
            return err;
        scope->pids[scope->pid_count++] = (pid_t)pid;
        text = end;
    }
    if (scope->pid_count)
        return 0;
    snprintf(reason, PATTERN_REASON_SIZE, "no process number (is the program running?)");
    return -EINVAL;
}

int scope_add_name(struct scope_request *scope, const char *text, char reason[PATTERN_REASON_SIZE])
{
    struct glob name = {0};

    if (scope->name_count == PATTERN_NAMES || glob_add(&name, text)) {
        snprintf(reason, PATTERN_REASON_SIZE, "too long, or more than %d names", PATTERN_NAMES);
        return -E2BIG;
    }
    if (!glob_is(text) && name.count >= NAME_SIZE) {
        snprintf(reason, PATTERN_REASON_SIZE,
                 "the kernel keeps %d bytes of a process's name: give those, or a glob",
                 NAME_SIZE - 1);
        return -EINVAL;
    }
    scope->names[scope->name_count++] = name;
    return 0;
}

int scope_add_user(struct scope_request *scope, const char *text, char reason[PATTERN_REASON_SIZE])
{
    struct user user = {0};
    int err;

    if (scope->user_count == PATTERN_NAMES) {
        snprintf(reason, PATTERN_REASON_SIZE, "more than %d users", PATTERN_NAMES);
        return -E2BIG;
    }
    err = user_find(&user, text);
    if (err == -ENOENT && user_read_number(&user.uid, text))
        err = 0; /* one that only a container has a name for */
    if (err) {
        snprintf(reason, PATTERN_REASON_SIZE, "%s",
                 err == -ENOENT ? "no such user" : strerror(-err));
        return err;
    }
    scope->users[scope->user_count++] = user.uid;
    user_free(&user);
    return 0;
}

/* True when only processes that are listed are observed: the command's, or those by number. */
static bool is_by_process(const struct scope_request *scope)
{
    return scope->launches || scope->pid_count;
}

bool scope_takes_all(const struct scope_request *scope)
{
    size_t patterns;

    patterns_compiled(scope->patterns, &patterns);
    return is_by_process(scope) && !patterns && !scope->name_count && !scope->user_count;
}

static bool takes_user(const struct scope_request *scope, pid_t pid)
{
    unsigned long long user = 0;
    char status[STATUS_SIZE];

    if (!scope->user_count)
        return true;
    if (proc_read(pid, "status", status, sizeof(status)) <= 0 ||
        !proc_field(status, "\nUid:", 10, &user))
        return false;
    for (size_t i = 0; i < scope->user_count; i++)
        if (scope->users[i] == user)
            return true;
    return false;
}

static bool takes_name(const struct scope_request *scope, pid_t pid)
{
    char name[NAME_SIZE + 1]; /* with its newline */
    ssize_t length;

    if (!scope->name_count)
        return true;
    length = proc_read(pid, "comm", name, sizeof(name));
    for (size_t i = 0; i < scope->name_count && length >= 0; i++)
        if (glob_matches(&scope->names[i], name, (size_t)length))
            return true;
    return false;
}

bool scope_takes(const struct scope_request *scope, pid_t pid, pid_t launched)
{
    return (!scope->no_follow || pid == launched) && takes_user(scope, pid) &&
           takes_name(scope, pid);
}

/* What we were given open may be a socket: what we print there, we do not observe. */
static void find_own_sockets(struct scope *out)
{
    DIR *directory = opendir("/proc/self/fd");
    struct dirent *entry;
    struct stat file;
    size_t count = 0;

    while (directory && count < OWN_SOCKETS && (entry = readdir(directory)))
        if (isdigit((unsigned char)entry->d_name[0]) && fstat(atoi(entry->d_name), &file) == 0 &&
            S_ISSOCK(file.st_mode))
            out->own_sockets[count++] = file.st_ino;
    if (directory)
        closedir(directory);
}

void scope_compile(const struct scope_request *scope, struct scope *out)
{
    size_t patterns;

    *out = (struct scope){
        .own_process = (uint32_t)getpid(),
        .name_count = (uint32_t)scope->name_count,
        .user_count = (uint32_t)scope->user_count,
        .by_process = is_by_process(scope),
        .by_address = patterns_count(scope->patterns, false) > 0,
        .follow = !scope->no_follow,
        .attaches = !scope->launches,
        .by_spelling = patterns_by_spelling(scope->patterns),
    };
    patterns_compiled(scope->patterns, &patterns);
    out->pattern_count = (uint32_t)patterns;
    out->by_socket = patterns > 0 || !out->by_process;
    for (size_t i = 0; i < scope->user_count; i++)
        out->users[i] = scope->users[i];
    find_own_sockets(out);
}
