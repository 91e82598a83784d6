/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* First what BPF may do here, and why not; then the recorder around a skeleton. */
#include "capture/bpf.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capture/launch.h"
#include "capture/ring.h"

struct recorder {
    struct bpf_parts parts;
    struct ring *ring;
};

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

/* Sets up libbpf's log and finds out whether this process may use BPF at all. */
static int prepare(bool verbose, char reason[REASON_SIZE])
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

int bpf_load(const struct bpf_parts *parts, const struct backend_options *options)
{
    int err = bpf_map__set_max_entries(parts->records, options->buffer_size);

    *parts->wake_at = options->buffer_size / 16;
    return err ? err : bpf_object__load_skeleton(parts->skeleton);
}

int bpf_attach(const struct bpf_parts *parts)
{
    return bpf_object__attach_skeleton(parts->skeleton);
}

void bpf_unload(struct bpf_parts *parts)
{
    if (parts->skeleton)
        bpf_object__destroy_skeleton(parts->skeleton);
    free(parts->memory);
    *parts = (struct bpf_parts){0};
}

int bpf_open(struct recorder **out, bpf_start *start, const struct backend_options *options,
             const struct sink *sink, char reason[REASON_SIZE])
{
    struct recorder *recorder;
    int err = prepare(options->verbose, reason);

    if (err)
        return err;
    recorder = calloc(1, sizeof(*recorder));
    if (!recorder)
        return -ENOMEM;
    err = start(&recorder->parts, options, reason);
    if (err)
        goto out;
    err = ring_new(&recorder->ring, bpf_map__fd(recorder->parts.records),
                   recorder->parts.consumer_state, sink);
    if (err) {
        bpf_reason(err, "mapping the ring buffer", reason);
        goto out;
    }
    *out = recorder;
    recorder = NULL;
out:
    bpf_close(recorder);
    return err;
}

int bpf_observe(struct recorder *recorder, struct launch *launch)
{
    uint32_t process = launch_pid(launch);
    uint8_t yes = 1;

    return bpf_map__update_elem(recorder->parts.observed_processes, &process, sizeof(process), &yes,
                                sizeof(yes), BPF_ANY);
}

int bpf_fd(const struct recorder *recorder)
{
    return ring_fd(recorder->ring);
}

int bpf_step(struct recorder *recorder, int *wait)
{
    return ring_step(recorder->ring, wait);
}

int bpf_finish(struct recorder *recorder, struct losses *losses)
{
    const struct record_losses *counted = recorder->parts.losses;

    bpf_object__detach_skeleton(recorder->parts.skeleton);
    losses->messages += counted->messages;
    losses->bytes += counted->bytes;
    losses->unfollowed += counted->unfollowed;
    losses->foreign += counted->foreign;
    losses->bypassed += counted->bypassed;
    return ring_finish(recorder->ring, losses);
}

void bpf_close(struct recorder *recorder)
{
    if (!recorder)
        return;
    ring_free(recorder->ring);
    bpf_unload(&recorder->parts);
    free(recorder);
}
