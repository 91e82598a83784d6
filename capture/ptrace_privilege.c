/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/ptrace_privilege.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

#include "capture/proc.h"

/* A setuid program makes its owner the effective user, the second number of the field. */
static bool lacks_user(const char *status, uid_t owner)
{
    const char *ids = strstr(status, "\nUid:");
    long effective;

    return ids && sscanf(ids, "\nUid: %*d %ld", &effective) == 1 && effective != (long)owner;
}

bool privilege_is_lost(pid_t tid)
{
    char text[4096], path[64], capabilities[64];
    unsigned long long permitted = 0;
    struct statvfs system;
    struct stat program;

    snprintf(path, sizeof(path), "/proc/%d/exe", tid);
    if (stat(path, &program) || statvfs(path, &system) || system.f_flag & ST_NOSUID)
        return false;
    if (proc_read(tid, "status", text, sizeof(text)) <= 0)
        return false;
    if (program.st_mode & S_ISUID && strstr(text, "\nUid:"))
        return lacks_user(text, program.st_uid);
    if (getxattr(path, "security.capability", capabilities, sizeof(capabilities)) <= 0)
        return false;
    proc_field(text, "\nCapPrm:", 16, &permitted);
    return permitted == 0;
}
