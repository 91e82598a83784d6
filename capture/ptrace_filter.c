/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A filter sees a call's number and arguments, never what is behind a descriptor: where read() of a
 * socket stops, read() of a file does. So there are two filters, and a process has only the first
 * for as long as it has no socket:
 *
 * - The first one stops at calls that only sockets take, and at those few by which a process could
 *   get its first socket (the doors). What it reads and writes until then, is none.
 * - The second one also stops at read(), write() and their like. The tracer has it put on top, in
 *   all threads of the process, while that stands before a door (ptrace_cover.h), so there is no
 *   moment in which a socket is there and the filter is not. It stops at the doors, too; and as the
 *   last of several filters that want the same is the one that is heard, each stop tells which of
 *   them the process has. What has been forked and executed since, nobody keeps count of.
 *
 * What a read() of 64 bytes of a file costs, in microseconds on a slow virtual machine: 1.7 without
 * us, 1.8 under the first filter, 36 under the second, for its one stop, and 65 under strace(1),
 * for two.
 *
 * Filters that stop at single descriptors would spare the files of programs that have sockets, too.
 * They were measured and left: 16 of them add 1 us to every read(), dup() and its like would have
 * to stop, and a descriptor that a call has made can be used by another thread, or be inherited,
 * before its filter is there.
 *
 * Calls that always pass cost nothing: the kernel finds them out beforehand
 * (seccomp_cache_prepare, 5.11).
 */
#include "capture/ptrace_filter.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/android/binder.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capture/calls.h"
#include "capture/ptrace_cover.h"

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

/*
 * SECCOMP_RET_DATA has 16 bits: a stop, and the run that it is of, one of 1024, which --repeat does
 * not exceed. A filter stays on all that comes of a process, so that tells them apart however they
 * fork and whoever has ended by then.
 */
enum { STOP_BITS = 6, STOP_MASK = (1 << STOP_BITS) - 1 };

_Static_assert((int)CALL_RING < (int)FILTER_RENAME && FILTER_BEHIND < FILTER_EARLIER &&
                   (int)FILTER_EARLIER <= (int)STOP_MASK,
               "a stop fits, and is one thing");

static unsigned current_run;

/* Which filter: one of two, or the second without the first. */
enum filter_which { FILTER_FIRST, FILTER_SECOND, FILTER_ALONE };

/*
 * Calls that can bring a process its first socket, let it share descriptors with one that is no
 * thread of it, or end that a second filter can be put on. `stop` is what the second filter says of
 * them. There are more ways to get a socket, but they take one: accept(), SCM_RIGHTS.
 */
static const struct door {
    long number;
    int argument; /* which must have this value under this mask; with mask 0 it is always a door */
    unsigned mask, value;
    enum filter_stop stop;
} doors[] = {
    {.number = SYS_socket, .stop = FILTER_BEHIND},
    {.number = SYS_socketpair, .stop = FILTER_PAIR},
    {.number = SYS_pidfd_getfd, .stop = FILTER_BEHIND},
    {.number = SYS_io_uring_setup, .stop = FILTER_IO_URING},
    {.number = SYS_seccomp, .stop = FILTER_BEHIND},
    {SYS_prctl, 0, UINT32_MAX, PR_SET_SECCOMP, FILTER_BEHIND},
    {SYS_ioctl, 1, UINT32_MAX, (unsigned)BINDER_WRITE_READ, FILTER_BEHIND},
    {SYS_clone, 0, CLONE_FILES | CLONE_THREAD, CLONE_FILES, FILTER_BEHIND},
    {.number = SYS_clone3, .stop = FILTER_CLONE}, /* its flags are in memory: cover_needed() */
};

/* Other calls that are looked at; io_submit() only once there may be a socket. */
static const struct door others[] = {
    {.number = SYS_ptrace, .stop = FILTER_PTRACE},
    {SYS_prctl, 0, UINT32_MAX, PR_SET_NAME, FILTER_RENAME},
    {SYS_clone, 0, CLONE_UNTRACED, CLONE_UNTRACED, FILTER_CLONE},
    {SYS_seccomp, 1, SECCOMP_FILTER_FLAG_NEW_LISTENER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
     FILTER_LISTENER},
    {.number = SYS_io_submit, .stop = FILTER_AIO},
};

static void add(struct filter *filter, unsigned short code, unsigned char if_true,
                unsigned char if_false, unsigned value)
{
    filter->code[filter->length++] = (struct sock_filter){code, if_true, if_false, value};
}

static void add_load(struct filter *filter, size_t offset)
{
    add(filter, BPF_LD | BPF_W | BPF_ABS, 0, 0, offset);
}

static void add_return(struct filter *filter, unsigned action)
{
    add(filter, BPF_RET | BPF_K, 0, 0, action);
}

static void add_trace(struct filter *filter, unsigned stop)
{
    add_return(filter, SECCOMP_RET_TRACE | current_run << STOP_BITS | stop);
}

/* Runs the next `count` instructions for this system call only. */
static void add_if_number(struct filter *filter, long number, unsigned char count)
{
    add(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, count, number);
}

