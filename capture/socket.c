/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The `socket` backend: the kernel's own functions of Unix and internet sockets. */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "capture/backend.h"
#include "capture/bpf.h"
#include "capture/scope.h"

#include "bpf/socket.skel.h"

/* The two ways to attach to a function: a pair of prefixes that a program's section can have. */
struct way {
    const char *enter;
    const char *leave;
    const char *refusal;
    int (*trial)(void); /* returns -errno where there is no need to try more */
};

static int try_probes(void)
{
    return access("/sys/bus/event_source/devices/kprobe/type", F_OK) ? -errno : 0;
}

static const struct way ways[] = {
    {"fentry/", "fexit/", "this kernel refuses BPF trampolines", bpf_try_trampolines},
    {"kprobe/", "kretprobe/", "has no kprobes", try_probes},
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

/* Whether the program is at a tracepoint, and the kernel has that. */
static bool is_tracepoint(const struct bpf_program *program, const struct btf *kernel)
{
    const char *section = bpf_program__section_name(program);
    char type[64];

    if (strncmp(section, "tp_btf/", 7) != 0)
        return false;
    snprintf(type, sizeof(type), "btf_trace_%s", section + 7);
    return btf__find_by_name_kind(kernel, type, BTF_KIND_TYPEDEF) > 0;
}

/* Loads only the programs of this way, and of those only the ones this kernel has functions for. */
static void choose_programs(struct socket_bpf *bpf, const struct way *way, const struct btf *kernel,
                            const struct backend_options *options)
{
    struct bpf_program *program;

    bpf_object__for_each_program(program, bpf->obj)
    {
        const char *function = function_of(program, way);
        bool exists = function && btf__find_by_name_kind(kernel, function, BTF_KIND_FUNC) > 0;

        bpf_program__set_autoload(program, is_tracepoint(program, kernel) || exists);
    }
    if (!options->scope || options->scope->launches) /* then nothing had begun before */
        bpf_program__set_autoload(bpf->progs.on_recv_length, false);
}

static int start_way(struct bpf_parts *parts, const struct way *way,
                     const struct backend_options *options)
{
    struct socket_bpf *bpf;
    struct btf *kernel;
    int err = way->trial();

    if (err)
        return err;
    kernel = btf__load_vmlinux_btf();
    err = libbpf_get_error(kernel);
    if (err)
        return err;
    bpf = socket_bpf__open();
    err = bpf ? 0 : -errno;
    if (err)
        goto out;
    *parts = BPF_PARTS(bpf);
    choose_programs(bpf, way, kernel, options);
    err = bpf_load(parts, options);
    if (!err)
        err = bpf_attach(parts, options);
    if (err)
        bpf_unload(parts);
out:
    btf__free(kernel);
    return err;
}

/* Tries one way after the other; the reasons of those refused stand in reason. */
static int start(struct bpf_parts *parts, const struct backend_options *options,
                 char reason[REASON_SIZE])
{
    size_t used = 0;
    int err = 0;

    for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
        err = start_way(parts, &ways[i], options);
        if (!err)
            break;
        used += snprintf(reason + used, REASON_SIZE - used, "%s%s: %s", used ? ", " : "",
                         ways[i].refusal, strerror(-err));
    }
    return err;
}

static int socket_open(struct recorder **out, const struct backend_options *options,
                       const struct sink *sink, char reason[REASON_SIZE])
{
    return bpf_open(out, start, options, sink, reason);
}

const struct backend backend_socket = {
    .name = "socket",
    .summary = "the kernel's socket functions (BPF trampolines, else kprobes)",
    .open = socket_open,
    .observe = bpf_observe,
    .rescope = bpf_rescope,
    .fd = bpf_fd,
    .step = bpf_step,
    .losses = bpf_losses,
    .finish = bpf_finish,
    .close = bpf_close,
};
