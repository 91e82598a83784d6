/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The BPF backends' common ground: what they may do here, and why not. */
#include "capture/bpf.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
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
    snprintf(reason, REASON_SIZE, "%s: %s", doing, strerror(-error));
    return error;
}

/* Whether the effective capabilities hold this one, or the one that stands for all of the kind. */
static bool has_capability(unsigned capability)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
    unsigned all = CAP_SYS_ADMIN;

    if (syscall(SYS_capget, &header, data))
        return true; /* then let the kernel decide */
    return data[CAP_TO_INDEX(capability)].effective & CAP_TO_MASK(capability) ||
           data[CAP_TO_INDEX(all)].effective & CAP_TO_MASK(all);
}

int bpf_prepare(bool verbose, char reason[REASON_SIZE])
{
    struct stat namespace;

    libbpf_set_print(verbose ? print_all : print_nothing);
    libbpf_set_strict_mode(LIBBPF_STRICT_ALL & ~LIBBPF_STRICT_AUTO_RLIMIT_MEMLOCK);
    if (!has_capability(CAP_BPF) || !has_capability(CAP_PERFMON)) {
        snprintf(reason, REASON_SIZE,
                 "needs CAP_BPF and CAP_PERFMON (sudo, setcap cap_bpf,cap_perfmon+ep, or "
                 "--cap-add BPF --cap-add PERFMON)");
        return -EPERM;
    }
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