static void add_load_argument(struct filter *filter, int index)
{
    size_t low = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0;

    add_load(filter, offsetof(struct seccomp_data, args) + (size_t)index * 8 + low);
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
static void add_call(struct filter *filter, const struct socket_call *call)
{
    int flags = flags_argument(call->kind);

    if (flags < 0) {
        add_if_number(filter, call->number, 1);
        add_trace(filter, call->kind);
        return;
    }
    add_if_number(filter, call->number, 4);
    add_load_argument(filter, flags);
    add(filter, BPF_JMP | BPF_JSET | BPF_K, 1, 0, MSG_PEEK | MSG_ERRQUEUE);
    add_trace(filter, call->kind);
    add_return(filter, SECCOMP_RET_ALLOW);
}

static void add_stop(struct filter *filter, const struct door *door, enum filter_stop stop)
{
    if (!door->mask) {
        add_if_number(filter, door->number, 1);
        add_trace(filter, stop);
        return;
    }
    add_if_number(filter, door->number, 5);
    add_load_argument(filter, door->argument);
    add(filter, BPF_ALU | BPF_AND | BPF_K, 0, 0, door->mask);
    add(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, door->value);
    add_trace(filter, stop);
    add_load(filter, offsetof(struct seccomp_data, nr));
}

/* Files take it as well as sockets. */
static bool is_for_files(enum call_kind kind)
{
    switch (kind) {
    case CALL_RECEIVE_BUFFER:
    case CALL_SEND_BUFFER:
    case CALL_RECEIVE_VECTOR:
    case CALL_SEND_VECTOR:
    case CALL_SENDFILE:
    case CALL_SPLICE:
        return true;
    default:
        return false;
    }
}

static void add_doors(struct filter *filter, enum filter_which which)
{
    for (size_t i = 0; i < sizeof(doors) / sizeof(*doors); i++)
        if (which != FILTER_ALONE || doors[i].stop != FILTER_BEHIND)
            add_stop(filter, &doors[i], which == FILTER_FIRST ? FILTER_DOOR : doors[i].stop);
}

static void add_others(struct filter *filter, enum filter_which which)
{
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
        if (which != FILTER_FIRST || others[i].stop != FILTER_AIO)
            add_stop(filter, &others[i], others[i].stop);
}

static void build(struct filter *filter, enum filter_which which)
{
    filter->length = 0;
    add_load(filter, offsetof(struct seccomp_data, arch));
    add(filter, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, OWN_ARCHITECTURE);
    add_trace(filter, FILTER_FOREIGN);
    add_load(filter, offsetof(struct seccomp_data, nr));
#ifdef FOREIGN_BIT
    add(filter, BPF_JMP | BPF_JSET | BPF_K, 0, 1, FOREIGN_BIT);
    add_trace(filter, FILTER_FOREIGN);
#endif
    for (size_t i = 0; i < socket_call_count; i++)
        if (which != FILTER_FIRST || !is_for_files(socket_calls[i].kind))
            add_call(filter, &socket_calls[i]);
    /* A call that is a door as well must come to it first, and is made again behind it. */
    if (which == FILTER_FIRST)
        add_doors(filter, which);
    add_others(filter, which);
    if (which != FILTER_FIRST)
        add_doors(filter, which);
    add_return(filter, SECCOMP_RET_ALLOW);
}

/* Without SPEC_ALLOW, older kernels slow the process down against speculation for the filter's
 * sake. */
static int set_filter(enum filter_which which)
{
    struct filter filter;
    struct sock_fprog program = {.filter = filter.code};

    build(&filter, which);
    program.len = filter.length;
    if (!syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program))
        return 0;
    return -errno;
}

/* A socket, or what may bring one: an io_uring is a file of no type. */
static bool may_be_socket(int fd)
{
    struct stat file;

    if (fcntl(fd, F_GETFD) & FD_CLOEXEC)
        return false;
    if (fstat(fd, &file))
        return true;
    switch (file.st_mode & S_IFMT) {
    case S_IFREG:
    case S_IFDIR:
    case S_IFCHR:
    case S_IFBLK:
    case S_IFIFO:
        return false;
    }
    return true;
}

/* Whether the command that this process will execute may have a socket from the beginning. */
static bool inherits_socket(void)
{
    DIR *directory = opendir("/proc/self/fd");
    const struct dirent *entry;
    bool found = false;

    if (!directory)
        return true;
    while (!found && (entry = readdir(directory)))
        found = entry->d_name[0] != '.' && may_be_socket(atoi(entry->d_name));
    closedir(directory);
    return found;
}

int filter_install(void)
{
    int err = -EACCES;

    /* Who has CAP_SYS_ADMIN may filter, but before the door the process may have it no more: it has
     * become another user, or a security module takes it from the program that it executed. */
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0)
        err = set_filter(FILTER_ALONE);
    if (err != -EACCES)
        return err;
    /* Others may only when they can gain no privileges, which is for ever: seccomp(2). */
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return -errno;
    return set_filter(cover_works() && !inherits_socket() ? FILTER_FIRST : FILTER_ALONE);
}

void filter_begin_run(void)
{
    current_run = (current_run + 1) & SECCOMP_RET_DATA >> STOP_BITS;
}

unsigned filter_stop_of(unsigned data)
{
    return data >> STOP_BITS == current_run ? data & STOP_MASK : FILTER_EARLIER;
}

void filter_second(struct filter *filter)
{
    build(filter, FILTER_SECOND);
}

bool filter_knows(uint32_t architecture)
{
    return architecture == OWN_ARCHITECTURE;
}
