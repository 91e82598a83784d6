/* SPDX-License-Identifier: GPL-2.0-only */
/* The processes that are observed: which they are, and what becomes of them. */
#ifndef BPF_PROCESS_H
#define BPF_PROCESS_H

#include "bpf/match.h"
#include "bpf/record.h"

const volatile struct scope scope = {};

/*
 * Set by user space: programs are attached, and detached, one after the other, and what begins
 * while not all of them are is no part of the recording.
 */
volatile __u32 recording = 0;

/*
 * A set of processes or threads: a bit for each number that there can be. Unlike a hash table it
 * cannot be full, and what is not looked at costs nothing, neither to make nor to look at.
 */
struct number_set {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE); /* user space puts numbers in, too */
    __uint(max_entries, NUMBERS_MAX / NUMBERS_IN_WORD);
    __type(key, __u32);
    __type(value, __u64);
};

/* The processes that were asked for one by one, and what they began, by thread group. */
struct number_set observed_processes SEC(".maps");

/*
 * The threads that there were when the recording began. One may have been in a call then, the
 * beginning of which nobody has seen; it is taken off when a call of its returns.
 */
struct number_set early_threads SEC(".maps");

/* The part of a set that the number is in; 0 where user space has made the set small. */
static __always_inline __u64 *word_of(struct number_set *set, __u32 number)
{
    __u32 index = number / NUMBERS_IN_WORD;

    return bpf_map_lookup_elem(set, &index);
}

static __always_inline __u64 bit_of(__u32 number)
{
    return 1ULL << number % NUMBERS_IN_WORD;
}

static __always_inline bool has_number(struct number_set *set, __u32 number)
{
    const __u64 *word = word_of(set, number);

    return word && *word & bit_of(number);
}

/* A thread that the kernel runs for a ring (io_uring) is in no call. */
#define PF_IO_WORKER 0x10

static __always_inline bool is_early(void)
{
    return scope.attaches && has_number(&early_threads, (__u32)bpf_get_current_pid_tgid()) &&
           !(READ(bpf_get_current_task_btf(), flags) & PF_IO_WORKER);
}

static __always_inline bool was_early(void)
{
    __u32 thread = (__u32)bpf_get_current_pid_tgid();
    __u64 *word = scope.attaches ? word_of(&early_threads, thread) : 0;

    if (!word || !recording || !(*word & bit_of(thread)))
        return false;
    __sync_fetch_and_and(word, ~bit_of(thread));
    return true;
}

/* A thread begins before the recording does, when those that there were may be listed already. */
static __always_inline void begin_thread(__u32 thread)
{
    __u64 *word = scope.attaches && !recording ? word_of(&early_threads, thread) : 0;

    if (word)
        __sync_fetch_and_or(word, bit_of(thread));
}

/* Whether the process is one that was asked for by number, or there are none of these. */
static __always_inline bool process_is_listed(void)
{
    return !scope.by_process || has_number(&observed_processes, bpf_get_current_pid_tgid() >> 32);
}

/* Whether its number lets the process be observed; who it is may still be asked (bpf/scope.h). */
static __always_inline bool process_is_observed(void)
{
    if (!recording)
        return false;
    if (!scope.by_process)
        return bpf_get_current_pid_tgid() >> 32 != scope.own_process;
    return process_is_listed();
}

/* A process begins as it is to be, whoever had its number before. */
static __always_inline int begin_process(__u32 from, __u32 to)
{
    __u64 *word = word_of(&observed_processes, to);

    if (from == to || !word)
        return 0;
    if (scope.follow && has_number(&observed_processes, from))
        __sync_fetch_and_or(word, bit_of(to));
    else if (*word & bit_of(to))
        __sync_fetch_and_and(word, ~bit_of(to));
    return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
    begin_thread(child->pid);
    return begin_process(parent->tgid, child->tgid);
}

#endif
