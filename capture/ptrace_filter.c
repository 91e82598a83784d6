/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A filter sees a call's number and arguments, never what is behind a descriptor, so reads and
 * writes of files stop as well. Calls that always pass cost nothing: the kernel finds them out
 * beforehand (seccomp_cache_prepare, 5.11).
 */
#include "capture/ptrace_filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capture/calls.h"

#if defined(__x86_64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_X86_64
#define FOREIGN_BIT      0x40000000 /* x32: the same architecture, other layouts */
#elif defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define OWN_ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define OWN_ARCHITECTURE AUDIT_ARCH_RISCV64
#else
#error "which AUDIT_ARCH_ is this?"
#endif

enum { PROGRAM_MAX = 160 };

struct program {
    struct sock_filter code[PROGRAM_MAX];
    unsigned short length;
};

static void add(struct program *program, unsigned short code, unsigned char if_true,
                unsigned char if_false, unsigned value)
{
    program->code[program->length++] = (struct sock_filter){code, if_true, if_false, value};
}

static void add_load(struct program *program, size_t offset)
{
    add(program, BPF_LD | BPF_W | BPF_ABS, 0, 0, offset);
}

static void add_return(struct program *program, unsigned action)
{
    add(program, BPF_RET | BPF_K, 0, 0, action);
}

/* Runs the next `count` instructions for this system call only. */
static void add_if_number(struct program *program, long number, unsigned char count)
{
    add(program, BPF_JMP | BPF_JEQ | BPF_K, 0, count, number);
}

static void add_load_argument(struct program *program, int index)
{
    size_t low = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0;

    add_load(program, offsetof(struct seccomp_data, args) + (size_t)index * 8 + low);
}

/* Which argument holds the MSG_ flags of a receiving call; -1 when none does. */
static int flags_argument(enum call_kind kind)
{
    switch (kind) {
    case CALL_RECVFROM:
    case CALL_RECVMMSG:
        return 3;
    case CALL_RECVMSG:
        return 2;
    default:
        return -1;
    }
}

/* Looking at what is still to be received, or at what was sent before, moves no message. */
static void add_call(struct program *program, const struct socket_call *call)
{
    int flags = flags_argument(call->kind);

    if (flags < 0) {
        add_if_number(program, call->number, 1);
        add_return(program, SECCOMP_RET_TRACE | call->kind);
        return;
    }
    add_if_number(program, call->number, 4);
    add_load_argument(program, flags);
    add(program, BPF_JMP | BPF_JSET | BPF_K, 1, 0, MSG_PEEK | MSG_ERRQUEUE);
    add_return(program, SECCOMP_RET_TRACE | call->kind);
    add_return(program, SECCOMP_RET_ALLOW);
}

static void add_stop(struct program *program, long number, enum filter_stop stop)
{
    add_if_number(program, number, 1);
    add_return(program, SECCOMP_RET_TRACE | stop);
}

static void build(struct program *program)
{
    program->length = 0;
    add_load(program, offsetof(struct seccomp_data, arch));
    add(program, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, OWN_ARCHITECTURE);
    add_return(program, SECCOMP_RET_TRACE | FILTER_FOREIGN);
    add_load(program, offsetof(struct seccomp_data, nr));
#ifdef FOREIGN_BIT
    add(program, BPF_JMP | BPF_JSET | BPF_K, 0, 1, FOREIGN_BIT);
    add_return(program, SECCOMP_RET_TRACE | FILTER_FOREIGN);
#endif
    for (size_t i = 0; i < socket_call_count; i++)
        add_call(program, &socket_calls[i]);
    add_stop(program, SYS_socketpair, FILTER_PAIR);
    add_stop(program, SYS_ptrace, FILTER_PTRACE);
    add_stop(program, SYS_io_uring_setup, FILTER_IO_URING);
    add_if_number(program, SYS_prctl, 3);
    add_load_argument(program, 0);
    add(program, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, PR_SET_NAME);
    add_return(program, SECCOMP_RET_TRACE | FILTER_RENAME);
    add_return(program, SECCOMP_RET_ALLOW);
}

/* Without SPEC_ALLOW, older kernels slow the process down against speculation for the filter's
 * sake. */
static int set_filter(const struct sock_fprog *program)
{
    if (!syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, program))
        return 0;
    return -errno;
}

int filter_install(void)
{
    struct program program;
    struct sock_fprog filter;
    int err;

    build(&program);
    filter = (struct sock_fprog){program.length, program.code};
    err = set_filter(&filter);
    if (err != -EACCES)
        return err;
    /* Without CAP_SYS_ADMIN only who can gain no privileges may filter: seccomp(2). */
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return -errno;
    return set_filter(&filter);
}

bool filter_knows(uint32_t architecture)
{
    return architecture == OWN_ARCHITECTURE;
}
