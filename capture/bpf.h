/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What the backends that use BPF share in user space: each has a skeleton of its own, and the same
 * recorder around it. A backend's file holds only how its skeleton is loaded.
 */
#ifndef CAPTURE_BPF_H
#define CAPTURE_BPF_H

#include "bpf/match.h"
#include "capture/backend.h"

struct bpf_map;
struct bpf_object_skeleton;

/* What the kernel side puts into every skeleton (bpf/record.h, bpf/process.h, bpf/scope.h). */
struct bpf_parts {
    void *memory; /* the struct that bpftool made for it, to be freed behind the skeleton */
    struct bpf_object_skeleton *skeleton;
    struct bpf_map *records;
    struct bpf_map *observed_processes;
    struct bpf_map *early_threads;
    struct bpf_map *verdicts;
    struct scope *scope; /* the next four are to be set before it is loaded */
    struct glob *wanted_names;
    __u64 *wake_at;
    __u64 *max_message;
    struct pattern *patterns; /* these may be set at any time */
    volatile __u32 *patterns_change;
    volatile __u32 *recording;
    volatile __u32 *consumer_state;
    const struct record_losses *losses;
};

/* The parts of a skeleton that is open. */
#define BPF_PARTS(bpf)                                                                             \
    ((struct bpf_parts){                                                                           \
        .memory = (bpf),                                                                           \
        .skeleton = (bpf)->skeleton,                                                               \
        .records = (bpf)->maps.records,                                                            \
        .observed_processes = (bpf)->maps.observed_processes,                                      \
        .early_threads = (bpf)->maps.early_threads,                                                \
        .verdicts = (bpf)->maps.verdicts,                                                          \
        .scope = (struct scope *)&(bpf)->rodata->scope,                                            \
        .wanted_names = (struct glob *)(bpf)->rodata->wanted_names,                                \
        .wake_at = &(bpf)->rodata->wake_at,                                                        \
        .max_message = &(bpf)->rodata->max_message,                                                \
        .patterns = (struct pattern *)(bpf)->bss->patterns,                                        \
        .patterns_change = &(bpf)->bss->patterns_change,                                           \
        .recording = &(bpf)->bss->recording,                                                       \
        .consumer_state = &(bpf)->bss->consumer_state,                                             \
        .losses = &(bpf)->bss->losses,                                                             \
    })

/* Returns -EPERM when the kernel refuses BPF trampolines (fentry, fexit) whatever they are for. */
int bpf_try_trampolines(void);

/* Sets in an open skeleton what the options say, and loads it. Returns 0 or -errno. */
int bpf_load(const struct bpf_parts *parts, const struct backend_options *options);

/* Attaches a skeleton that is loaded. Returns 0 or -errno. */
int bpf_attach(const struct bpf_parts *parts, const struct backend_options *options);

/* Frees a skeleton, however far it came; there may be none. Afterwards there is none. */
void bpf_unload(struct bpf_parts *parts);

/*
 * Opens a backend's skeleton into *parts, loads and attaches it. Returns 0, or -errno with the
 * reason in reason; what is in *parts then is unloaded by the caller.
 */
typedef int bpf_start(struct bpf_parts *parts, const struct backend_options *options,
                      char reason[REASON_SIZE]);

/* As open in struct backend, for one that starts so. */
int bpf_open(struct recorder **out, bpf_start *start, const struct backend_options *options,
             const struct sink *sink, char reason[REASON_SIZE]);

/* The rest of struct backend. */
int bpf_observe(struct recorder *recorder, struct launch *launch);
void bpf_rescope(struct recorder *recorder);
int bpf_fd(const struct recorder *recorder);
int bpf_step(struct recorder *recorder, int *wait);
void bpf_losses(const struct recorder *recorder, struct losses *losses);
int bpf_finish(struct recorder *recorder);
void bpf_close(struct recorder *recorder);

/* Says in reason why doing failed with -errno error. Returns error. */
int bpf_reason(int error, const char *doing, char reason[REASON_SIZE]);

#endif
