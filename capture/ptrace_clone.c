/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The flags of clone() are in a register, those of clone3() in memory. */
#include "capture/ptrace_clone.h"

#include <elf.h>
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>

#include "capture/ptrace_filter.h"
#include "capture/ptrace_memory.h"

#if defined(__x86_64__)
#define FIRST_ARGUMENT(registers) ((registers).rdi)
#elif defined(__aarch64__)
#define FIRST_ARGUMENT(registers) ((registers).regs[0])
#endif

#ifdef FIRST_ARGUMENT
static int set_first_argument(pid_t tid, uint64_t value)
{
    struct user_regs_struct registers;
    struct iovec all = {&registers, sizeof(registers)};

    if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &all))
        return -errno;
    FIRST_ARGUMENT(registers) = value;
    return ptrace(PTRACE_SETREGSET, tid, NT_PRSTATUS, &all) ? -errno : 0;
}
#else /* RISC-V: what a call is given can no longer be changed once it is entered */
static int set_first_argument(pid_t tid, uint64_t value)
{
    (void)tid;
    (void)value;
    return -ENOTSUP;
}
#endif

/* The flags come first in struct clone_args. Unlike process_vm_writev(), this also writes where the
 * thread itself may only read. */
static int set_flags(pid_t tid, uint64_t arguments, uint64_t flags)
{
    return ptrace(PTRACE_POKEDATA, tid, arguments, flags) ? -errno : 0;
}

int clone_keep_traced(pid_t tid, const struct __ptrace_syscall_info *info)
{
    uint64_t argument = info->seccomp.args[0], flags;

    if (!filter_knows(info->arch))
        return 0;
    if (info->seccomp.nr == SYS_clone)
        return argument & CLONE_UNTRACED ? set_first_argument(tid, argument & ~CLONE_UNTRACED) : 0;
    /* Flags that cannot be read, the kernel cannot read either: the call fails. */
    if (info->seccomp.nr != SYS_clone3 || !memory_read(tid, &flags, argument, sizeof(flags)) ||
        !(flags & CLONE_UNTRACED))
        return 0;
    return set_flags(tid, argument, flags & ~(uint64_t)CLONE_UNTRACED);
}
