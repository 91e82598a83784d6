/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The `syscall` backend: tracepoints where system calls are entered and where they return. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>

#include "capture/backend.h"
#include "capture/bpf.h"
#include "capture/calls.h"
#include "capture/preemption.h"
#include "capture/scope.h"
#include "capture/tracing.h"

#include "bpf/syscall.skel.h"

static void fill_calls(struct syscall_bpf *bpf, bool with_rings)
{
    for (size_t i = 0; i < socket_call_count; i++)
        if (socket_calls[i].number < CALL_NUMBERS)
            bpf->rodata->call_kinds[socket_calls[i].number] = socket_calls[i].kind;
    if (!with_rings)
        return;
    bpf->rodata->call_kinds[SYS_io_uring_setup] = CALL_RING;
    bpf->rodata->call_kinds[SYS_io_uring_enter] = CALL_RING;
}

/*
 * Tracepoints that came with 6.3 tell how many bytes pass by system calls. Without them, all that
 * can be told is who has a ring by which they may pass.
 */
static int choose_programs(struct syscall_bpf *bpf, const struct tracing *tracing, bool events,
                           const struct scope_request *scope)
{
    bool exist = tracing_exists(tracing, "tp_btf/sock_send_length");
    bool all = !scope || scope_takes_all(scope);
    const struct {
        struct bpf_program *program;
        bool wanted;
    } programs[] = {
        {bpf->progs.on_fork, !events},
        {bpf->progs.on_sys_enter, !events},
        {bpf->progs.on_sys_exit, !events},
        {bpf->progs.on_send_length, !events && exist && all},
        {bpf->progs.on_recv_length, !events && exist && all},
        {bpf->progs.on_chosen_send_length, !events && exist && !all},
        {bpf->progs.on_chosen_recv_length, !events && exist && !all},
        {bpf->progs.on_task_event, events},
        {bpf->progs.on_enter_event, events},
        {bpf->progs.on_exit_event, events},
        {bpf->progs.on_send_event, events && exist},
        {bpf->progs.on_recv_event, events && exist},
    };

    for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++)
        bpf_program__set_autoload(programs[i].program, programs[i].wanted);
    fill_calls(bpf, !exist);
    return exist ? bpf_map__set_max_entries(bpf->maps.ring_users, 1) : 0;
}

static int load(struct bpf_parts *parts, struct tracing *tracing, bool events,
                const struct backend_options *options)
{
    struct syscall_bpf *bpf = syscall_bpf__open_opts(tracing_options(tracing));
    int err;

    if (!bpf)
        return -errno;
    *parts = BPF_PARTS(bpf);
    err = tracing_find(tracing, bpf->obj);
    if (!err)
        err = choose_programs(bpf, tracing, events, options->scope);
    return err ? err : bpf_load(parts, options);
}

/* By events of tracefs, or by the tracepoints themselves. */
static int start_by(struct bpf_parts *parts, bool events, const struct backend_options *options,
                    char reason[REASON_SIZE])
{
    struct tracing *tracing = NULL;
    int err = tracing_new(&tracing);

    if (err)
        return bpf_reason(err, "reading the kernel's BTF", reason);
    err = load(parts, tracing, events, options);
    if (err)
        bpf_reason(err, "loading the BPF program", reason);
    else if ((err = bpf_attach(parts, options)))
        bpf_reason(err, "attaching to the system call tracepoints", reason);
    if (err)
        bpf_unload(parts);
    tracing_free(tracing);
    return err;
}

static void say_lossy(const struct backend_options *options, const char *reason)
{
    char text[REASON_SIZE + 128];

    if (!options->say)
        return;
    snprintf(
        text, sizeof(text),
        "this kernel leaves out calls, as it can be preempted in what looks at them: the events "
        "below /sys/kernel/tracing cannot be used (%s; are you root?)",
        reason);
    options->say(options->context, text);
}

/* Events are dearer, and root's; the kernel counts what it leaves out without them. */
static int start(struct bpf_parts *parts, const struct backend_options *options,
                 char reason[REASON_SIZE])
{
    if (!preemption_is_in_tracepoints())
        return start_by(parts, false, options, reason);
    if (!start_by(parts, true, options, reason))
        return 0;
    say_lossy(options, reason);
    return start_by(parts, false, options, reason);
}

static int syscall_open(struct recorder **out, const struct backend_options *options,
                        const struct sink *sink, char reason[REASON_SIZE])
{
    return bpf_open(out, start, options, sink, reason);
}

const struct backend backend_syscall = {
    .name = "syscall",
    .summary = "tracepoints on system calls (BPF)",
    .open = syscall_open,
    .observe = bpf_observe,
    .rescope = bpf_rescope,
    .fd = bpf_fd,
    .step = bpf_step,
    .losses = bpf_losses,
    .finish = bpf_finish,
    .close = bpf_close,
};
