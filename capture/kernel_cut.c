/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The cut goes through pointers: what they point to, nobody asks who relocates by these types. */
#include "capture/kernel_cut.h"

#include <bpf/btf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/kernel_types.h"

/* Bytes that grow. */
struct bytes {
    uint8_t *data;
    size_t size, room;
};

/* What is cut out so far: types get new numbers in the order in which they are needed. */
struct cut {
    const struct kernel_types *from;
    uint32_t *numbers; /* by their number in the kernel; 0 while it is not needed */
    uint32_t *needed;  /* their numbers in the kernel, in the order of the new ones, from 1 */
    uint32_t count;
    struct bytes types, strings;
    int err;
};

static void put(struct cut *cut, struct bytes *bytes, const void *data, size_t size)
{
    if (bytes->size + size > bytes->room) {
        size_t room = 2 * (bytes->size + size);
        uint8_t *grown = realloc(bytes->data, room);

        if (!grown) {
            cut->err = -ENOMEM;
            return;
        }
        bytes->data = grown;
        bytes->room = room;
    }
    memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
}

static uint32_t put_string(struct cut *cut, uint32_t offset)
{
    const char *string = kernel_types_string(cut->from, offset);
    uint32_t put_at = (uint32_t)cut->strings.size;

    if (!*string)
        return 0;
    put(cut, &cut->strings, string, strlen(string) + 1);
    return put_at;
}

/* The new number of a type. One that libbpf does not look into becomes void. */
static uint32_t need(struct cut *cut, uint32_t id)
{
    const struct btf_type *type = kernel_types_at(cut->from, id);

    if (!type || btf_kind(type) == BTF_KIND_FUNC || btf_kind(type) == BTF_KIND_FUNC_PROTO ||
        btf_kind(type) == BTF_KIND_VAR || btf_kind(type) == BTF_KIND_DATASEC ||
        btf_kind(type) == BTF_KIND_DECL_TAG)
        return 0;
    if (!cut->numbers[id]) {
        cut->numbers[id] = ++cut->count;
        cut->needed[cut->count] = id;
    }
    return cut->numbers[id];
}

static void put_members(struct cut *cut, const struct btf_type *type)
{
    for (unsigned i = 0; i < btf_vlen(type); i++) {
        struct btf_member member = btf_members(type)[i];

        member.name_off = put_string(cut, member.name_off);
        member.type = need(cut, member.type);
        put(cut, &cut->types, &member, sizeof(member));
    }
}

static void put_enumerators(struct cut *cut, const struct btf_type *type)
{
    for (unsigned i = 0; i < btf_vlen(type); i++) {
        struct btf_enum one = btf_enum(type)[i];

        one.name_off = put_string(cut, one.name_off);
        put(cut, &cut->types, &one, sizeof(one));
    }
}

static void put_long_enumerators(struct cut *cut, const struct btf_type *type)
{
    for (unsigned i = 0; i < btf_vlen(type); i++) {
        struct btf_enum64 one = btf_enum64(type)[i];

        one.name_off = put_string(cut, one.name_off);
        put(cut, &cut->types, &one, sizeof(one));
    }
}

/* What a pointer points to, libbpf does not ask; there the cut is. */
static uint32_t referred(struct cut *cut, const struct btf_type *type)
{
    switch (btf_kind(type)) {
    case BTF_KIND_PTR:
        return 0;
    case BTF_KIND_TYPEDEF:
    case BTF_KIND_VOLATILE:
    case BTF_KIND_CONST:
    case BTF_KIND_RESTRICT:
    case BTF_KIND_TYPE_TAG:
        return need(cut, type->type);
    }
    return type->size; /* in the same place */
}

