/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The BPF backends' common ground: what they may do here, and why not. */
#include "capture/bpf.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The inode of the first pid namespace: the kernel's PROC_PID_INIT_INO. */
#define FIRST_PID_NAMESPACE 0xeffffffcU

static int print_nothing(enum libbpf_print_level level, const char *format, va_list arguments)
{
    (void)level;
    (void)format;
    (void)arguments;
    return 0;
}

static int print_all(enum libbpf_print_level level, const char *format, va_list arguments)
{
    (void)level;
    return vfprintf(stderr, format, arguments);
}

int bpf_reason(int error, const char *doing, char reason[REASON_SIZE])
{
    const char *way_out = "";

    if ((error == -EPERM || error == -EACCES) && geteuid() != 0)
        way_out = " (try sudo, or give it CAP_BPF and CAP_PERFMON)";
    snprintf(reason, REASON_SIZE, "%s: %s%s", doing, strerror(-error), way_out);
    return error;
}

int bpf_prepare(bool verbose, char reason[REASON_SIZE])
{
    struct stat namespace;

    libbpf_set_print(verbose ? print_all : print_nothing);
    libbpf_set_strict_mode(LIBBPF_STRICT_ALL & ~LIBBPF_STRICT_AUTO_RLIMIT_MEMLOCK);
    if (access("/sys/kernel/btf/vmlinux", R_OK) != 0) {
        snprintf(reason, REASON_SIZE, "this kernel gives no BTF (/sys/kernel/btf/vmlinux): %s",
                 strerror(errno));
        return -ENOTSUP;
    }
    if (stat("/proc/self/ns/pid", &namespace) == 0 && namespace.st_ino != FIRST_PID_NAMESPACE) {
        snprintf(reason, REASON_SIZE,
                 "in a container with process numbers of its own (run it outside, or with the "
                 "host's: --pid=host)");
        return -ENOTSUP;
    }
    return 0;
}

int bpf_observe(const struct bpf_map *observed, pid_t pid)
{
    uint32_t key = pid;
    uint8_t yes = 1;

    return bpf_map__update_elem(observed, &key, sizeof(key), &yes, sizeof(yes), BPF_ANY);
}

void bpf_losses(const struct record_losses *counted, struct losses *losses)
{
    losses->messages += counted->messages;
    losses->bytes += counted->bytes;
    losses->unfollowed += counted->unfollowed;
    losses->foreign += counted->foreign;
    losses->bypassed += counted->bypassed;
}
