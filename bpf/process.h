/* SPDX-License-Identifier: GPL-2.0-only */
/* The processes that are observed: which they are, and what becomes of them. */
#ifndef BPF_PROCESS_H
#define BPF_PROCESS_H

#include "bpf/match.h"
#include "bpf/record.h"

const volatile struct scope scope = {};

/* Set by user space: what begins from now on is no part of the recording. */
volatile __u32 recording_over = 0;

/* The processes that were asked for one by one, by thread group. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 65536);
    __type(key, __u32);
    __type(value, __u8);
} observed_processes SEC(".maps");

/*
 * The threads that there were when the recording began. One may have been in a call then, the
 * beginning of which nobody has seen; it is taken off when a call of its returns.
 */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 1 << 18);
    __type(key, __u32);
    __type(value, __u8);
} early_threads SEC(".maps");

static __always_inline bool is_early(void)
{
    __u32 thread = (__u32)bpf_get_current_pid_tgid();

    return scope.attaches && bpf_map_lookup_elem(&early_threads, &thread);
}

static __always_inline bool was_early(void)
{
    __u32 thread = (__u32)bpf_get_current_pid_tgid();

    return is_early() && !bpf_map_delete_elem(&early_threads, &thread);
}

/* Whether its number lets the process be observed; who it is may still be asked (bpf/scope.h). */
static __always_inline bool process_is_observed(void)
{
    __u32 process = bpf_get_current_pid_tgid() >> 32;

    if (recording_over)
        return false;
    if (!scope.by_process)
        return process != scope.own_process;
    return bpf_map_lookup_elem(&observed_processes, &process) != 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
    __u32 from = parent->tgid, to = child->tgid;
    __u8 yes = 1;

    if (!scope.follow || from == to || !bpf_map_lookup_elem(&observed_processes, &from))
        return 0;
    if (bpf_map_update_elem(&observed_processes, &to, &yes, BPF_ANY))
        __sync_fetch_and_add(&losses.unfollowed, 1);
    return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_process_exit, struct task_struct *task)
{
    __u32 process = task->tgid;

    if (bpf_map_lookup_elem(&observed_processes, &process) && READ(task, signal, live.counter) == 0)
        bpf_map_delete_elem(&observed_processes, &process);
    return 0;
}

#endif
