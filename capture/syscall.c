/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The `syscall` backend: tracepoints where system calls are entered and where they return. */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/backend.h"
#include "capture/bpf.h"
#include "capture/calls.h"
#include "capture/launch.h"
#include "capture/ring.h"

#include "bpf/syscall.skel.h"

struct recorder {
    struct syscall_bpf *bpf;
    struct ring *ring;
};

static void fill_calls(struct syscall_bpf *bpf)
{
    for (size_t i = 0; i < socket_call_count; i++)
        if (socket_calls[i].number < CALL_NUMBERS)
            bpf->rodata->call_kinds[socket_calls[i].number] = socket_calls[i].kind;
}

/* Tracepoints that came with 6.3: without them it is not noticed what passes by system calls. */
static int choose_programs(struct syscall_bpf *bpf)
{
    struct btf *kernel = btf__load_vmlinux_btf();
    bool exists;

    if (libbpf_get_error(kernel))
        return libbpf_get_error(kernel);
    exists = btf__find_by_name_kind(kernel, "btf_trace_sock_send_length", BTF_KIND_TYPEDEF) > 0;
    btf__free(kernel);
    bpf_program__set_autoload(bpf->progs.on_send_length, exists);
    bpf_program__set_autoload(bpf->progs.on_recv_length, exists);
    return 0;
}

static void syscall_close(struct recorder *recorder)
{
    if (!recorder)
        return;
    ring_free(recorder->ring);
    syscall_bpf__destroy(recorder->bpf);
    free(recorder);
}

static int syscall_open(struct recorder **out, const struct backend_options *options,
                        const struct sink *sink, char reason[REASON_SIZE])
{
    struct recorder *recorder = calloc(1, sizeof(*recorder));
    int err;

    if (!recorder)
        return -ENOMEM;
    err = bpf_prepare(options->verbose, reason);
    if (err)
        goto fail;
    recorder->bpf = syscall_bpf__open();
    if (!recorder->bpf) {
        err = bpf_reason(-errno, "opening the BPF program", reason);
        goto fail;
    }
    fill_calls(recorder->bpf);
    recorder->bpf->rodata->wake_at = options->buffer_size / 16;
    recorder->bpf->rodata->max_message = options->max_message;
    bpf_map__set_max_entries(recorder->bpf->maps.records, options->buffer_size);
    err = choose_programs(recorder->bpf);
    if (!err)
        err = syscall_bpf__load(recorder->bpf);
    if (err) {
        err = bpf_reason(err, "loading the BPF program", reason);
        goto fail;
    }
    err = syscall_bpf__attach(recorder->bpf);
    if (err) {
        err = bpf_reason(err, "attaching to the system call tracepoints", reason);
        goto fail;
    }
    err = ring_new(&recorder->ring, bpf_map__fd(recorder->bpf->maps.records),
                   &recorder->bpf->bss->consumer_state, sink, options->max_message);
    if (err) {
        err = bpf_reason(err, "mapping the ring buffer", reason);
        goto fail;
    }
    *out = recorder;
    return 0;
fail:
    syscall_close(recorder);
    return err;
}

static int syscall_observe(struct recorder *recorder, struct launch *launch)
{
    return bpf_observe(recorder->bpf->maps.observed_processes, launch_pid(launch));
}

static int syscall_fd(const struct recorder *recorder)
{
    return ring_fd(recorder->ring);
}

static int syscall_step(struct recorder *recorder, int *wait)
{
    return ring_step(recorder->ring, wait);
}

static void syscall_losses(const struct recorder *recorder, struct losses *losses)
{
    bpf_losses(&recorder->bpf->bss->losses, losses);
    ring_losses(recorder->ring, losses);
}

static int syscall_finish(struct recorder *recorder)
{
    syscall_bpf__detach(recorder->bpf);
    return ring_finish(recorder->ring);
}

const struct backend backend_syscall = {
    .name = "syscall",
    .summary = "tracepoints on system calls (BPF)",
    .open = syscall_open,
    .observe = syscall_observe,
    .fd = syscall_fd,
    .step = syscall_step,
    .losses = syscall_losses,
    .finish = syscall_finish,
    .close = syscall_close,
};
