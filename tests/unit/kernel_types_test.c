/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What is cut out of the kernel's types is what libbpf finds in all of them. */
#include <bpf/btf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/kernel_cut.h"
#include "capture/kernel_types.h"

static struct btf *all;
static struct kernel_types *types;

static int open_types(void **state)
{
    (void)state;
    all = btf__load_vmlinux_btf();
    return !all || kernel_types_open(&types);
}

static int close_types(void **state)
{
    (void)state;
    btf__free(all);
    kernel_types_close(types);
    return 0;
}

static void finds_what_libbpf_finds(void **state)
{
    struct kernel_type wanted[] = {
        {"unix_stream_sendmsg", BTF_KIND_FUNC, 0},    {"sock", BTF_KIND_STRUCT, 0},
        {"btf_trace_sys_enter", BTF_KIND_TYPEDEF, 0}, {"sock", BTF_KIND_FUNC, 0},
        {"no such type", BTF_KIND_STRUCT, 0},         {"unix_stream_sendmsg", BTF_KIND_FUNC, 0},
    };
    size_t count = sizeof(wanted) / sizeof(*wanted), found = 0;

    (void)state;
    assert_int_equal(kernel_types_find(types, wanted, count), 0);
    for (size_t i = 0; i < count; i++) {
        int id = btf__find_by_name_kind(all, wanted[i].name, wanted[i].kind);

        assert_int_equal(wanted[i].id, id < 0 ? 0 : id);
        found += id > 0;
    }
    assert_int_equal(found, 4);
}

/* An object that knows these structs, by name alone. */
static struct btf *object_with(const char *const *names, size_t count)
{
    struct btf *object = btf__new_empty();

    assert_non_null(object);
    for (size_t i = 0; i < count; i++)
        assert_true(btf__add_struct(object, names[i], 4) > 0);
    return object;
}

static struct btf *extract(const struct btf *object)
{
    int fd = memfd_create("types", MFD_CLOEXEC);
    struct btf *part;
    char path[32];

    assert_true(fd >= 0);
    assert_int_equal(kernel_cut_out(types, object, fd), 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    part = btf__parse(path, NULL);
    assert_non_null(part);
    close(fd);
    return part;
}

static const char *name_of(const struct btf *btf, uint32_t offset)
{
    return btf__name_by_offset(btf, offset);
}

/* Members have the same names, places and sizes. */
static void assert_same_members(const struct btf_type *one, const struct btf *part,
                                const struct btf_type *other)
{
    assert_int_equal(one->size, other->size);
    assert_int_equal(one->info, other->info);
    for (unsigned i = 0; i < btf_vlen(one); i++) {
        const struct btf_member *a = &btf_members(one)[i], *b = &btf_members(other)[i];

        assert_string_equal(name_of(all, a->name_off), name_of(part, b->name_off));
        assert_int_equal(a->offset, b->offset);
        assert_int_equal(btf__resolve_size(all, a->type), btf__resolve_size(part, b->type));
    }
}

static void cuts_out_whole_types(void **state)
{
    static const char *const names[] = {"sock", "task_struct", "iov_iter___old", "none_such"};
    struct btf *object = object_with(names, 4), *part = extract(object);

    (void)state;
    assert_true(btf__type_cnt(part) < btf__type_cnt(all) / 20);
    for (size_t i = 0; i < 3; i++) {
        const char *name = i == 2 ? "iov_iter" : names[i];
        int there = btf__find_by_name_kind(all, name, BTF_KIND_STRUCT);
        int here = btf__find_by_name_kind(part, name, BTF_KIND_STRUCT);

        assert_true(there > 0 && here > 0);
        assert_same_members(btf__type_by_id(all, (uint32_t)there), part,
                            btf__type_by_id(part, (uint32_t)here));
    }
    assert_true(btf__find_by_name(part, "none_such") < 0);
    btf__free(part);
    btf__free(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_libbpf_finds),
        cmocka_unit_test(cuts_out_whole_types),
    };

    return cmocka_run_group_tests(tests, open_types, close_types);
}
