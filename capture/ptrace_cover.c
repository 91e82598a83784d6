/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The observed program must not notice: all its registers are put back, signals wait, and what
 * seccomp() reads is in a page that is there for as long as the call takes. It is not on the stack,
 * which may end anywhere (Go's do).
 *
 * It is done step by step, between the stops of all others, as any of these calls may have to wait
 * for another thread of the process, which may wait for us.
 */
#include "capture/ptrace_cover.h"

#include <errno.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "capture/ptrace_filter.h"
#include "capture/ptrace_memory.h"
#include "capture/ptrace_pass.h"

bool cover_needed(pid_t tid, const struct __ptrace_syscall_info *info)
{
    uint64_t flags;

    if (info->seccomp.nr != SYS_clone3)
        return true;
    return !memory_read(tid, &flags, info->seccomp.args[0], sizeof(flags)) ||
           (flags & (CLONE_FILES | CLONE_THREAD)) == CLONE_FILES;
}

#ifdef __x86_64__

/* What seccomp() is given. */
struct page {
    struct sock_fprog program;
    struct filter filter;
};

static const uint8_t syscall_instruction[] = {0x0f, 0x05};

bool cover_works(void)
{
    return true;
}

/* Where the instruction stands by which the thread has entered the kernel. */
static uint64_t instruction(const struct cover *cover)
{
    return cover->registers.rip - sizeof(syscall_instruction);
}

static int set_registers(pid_t tid, const struct user_regs_struct *registers)
{
    return ptrace(PTRACE_SETREGS, tid, 0L, registers) ? -errno : 0;
}

static int set_signals(pid_t tid, uint64_t signals)
{
    return ptrace(PTRACE_SETSIGMASK, tid, sizeof(signals), &signals) ? -errno : 0;
}

/* The thread, which stands behind a call, makes this one next. */
static int call_next(struct cover *cover, pid_t tid, enum cover_step step, const uint64_t call[7])
{
    struct user_regs_struct registers = cover->registers;

    cover->step = step;
    registers.rip = instruction(cover);
    registers.orig_rax = UINT64_MAX; /* no call is to be begun again */
    registers.rax = call[0];
    registers.rdi = call[1];
    registers.rsi = call[2];
    registers.rdx = call[3];
    registers.r10 = call[4];
    registers.r8 = call[5];
    registers.r9 = call[6];
    return set_registers(tid, &registers);
}

/* Returns 0 when the instruction is there, to be executed again. */
static int check_instruction(const struct cover *cover, pid_t tid)
{
    uint8_t bytes[sizeof(syscall_instruction)];

    errno = 0;
    if (!memory_read(tid, bytes, instruction(cover), sizeof(bytes)))
        return errno == ESRCH ? -ESRCH : -ENOTSUP;
    return memcmp(bytes, syscall_instruction, sizeof(bytes)) ? -ENOTSUP : 0;
}

int cover_begin(struct cover *cover, pid_t tid)
{
    struct user_regs_struct none;
    int err;

    if (ptrace(PTRACE_GETREGS, tid, 0L, &cover->registers) ||
        ptrace(PTRACE_GETSIGMASK, tid, sizeof(cover->signals), &cover->signals))
        return -errno;
    err = check_instruction(cover, tid);
    if (err)
        return err;
    err = set_signals(tid, UINT64_MAX);
    if (err)
        return err;
    none = cover->registers;
    none.orig_rax = UINT64_MAX; /* the kernel makes no call */
    err = set_registers(tid, &none);
    if (err) {
        set_signals(tid, cover->signals);
        return err;
    }
    cover->step = COVER_LEAVE;
    cover->stopped = false;
    return pass_resume(tid, PTRACE_SYSCALL, 0);
}

/* The thread is as it was before it came to the door. */
static int give_back(struct cover *cover, pid_t tid)
{
    struct user_regs_struct registers = cover->registers;
    int err;

    cover->step = COVER_NONE;
    registers.rip = instruction(cover);
    registers.rax = registers.orig_rax;
    registers.orig_rax = UINT64_MAX;
    err = set_registers(tid, &registers);
    if (!err)
        err = set_signals(tid, cover->signals);
    /* It stops again at once, and as its process does, if that is stopped: ptrace(2). */
    if (!err && cover->stopped && ptrace(PTRACE_INTERRUPT, tid, 0L, 0L))
        err = -errno;
    return err;
}

static int map(struct cover *cover, pid_t tid)
{
    const uint64_t call[] = {
        SYS_mmap,   0, sizeof(struct page), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
        UINT64_MAX, 0,
    };

    return call_next(cover, tid, COVER_MAP, call);
}

static int unmap(struct cover *cover, pid_t tid)
{
    const uint64_t call[7] = {SYS_munmap, cover->memory, sizeof(struct page)};

    return call_next(cover, tid, COVER_UNMAP, call);
}

static int put_filter(struct cover *cover, pid_t tid)
{
    const uint64_t call[7] = {
        SYS_seccomp,
        SECCOMP_SET_MODE_FILTER,
        SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW,
        cover->memory + offsetof(struct page, program),
    };
    struct page page = {0};

    filter_second(&page.filter);
    page.program.len = page.filter.length;
    page.program.filter =
        (struct sock_filter *)(uintptr_t)(cover->memory + offsetof(struct page, filter.code));
    if (memory_write(tid, &page, cover->memory, sizeof(page)))
        return call_next(cover, tid, COVER_FILTER, call);
    cover->refused = true;
    return unmap(cover, tid);
}

/* The thread stands behind the call of a step, which returned result. */
static int next_step(struct cover *cover, pid_t tid, const struct __ptrace_syscall_info *info)
{
    switch (cover->step) {
    case COVER_LEAVE:
        return map(cover, tid);
    case COVER_MAP:
        cover->memory = (uint64_t)info->exit.rval;
        if (!info->exit.is_error)
            return put_filter(cover, tid);
        cover->refused = true;
        return give_back(cover, tid);
    case COVER_FILTER:
        cover->refused = info->exit.rval != 0; /* or the number of a thread that may not have it */
        return unmap(cover, tid);
    case COVER_UNMAP:
    case COVER_NONE:
        break;
    }
    return give_back(cover, tid);
}

int cover_go_on(struct cover *cover, pid_t tid, int status)
{
    struct __ptrace_syscall_info info = {0};
    int event = status >> 16, signal = WSTOPSIG(status), err;

    if (event == PTRACE_EVENT_STOP)
        cover->stopped = true;
    if (event || signal != (SIGTRAP | 0x80))
        return pass_resume(tid, PTRACE_SYSCALL, event ? 0 : signal);
    if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(info), &info) <= 0 ||
        info.op != PTRACE_SYSCALL_INFO_EXIT)
        return pass_resume(tid, PTRACE_SYSCALL, 0);
    err = next_step(cover, tid, &info);
    if (err && err != -ESRCH)
        return err;
    return pass_resume(tid, cover->step ? PTRACE_SYSCALL : PTRACE_CONT, 0);
}

#else /* filter_install() lets nothing pass that would need it */

bool cover_works(void)
{
    return false;
}

int cover_begin(struct cover *cover, pid_t tid)
{
    (void)cover;
    (void)tid;
    return -ENOTSUP;
}

int cover_go_on(struct cover *cover, pid_t tid, int status)
{
    cover->step = COVER_NONE;
    return pass(tid, status);
}

#endif
