/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * For a program of the type BPF_PROG_TYPE_TRACING libbpf reads all of the kernel's types, even when
 * it was given others to relocate by. So until the moment it is loaded, ours have another type:
 * that moment is what libbpf_register_prog_handler() is for.
 */
#include "capture/tracing.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture/kernel_cut.h"
#include "capture/kernel_types.h"
#include "capture/text.h"

/* What the first part of a section's name says. */
struct place {
    const char *prefix;
    const char *handler; /* libbpf's way to say: with something behind it */
    const char *type;    /* what the name of the type begins with that stands for it */
    unsigned kind;
    enum bpf_attach_type attach;
};

static const struct place places[] = {
    {"tp_btf/", "tp_btf+", "btf_trace_", BTF_KIND_TYPEDEF, BPF_TRACE_RAW_TP},
    {"fentry/", "fentry+", "", BTF_KIND_FUNC, BPF_TRACE_FENTRY},
    {"fexit/", "fexit+", "", BTF_KIND_FUNC, BPF_TRACE_FEXIT},
    {"kprobe/", NULL, "", BTF_KIND_FUNC, 0},
    {"kretprobe/", NULL, "", BTF_KIND_FUNC, 0},
};

enum { PLACES = sizeof(places) / sizeof(*places), NAME_SIZE = 64 };

struct tracing {
    struct kernel_types *types;
    struct kernel_type *targets; /* of the programs, by their names */
    char (*names)[NAME_SIZE];
    size_t count;
    int handlers[PLACES]; /* libbpf's, 0 where there is none */
    int cut_out;          /* the types that libbpf gets, in a file in memory */
    char path[32];
    struct bpf_object_open_opts options;
};

static const struct place *place_of(const char *section)
{
    for (size_t i = 0; i < PLACES; i++)
        if (text_begins(section, places[i].prefix))
            return &places[i];
    return NULL;
}

/* The number of the type that a program in this section is attached to; 0 when there is none. */
static uint32_t target_of(const struct tracing *tracing, const char *section)
{
    const struct place *place = place_of(section);
    char name[NAME_SIZE];

    if (!place)
        return 0;
    snprintf(name, sizeof(name), "%s%s", place->type, section + strlen(place->prefix));
    for (size_t i = 0; i < tracing->count; i++)
        if (tracing->targets[i].kind == place->kind && !strcmp(tracing->targets[i].name, name))
            return tracing->targets[i].id;
    return 0;
}

bool tracing_exists(const struct tracing *tracing, const char *section)
{
    return target_of(tracing, section) != 0;
}

/* Called by libbpf right before it loads a program. */
static int before_load(struct bpf_program *program, struct bpf_prog_load_opts *options, long cookie)
{
    const struct tracing *tracing = (const void *)cookie;

    options->attach_btf_id = target_of(tracing, bpf_program__section_name(program));
    return options->attach_btf_id ? bpf_program__set_type(program, BPF_PROG_TYPE_TRACING) : -ESRCH;
}

/*
 * libbpf before 1.3 frees its list with the last handler in it, and uses that list when the next
 * one comes: so one that is for no section of ours stays there.
 */
static int keep_list(void)
{
    static bool is_kept;
    int handler = 0;

    if (!is_kept)
        handler =
            libbpf_register_prog_handler("sockfixture", BPF_PROG_TYPE_RAW_TRACEPOINT, 0, NULL);
    is_kept = handler >= 0;
    return is_kept ? 0 : handler;
}

static int add_handlers(struct tracing *tracing)
{
    struct libbpf_prog_handler_opts options = {
        .sz = sizeof(options),
        .cookie = (long)tracing,
        .prog_prepare_load_fn = before_load,
    };
    int err = keep_list();

    if (err)
        return err;
    for (size_t i = 0; i < PLACES; i++) {
        if (!places[i].handler)
            continue;
        tracing->handlers[i] = libbpf_register_prog_handler(
            places[i].handler, BPF_PROG_TYPE_RAW_TRACEPOINT, places[i].attach, &options);
        if (tracing->handlers[i] < 0)
            return tracing->handlers[i];
    }
    return 0;
}

int tracing_new(struct tracing **out)
{
    struct tracing *tracing = calloc(1, sizeof(*tracing));
    int err;

    if (!tracing)
        return -ENOMEM;
    tracing->cut_out = memfd_create("kernel types", MFD_CLOEXEC);
    err = tracing->cut_out < 0 ? -errno : kernel_types_open(&tracing->types);
    if (!err)
        err = add_handlers(tracing);
    if (err) {
        tracing_free(tracing);
        return err;
    }
    snprintf(tracing->path, sizeof(tracing->path), "/proc/self/fd/%d", tracing->cut_out);
    tracing->options.sz = sizeof(tracing->options);
    tracing->options.btf_custom_path = tracing->path;
    *out = tracing;
    return 0;
}

void tracing_free(struct tracing *tracing)
{
    if (!tracing)
        return;
    for (size_t i = 0; i < PLACES; i++)
        if (tracing->handlers[i] > 0)
            libbpf_unregister_prog_handler(tracing->handlers[i]);
    if (tracing->cut_out >= 0)
        close(tracing->cut_out);
    kernel_types_close(tracing->types);
    free(tracing->targets);
    free(tracing->names);
    free(tracing);
}

const struct bpf_object_open_opts *tracing_options(const struct tracing *tracing)
{
    return &tracing->options;
}

static void add_target(struct tracing *tracing, const char *section)
{
    const struct place *place = place_of(section);
    char *name = tracing->names[tracing->count];

    if (!place)
        return;
    snprintf(name, NAME_SIZE, "%s%s", place->type, section + strlen(place->prefix));
    tracing->targets[tracing->count++] = (struct kernel_type){name, place->kind, 0};
}

int tracing_find(struct tracing *tracing, const struct bpf_object *object)
{
    struct bpf_program *program;
    size_t programs = 0;
    int err;

    bpf_object__for_each_program(program, object)
        programs++;
    tracing->names = calloc(programs, sizeof(*tracing->names));
    tracing->targets = calloc(programs, sizeof(*tracing->targets));
    if (!tracing->names || !tracing->targets)
        return -ENOMEM;
    bpf_object__for_each_program(program, object) {
        add_target(tracing, bpf_program__section_name(program));
    }
    err = kernel_types_find(tracing->types, tracing->targets, tracing->count);
    return err ? err : kernel_cut_out(tracing->types, bpf_object__btf(object), tracing->cut_out);
}

int tracing_attach(const struct bpf_object_skeleton *skeleton)
{
    for (int i = 0; i < skeleton->prog_cnt; i++) {
        const struct bpf_program *program = *skeleton->progs[i].prog;
        const struct place *place = place_of(bpf_program__section_name(program));
        struct bpf_link *link;
        int err;

        if (!place || !place->handler || !bpf_program__autoload(program))
            continue;
        link = bpf_program__attach_trace(program);
        err = libbpf_get_error(link);
        if (err)
            return err;
        *skeleton->progs[i].link = link;
    }
    return 0;
}