static void put_type(struct cut *cut, const struct btf_type *type)
{
    struct btf_type head = *type;
    struct btf_array array;

    head.name_off = put_string(cut, type->name_off);
    head.type = referred(cut, type);
    put(cut, &cut->types, &head, sizeof(head));
    switch (btf_kind(type)) {
    case BTF_KIND_INT:
        put(cut, &cut->types, type + 1, sizeof(uint32_t));
        break;
    case BTF_KIND_ARRAY:
        array = *btf_array(type);
        array.type = need(cut, array.type);
        array.index_type = need(cut, array.index_type);
        put(cut, &cut->types, &array, sizeof(array));
        break;
    case BTF_KIND_STRUCT:
    case BTF_KIND_UNION:
        put_members(cut, type);
        break;
    case BTF_KIND_ENUM:
        put_enumerators(cut, type);
        break;
    case BTF_KIND_ENUM64:
        put_long_enumerators(cut, type);
        break;
    }
}

static bool has_layout(const struct btf_type *type)
{
    return btf_is_composite(type) || btf_is_any_enum(type) || btf_is_typedef(type);
}

/* The names in an object's BTF, without flavours. */
struct names {
    struct kernel_type *all;
    size_t count;
};

static int collect_names(struct names *names, const struct btf *object)
{
    uint32_t count = btf__type_cnt(object);

    names->all = calloc(count, sizeof(*names->all));
    if (!names->all)
        return -ENOMEM;
    for (uint32_t id = 1; id < count; id++) {
        const struct btf_type *type = btf__type_by_id(object, id);
        const char *name = btf__name_by_offset(object, type->name_off), *flavour;

        if (!has_layout(type) || !name || !*name)
            continue;
        flavour = strstr(name + 1, "___");
        name = flavour ? strndup(name, (size_t)(flavour - name)) : strdup(name);
        if (!name)
            return -ENOMEM;
        names->all[names->count++] = (struct kernel_type){name, btf_kind(type), 0};
    }
    return 0;
}

static void free_names(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free((char *)names->all[i].name);
    free(names->all);
}

static void need_found(void *context, struct kernel_type *match, unsigned kind, uint32_t id)
{
    (void)match;
    (void)kind;
    need(context, id);
}

static int put_all(struct cut *cut, const struct names *names)
{
    int err = kernel_types_match(cut->from, names->all, names->count, need_found, cut);

    put(cut, &cut->strings, "", 1);
    for (uint32_t number = 1; !err && number <= cut->count; number++) {
        put_type(cut, kernel_types_at(cut->from, cut->needed[number]));
        err = cut->err;
    }
    return err;
}

static int write_all(int fd, const void *data, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t written = write(fd, (const uint8_t *)data + done, size - done);

        if (written < 0)
            return -errno;
        done += (size_t)written;
    }
    return 0;
}

static int write_cut(const struct cut *cut, int fd)
{
    struct btf_header header = {
        .magic = BTF_MAGIC,
        .version = BTF_VERSION,
        .hdr_len = sizeof(header),
        .type_len = (uint32_t)cut->types.size,
        .str_off = (uint32_t)cut->types.size,
        .str_len = (uint32_t)cut->strings.size,
    };
    int err = write_all(fd, &header, sizeof(header));

    if (!err)
        err = write_all(fd, cut->types.data, cut->types.size);
    return err ? err : write_all(fd, cut->strings.data, cut->strings.size);
}

int kernel_cut_out(const struct kernel_types *types, const struct btf *object, int fd)
{
    struct cut cut = {.from = types};
    struct names names = {0};
    int err = collect_names(&names, object);

    cut.numbers = calloc(kernel_types_count(types), sizeof(*cut.numbers));
    cut.needed = malloc(kernel_types_count(types) * sizeof(*cut.needed));
    if (!err && (!cut.numbers || !cut.needed))
        err = -ENOMEM;
    if (!err)
        err = put_all(&cut, &names);
    if (!err)
        err = write_cut(&cut, fd);
    free(cut.numbers);
    free(cut.needed);
    free(cut.types.data);
    free(cut.strings.data);
    free_names(&names);
    return err;
}
