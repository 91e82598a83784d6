/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The `socket` backend: the kernel's own functions of Unix and internet sockets. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "capture/backend.h"
#include "capture/bpf.h"
#include "capture/preemption.h"
#include "capture/scope.h"
#include "capture/text.h"
#include "capture/tracing.h"

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

/* Loads only the programs of this way, and tracepoints, which this kernel has the places for. */
static void choose_programs(struct socket_bpf *bpf, const struct way *way,
                            const struct tracing *tracing, const struct backend_options *options)
{
    struct bpf_program *program;

    bpf_object__for_each_program(program, bpf->obj) {
        const char *section = bpf_program__section_name(program);
        bool fits = text_begins(section, "tp_btf/") || text_begins(section, way->enter) ||
                    text_begins(section, way->leave);

        bpf_program__set_autoload(program, fits && tracing_exists(tracing, section));
    }
    if (!options->scope || options->scope->launches) /* then nothing had begun before */
        bpf_program__set_autoload(bpf->progs.on_recv_length, false);
}

static int load(struct bpf_parts *parts, const struct way *way, struct tracing *tracing,
                const struct backend_options *options)
{
    struct socket_bpf *bpf = socket_bpf__open_opts(tracing_options(tracing));
    int err;

    if (!bpf)
        return -errno;
    *parts = BPF_PARTS(bpf);
    err = tracing_find(tracing, bpf->obj);
    if (err)
        return err;
    choose_programs(bpf, way, tracing, options);
    return bpf_load(parts, options);
}

static int start_way(struct bpf_parts *parts, const struct way *way,
                     const struct backend_options *options)
{
    struct tracing *tracing = NULL;
    int err = way->trial();

    if (!err)
        err = tracing_new(&tracing);
    if (err)
        return err;
    err = load(parts, way, tracing, options);
    if (!err)
        err = bpf_attach(parts, options);
    if (err)
        bpf_unload(parts);
    tracing_free(tracing);
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

static const char *socket_doubt(void)
{
    return preemption_is_everywhere()
               ? "this kernel can be preempted anywhere, and so leaves out calls"
               : NULL;
}

static int socket_open(struct recorder **out, const struct backend_options *options,
                       const struct sink *sink, char reason[REASON_SIZE])
{
    return bpf_open(out, start, options, sink, reason);
}

const struct backend backend_socket = {
    .name = "socket",
    .summary = "the kernel's socket functions (BPF trampolines, else kprobes)",
    .doubt = socket_doubt,
    .open = socket_open,
    .observe = bpf_observe,
    .rescope = bpf_rescope,
    .fd = bpf_fd,
    .step = bpf_step,
    .losses = bpf_losses,
    .finish = bpf_finish,
    .close = bpf_close,
};
