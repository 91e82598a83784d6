/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A file system may be a program that the command has started (FUSE), and that program may stand in
 * a stop of ours: whoever asks the file system for anything then waits for himself. So only what
 * the kernel knows already is asked for.
 */
#include "capture/ptrace_privilege.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "capture/capability.h"
#include "capture/proc.h"
#include "capture/text.h"

struct mount {
    bool known;
    char options[256]; /* "rw,nosuid" */
    char type[64];     /* of its file system */
};

/* A program keeps its privileges under a tracer that may trace anybody, unless it can gain none. */
static bool can_lose(const char *status)
{
    unsigned long long gains_none = 0;

    return !capability_has(CAP_SYS_PTRACE) ||
           (proc_field(status, "\nNoNewPrivs:", 10, &gains_none) && gains_none);
}

/* A line of mountinfo, proc_pid_mountinfo(5). Returns false when it is another mount's. */
static bool parse_mount(struct mount *mount, const char *line, uint64_t id)
{
    const char *type = strstr(line, " - ");

    return strtoull(line, NULL, 10) == id && type &&
           sscanf(line, "%*s %*s %*s %*s %*s %255s", mount->options) == 1 &&
           sscanf(type, " - %63s", mount->type) == 1;
}

static void find_mount(struct mount *mount, pid_t tid, const struct statx *program)
{
    char path[64], *line = NULL;
    size_t size = 0;
    FILE *file;

    mount->known = false;
    snprintf(path, sizeof(path), "/proc/%d/mountinfo", tid);
    file = program->stx_mask & STATX_MNT_ID ? fopen(path, "re") : NULL;
    if (!file)
        return;
    while (!mount->known && getline(&line, &size, file) > 0)
        mount->known = parse_mount(mount, line, program->stx_mnt_id);
    free(line);
    fclose(file);
}

static bool is_nosuid(const struct mount *mount)
{
    return mount->known && strstr(mount->options, "nosuid");
}

/* Whether a process, or another machine, may have to answer for the file system. */
static bool may_ask(const struct mount *mount)
{
    static const char *const types[] = {"fuse", "9p", "nfs", "cifs", "smb3", "ceph", "coda"};

    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
        if (text_begins(mount->type, types[i]))
            return true;
    return !mount->known;
}

/* Such a program makes its owner, or its group, the effective one: the field's second number. */
static bool lacks_id(const char *status, const char *field, uint32_t owner)
{
    const char *ids = strstr(status, field);
    long effective;

    return ids && sscanf(ids + strlen(field), "%*d %ld", &effective) == 1 &&
           effective != (long)owner;
}

static bool lacks_capabilities(const char *status, const char *path)
{
    unsigned long long permitted = 0;
    char capabilities[64];

    if (getxattr(path, "security.capability", capabilities, sizeof(capabilities)) <= 0)
        return false;
    proc_field(status, "\nCapPrm:", 16, &permitted);
    return permitted == 0;
}

bool privilege_is_lost(pid_t tid)
{
    const unsigned wanted = STATX_MODE | STATX_UID | STATX_GID | STATX_MNT_ID;
    char status[4096], path[64];
    struct statx program;
    struct mount mount;
    bool user, group;

    if (proc_read(tid, "status", status, sizeof(status)) <= 0 || !can_lose(status))
        return false;
    snprintf(path, sizeof(path), "/proc/%d/exe", tid);
    if (statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, wanted, &program))
        return false;
    find_mount(&mount, tid, &program);
    if (is_nosuid(&mount))
        return false;
    user = program.stx_mode & S_ISUID;
    /* Without the right to execute for the group, the bit means another thing: inode(7). */
    group = program.stx_mode & S_ISGID && program.stx_mode & S_IXGRP;
    if (user || group)
        return (user && lacks_id(status, "\nUid:", program.stx_uid)) ||
               (group && lacks_id(status, "\nGid:", program.stx_gid));
    return !may_ask(&mount) && lacks_capabilities(status, path);
}
