/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/capability.h"

#include <errno.h>
#include <linux/capability.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What may be needed while it records, and behind that. */
static const unsigned kept[] = {
    CAP_KILL,            /* to pass signals on to a command of another user */
    CAP_SYS_PTRACE,      /* to trace it, and to look up other users' processes in /proc */
    CAP_SYS_NICE,        /* to go before others and to go back */
    CAP_SETUID,          /* to write files with the rights of who called sudo, ... */
    CAP_SETGID,          /* ... in all groups */
    CAP_DAC_OVERRIDE,    /* root's own, when it was not called by sudo; without it, the paths ... */
    CAP_DAC_READ_SEARCH, /* ... of sockets in folders of others */
    CAP_FOWNER,          /* to replace another's file where folders are sticky */
};

static struct __user_cap_header_struct header(void)
{
    return (struct __user_cap_header_struct){.version = _LINUX_CAPABILITY_VERSION_3};
}

bool capability_has(unsigned capability)
{
    struct __user_cap_header_struct head = header();
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
    const unsigned all = CAP_SYS_ADMIN;

    if (syscall(SYS_capget, &head, data))
        return true; /* then let the kernel decide */
    return data[CAP_TO_INDEX(capability)].effective & CAP_TO_MASK(capability) ||
           data[CAP_TO_INDEX(all)].effective & CAP_TO_MASK(all);
}

int capability_drop(void)
{
    struct __user_cap_header_struct head = header();
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
    uint32_t keep[_LINUX_CAPABILITY_U32S_3] = {0};

    for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
        keep[CAP_TO_INDEX(kept[i])] |= CAP_TO_MASK(kept[i]);
    /* As root, a program that is run would have all of them again. */
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(SYS_capget, &head, data))
        return -errno;
    for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
        data[i].effective &= keep[i];
        data[i].permitted &= keep[i];
        data[i].inheritable &= keep[i];
    }
    head = header();
    return syscall(SYS_capset, &head, data) ? -errno : 0;
}
