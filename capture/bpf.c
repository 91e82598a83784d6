/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* First what BPF may do here, and why not; then the recorder around a skeleton. */
#include "capture/bpf.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "capture/capability.h"
#include "capture/launch.h"
#include "capture/number_set.h"
#include "capture/open_files.h"
#include "capture/ring.h"
#include "capture/scope.h"
#include "capture/threads.h"
#include "capture/tracing.h"

struct recorder {
    const struct scope_request *scope;
    struct bpf_parts parts;
    struct ring *ring;
    uint64_t missed; /* runs of our programs that the kernel left out */
};

/* The inodes of the first namespaces: the kernel's PROC_PID_INIT_INO and PROC_USER_INIT_INO. */
#define FIRST_PID_NAMESPACE  0xeffffffcU
#define FIRST_USER_NAMESPACE 0xeffffffdU

static int print_nothing(enum libbpf_print_level level, const char *format, va_list arguments)
{
    (void)level;
    (void)format;
    (void)arguments;
    return 0;
}

static int print_all(enum libbpf_print_level level, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static int print_all(enum libbpf_print_level level, const char *format, va_list arguments)
{
    (void)level;
    return vfprintf(stderr, format, arguments);
}

/* Where libbpf cannot open what it tries out, it takes the kernel for an older one. */
int bpf_reason(int error, const char *doing, char reason[REASON_SIZE])
{
    const char *hint = error != -EMFILE && open_files_are_few()
                           ? " (or are too few open files allowed? ulimit -n sets how many)"
                           : open_files_hint(error);

    snprintf(reason, REASON_SIZE, "%s: %s%s", doing, strerror(-error), hint);
    return error;
}

/* Whether the kernel has the newest helper that the programs call, and so all of them. */
static int check_helpers(char reason[REASON_SIZE])
{
    struct utsname kernel;

    if (libbpf_probe_bpf_helper(BPF_PROG_TYPE_RAW_TRACEPOINT, BPF_FUNC_loop, NULL) != 0)
        return 0; /* or it cannot be told: loading the programs will */
    uname(&kernel);
    snprintf(reason, REASON_SIZE, "needs Linux 5.17 or newer (bpf_loop), and this is %s",
             kernel.release);
    return -ENOTSUP;
}

static bool is_in_other_namespace(const char *path, ino_t first)
{
    struct stat namespace;

    return stat(path, &namespace) == 0 && namespace.st_ino != first;
}

/* Whether this process may use BPF at all. The rights of a user namespace are none for that. */
static int check_rights(char reason[REASON_SIZE])
{
    if (is_in_other_namespace("/proc/self/ns/user", FIRST_USER_NAMESPACE)) {
        snprintf(reason, REASON_SIZE,
                 "in a user namespace, as of a rootless container, where nobody may use BPF (run "
                 "it outside)");
        return -EPERM;
    }
    if (!capability_has(CAP_BPF) || !capability_has(CAP_PERFMON)) {
        snprintf(reason, REASON_SIZE,
                 "needs CAP_BPF and CAP_PERFMON (sudo, setcap cap_bpf,cap_perfmon+ep, or "
                 "--cap-add BPF --cap-add PERFMON)");
        return -EPERM;
    }
    return 0;
}

/* What there has to be to look into the kernel, and to know processes by their numbers. */
static int check_files(char reason[REASON_SIZE])
{
    if (access("/proc/self/ns/pid", F_OK)) {
        snprintf(reason, REASON_SIZE, "/proc: %s (is it mounted?)", strerror(errno));
        return -ENOTSUP;
    }
    if (access("/sys/kernel", F_OK)) {
        snprintf(reason, REASON_SIZE, "/sys: %s (is it mounted?)", strerror(errno));
        return -ENOTSUP;
    }
    if (access("/sys/kernel/btf/vmlinux", R_OK)) {
        snprintf(reason, REASON_SIZE, "this kernel gives no BTF (/sys/kernel/btf/vmlinux): %s",
                 strerror(errno));
        return -ENOTSUP;
    }
    if (is_in_other_namespace("/proc/self/ns/pid", FIRST_PID_NAMESPACE)) {
        snprintf(reason, REASON_SIZE,
                 "in a container with process numbers of its own (run it outside, or with the "
                 "host's: --pid=host)");
        return -ENOTSUP;
    }
    return 0;
}

/* Loads a program that returns 0 at once. Returns its descriptor or -errno. */
static int load_trial(enum bpf_prog_type type, struct bpf_prog_load_opts *options)
{
    static const struct bpf_insn instructions[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
        {.code = BPF_JMP | BPF_EXIT},
    };
    int fd = bpf_prog_load(type, "trial", "GPL", instructions, 2, options);

    return fd < 0 ? -errno : fd;
}

/* Whoever has the rights to it can only be kept from it by a filter, as containers have. */
static int check_call(char reason[REASON_SIZE])
{
    struct bpf_prog_load_opts options = {.sz = sizeof(options)};
    int program = load_trial(BPF_PROG_TYPE_SOCKET_FILTER, &options);

    if (program == -EPERM || program == -ENOSYS) {
        snprintf(reason, REASON_SIZE,
                 "bpf: %s (does a container or a service filter system calls?)",
                 strerror(-program));
        return program;
    }
    if (program >= 0)
        close(program);
    return 0; /* or something else is wrong: loading the programs will tell */
}

/* Sets up libbpf's log and finds out whether BPF can be used here. */
static int prepare(bool verbose, char reason[REASON_SIZE])
{
    int err = check_rights(reason);

    libbpf_set_print(verbose ? print_all : print_nothing);
    libbpf_set_strict_mode(LIBBPF_STRICT_ALL & ~LIBBPF_STRICT_AUTO_RLIMIT_MEMLOCK);
    if (!err)
        err = check_files(reason);
    if (!err)
        err = check_call(reason);
    return err ? err : check_helpers(reason);
}

/* Nothing can be attached to a type, which is what BTF begins with; a kernel that gets as far as
 * finding that out says EINVAL. */
int bpf_try_trampolines(void)
{
    struct bpf_prog_load_opts options = {
        .sz = sizeof(options),
        .expected_attach_type = BPF_TRACE_FENTRY,
        .attach_btf_id = 1,
    };
    int program = load_trial(BPF_PROG_TYPE_TRACING, &options);

    if (program >= 0)
        close(program);
    return program == -EPERM ? program : 0;
}

/* The kernel side may read it meanwhile: what does not match then is looked at again. */
static void copy_patterns(const struct bpf_parts *parts, const struct scope_request *scope)
{
    size_t count;
    const struct pattern *from = patterns_compiled(scope->patterns, &count);

    for (size_t i = 0; i < count; i++) {
        if (memcmp(&parts->patterns[i], &from[i], sizeof(*from)) == 0)
            continue;
        *(volatile __u8 *)&parts->patterns[i].kind = PLACE_NONE;
        __sync_synchronize();
        memcpy((char *)&parts->patterns[i] + 1, (const char *)&from[i] + 1, sizeof(*from) - 1);
        __sync_synchronize();
        *(volatile __u8 *)&parts->patterns[i].kind = from[i].kind;
    }
    __sync_synchronize();
    ++*parts->patterns_change;
}

static int set_scope(const struct bpf_parts *parts, const struct scope_request *scope)
{
    if (!scope) {
        *parts->scope = (struct scope){.by_process = true};
        return bpf_map__set_max_entries(parts->verdicts, 1);
    }
    scope_compile(scope, parts->scope);
    memcpy(parts->wanted_names, scope->names, sizeof(scope->names));
    copy_patterns(parts, scope);
    return parts->scope->by_socket ? 0 : bpf_map__set_max_entries(parts->verdicts, 1);
}

/* Threads that were there before are of no interest when all that is observed begins later. */
static bool attaches(const struct scope_request *scope)
{
    return scope && !scope->launches;
}

/*
 * Where libbpf fails to try out whether the kernel shares the memory of maps, which all do that can
 * load the programs, it goes on without: what is set here would not be seen there.
 */
static bool shares_memory(const struct bpf_object_skeleton *skeleton)
{
    for (int i = 0; i < skeleton->map_cnt; i++)
        if (skeleton->maps[i].mmaped &&
            !(bpf_map__map_flags(*skeleton->maps[i].map) & BPF_F_MMAPABLE))
            return false;
    return true;
}

/*
 * The kernel's verifier gives up when a signal is waiting (EAGAIN), be it one that stops and goes
 * on, and libbpf tries five times.
 */
static int load_undisturbed(struct bpf_object_skeleton *skeleton)
{
    sigset_t all, before;
    int err;

    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    err = bpf_object__load_skeleton(skeleton);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return err || shares_memory(skeleton) ? err : -EAGAIN;
}

int bpf_load(const struct bpf_parts *parts, const struct backend_options *options)
{
    int err = bpf_map__set_max_entries(parts->records, options->buffer_size);

    *parts->wake_at = options->buffer_size / 16;
    *parts->max_message = options->max_message;
    if (!err && !attaches(options->scope)) /* it takes much of the kernel's memory */
        err = bpf_map__set_max_entries(parts->early_threads, 1);
    if (!err)
        err = set_scope(parts, options->scope);
    return err ? err : load_undisturbed(parts->skeleton);
}

static int observe_process(const struct bpf_parts *parts, pid_t process)
{
    struct number_set *observed = number_set_open(bpf_map__fd(parts->observed_processes));
    int err = observed ? number_set_add(observed, process) : -errno;

    number_set_close(observed);
    return err;
}

static int note_thread(void *early_threads, pid_t thread)
{
    return number_set_add(early_threads, thread);
}

static int note_threads(struct number_set *early_threads, const struct scope_request *scope)
{
    int err = 0;

    if (!scope->pid_count)
        return threads_of_all(note_thread, early_threads);
    for (size_t i = 0; i < scope->pid_count && !err; i++)
        err = threads_of(scope->pids[i], note_thread, early_threads);
    return err;
}

static int observe_processes(const struct bpf_parts *parts, const struct scope_request *scope)
{
    int err = 0;

    for (size_t i = 0; attaches(scope) && i < scope->pid_count && !err; i++)
        err = observe_process(parts, scope->pids[i]);
    return err;
}

/* Lists the threads that may be in calls which began before. */
static int note_early(const struct bpf_parts *parts, const struct scope_request *scope)
{
    struct number_set *early_threads;
    int err;

    if (!attaches(scope))
        return 0;
    early_threads = number_set_open(bpf_map__fd(parts->early_threads));
    err = early_threads ? note_threads(early_threads, scope) : -errno;
    number_set_close(early_threads);
    return err;
}

int bpf_attach(const struct bpf_parts *parts, const struct backend_options *options)
{
    int err = observe_processes(parts, options->scope);

    if (!err)
        err = tracing_attach(parts->skeleton);
    if (!err)
        err = bpf_object__attach_skeleton(parts->skeleton);
    if (!err)
        err = note_early(parts, options->scope);
    if (!err)
        *parts->recording = 1;
    return err;
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
    recorder->scope = options->scope;
    err = start(&recorder->parts, options, reason);
    if (!err) {
        err = ring_new(&recorder->ring, bpf_map__fd(recorder->parts.records),
                       recorder->parts.consumer_state, sink);
        if (err)
            bpf_reason(err, "mapping the ring buffer", reason);
    }
    if (err)
        bpf_close(recorder);
    else
        *out = recorder;
    return err;
}

int bpf_observe(struct recorder *recorder, struct launch *launch)
{
    return launch ? observe_process(&recorder->parts, launch_pid(launch)) : 0;
}

void bpf_rescope(struct recorder *recorder)
{
    copy_patterns(&recorder->parts, recorder->scope);
}

int bpf_fd(const struct recorder *recorder)
{
    return ring_fd(recorder->ring);
}

int bpf_step(struct recorder *recorder, int *wait)
{
    return ring_step(recorder->ring, wait);
}

void bpf_losses(const struct recorder *recorder, struct losses *losses)
{
    const struct record_losses *counted = recorder->parts.losses;

    losses->messages += counted->messages;
    losses->bytes += counted->bytes;
    losses->unfollowed += counted->unfollowed + recorder->missed;
    losses->foreign += counted->foreign;
    losses->bypassed += counted->bypassed;
}

/*
 * How often the kernel led a thread past a program, because another thread was still in it on the
 * same processor: a kernel that can be preempted anywhere does that to fentry and fexit,
 * and from 7.0 on at tracepoints.
 * Whose threads they were is not known: each may have been an observed one.
 */
static uint64_t missed_runs(const struct bpf_object_skeleton *skeleton)
{
    uint64_t missed = 0;

    for (int i = 0; i < skeleton->prog_cnt; i++) {
        const struct bpf_program *program = *skeleton->progs[i].prog;
        struct bpf_prog_info info = {0};
        __u32 size = sizeof(info);

        if (bpf_program__autoload(program) &&
            bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size) == 0)
            missed += info.recursion_misses;
    }
    return missed;
}

int bpf_finish(struct recorder *recorder)
{
    *recorder->parts.recording = 0;
    recorder->missed = missed_runs(recorder->parts.skeleton);
    bpf_object__detach_skeleton(recorder->parts.skeleton);
    return ring_finish(recorder->ring);
}

void bpf_close(struct recorder *recorder)
{
    if (!recorder)
        return;
    ring_free(recorder->ring);
    bpf_unload(&recorder->parts);
    free(recorder);
}
