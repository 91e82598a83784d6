/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The `socket` backend: the kernel's own functions of Unix and internet sockets. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/backend.h"
#include "capture/bpf.h"
#include "capture/launch.h"
#include "capture/ring.h"

#include "bpf/socket.skel.h"

struct recorder {
    struct socket_bpf *bpf;
    struct ring *ring;
};

/* The two ways to attach to a function: a pair of prefixes that a program's section can have. */
struct way {
    const char *enter;
    const char *leave;
    const char *refusal;
    const char *file; /* there is no need to try where this does not exist; or NULL */
};

static const struct way ways[] = {
    {"fentry/", "fexit/", "this kernel refuses BPF trampolines", NULL},
    {"kprobe/", "kretprobe/", "has no kprobes", "/sys/bus/event_source/devices/kprobe/type"},
};

/* The function that a program is for, when it is for this way; else NULL. */
static const char *function_of(const struct bpf_program *program, const struct way *way)
{
    const char *section = bpf_program__section_name(program);

    if (strncmp(section, way->enter, strlen(way->enter)) == 0)
        return section + strlen(way->enter);
    if (strncmp(section, way->leave, strlen(way->leave)) == 0)
        return section + strlen(way->leave);
    return NULL;
}

static bool is_tracepoint(const struct bpf_program *program)
{
    return strncmp(bpf_program__section_name(program), "tp_btf/", 7) == 0;
}

/* Loads only the programs of this way, and of those only the ones this kernel has functions for. */
static void choose_programs(struct recorder *recorder, const struct way *way,
                            const struct btf *kernel)
{
    struct bpf_program *program;

    bpf_object__for_each_program(program, recorder->bpf->obj)
    {
        const char *function = function_of(program, way);
        bool exists = function && btf__find_by_name_kind(kernel, function, BTF_KIND_FUNC) > 0;

        bpf_program__set_autoload(program, is_tracepoint(program) || exists);
    }
}

static void socket_close(struct recorder *recorder)
{
    if (!recorder)
        return;
    ring_free(recorder->ring);
    socket_bpf__destroy(recorder->bpf);
    free(recorder);
}

static int open_way(struct recorder *recorder, const struct way *way, const struct btf *kernel,
                    const struct backend_options *options)
{
    int err;

    recorder->bpf = socket_bpf__open();
    if (!recorder->bpf)
        return -errno;
    choose_programs(recorder, way, kernel);
    recorder->bpf->rodata->wake_at = options->buffer_size / 16;
    recorder->bpf->rodata->max_message = options->max_message;
    bpf_map__set_max_entries(recorder->bpf->maps.records, options->buffer_size);
    err = socket_bpf__load(recorder->bpf);
    if (!err)
        err = socket_bpf__attach(recorder->bpf);
    if (err) {
        socket_bpf__destroy(recorder->bpf);
        recorder->bpf = NULL;
    }
    return err;
}

/* Tries one way after the other; the reasons of those refused stand in reason. */
static int open_any(struct recorder *recorder, const struct backend_options *options,
                    char reason[REASON_SIZE])
{
    struct btf *kernel = btf__load_vmlinux_btf();
    int err = libbpf_get_error(kernel);
    size_t used = 0;

    if (err)
        return bpf_reason(err, "reading the kernel's BTF", reason);
    for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
        err = ways[i].file && access(ways[i].file, F_OK)
                  ? -errno
                  : open_way(recorder, &ways[i], kernel, options);
        if (!err)
            break;
        used += snprintf(reason + used, REASON_SIZE - used, "%s%s: %s", used ? ", " : "",
                         ways[i].refusal, strerror(-err));
    }
    btf__free(kernel);
    return err;
}

static int socket_open(struct recorder **out, const struct backend_options *options,
                       const struct sink *sink, char reason[REASON_SIZE])
{
    struct recorder *recorder = calloc(1, sizeof(*recorder));
    int err;

    if (!recorder)
        return -ENOMEM;
    err = bpf_prepare(options->verbose, reason);
    if (!err)
        err = open_any(recorder, options, reason);
    if (err)
        goto fail;
    err = ring_new(&recorder->ring, bpf_map__fd(recorder->bpf->maps.records),
                   &recorder->bpf->bss->consumer_state, sink, options->max_message);
    if (err) {
        err = bpf_reason(err, "mapping the ring buffer", reason);
        goto fail;
    }
    *out = recorder;
    return 0;
fail:
    socket_close(recorder);
    return err;
}

static int socket_observe(struct recorder *recorder, struct launch *launch)
{
    return bpf_observe(recorder->bpf->maps.observed_processes, launch_pid(launch));
}

static int socket_fd(const struct recorder *recorder)
{
    return ring_fd(recorder->ring);
}

static int socket_step(struct recorder *recorder, int *wait)
{
    return ring_step(recorder->ring, wait);
}

static void socket_losses(const struct recorder *recorder, struct losses *losses)
{
    bpf_losses(&recorder->bpf->bss->losses, losses);
    ring_losses(recorder->ring, losses);
}

static int socket_finish(struct recorder *recorder)
{
    socket_bpf__detach(recorder->bpf);
    return ring_finish(recorder->ring);
}

const struct backend backend_socket = {
    .name = "socket",
    .summary = "the kernel's socket functions (BPF trampolines, else kprobes)",
    .open = socket_open,
    .observe = socket_observe,
    .fd = socket_fd,
    .step = socket_step,
    .losses = socket_losses,
    .finish = socket_finish,
    .close = socket_close,
};
