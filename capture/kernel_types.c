/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * BTF is a run of types, numbered from 1, each with a name in a run of strings; see
 * Documentation/bpf/btf.rst of the kernel.
 */
#include "capture/kernel_types.h"

#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define KERNEL_BTF "/sys/kernel/btf/vmlinux"

/* Bytes that grow. */
struct bytes {
    uint8_t *data;
    size_t size, room;
};

struct kernel_types {
    uint8_t *data;
    size_t size;
    bool mapped;
    const char *strings;
    size_t strings_size;
    const uint8_t *types;
    uint32_t *offsets; /* of each in types, by number; void, which is 0, has none */
    uint32_t count;
};

/* Opening */

static int read_all(int fd, uint8_t *to, size_t size)
{
    size_t done = 0;

    while (done < size) {
        ssize_t got = read(fd, to + done, size - done);

        if (got < 0)
            return -errno;
        if (got == 0)
            return -EINVAL;
        done += (size_t)got;
    }
    return 0;
}

/* From Linux 6.16 on it can be mapped; before, it is read, a page at a time. */
static int get_data(struct kernel_types *types)
{
    int fd = open(KERNEL_BTF, O_RDONLY | O_CLOEXEC), err = 0;
    struct stat status;
    void *map;

    if (fd < 0)
        return -errno;
    if (fstat(fd, &status)) {
        err = -errno;
        goto out;
    }
    types->size = (size_t)status.st_size;
    map = mmap(NULL, types->size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    if (map != MAP_FAILED) {
        types->data = map;
        types->mapped = true;
        goto out;
    }
    types->data = malloc(types->size);
    err = types->data ? read_all(fd, types->data, types->size) : -ENOMEM;
out:
    close(fd);
    return err;
}

/* The bytes that a type takes, its members included; 0 when its kind is not known. */
static size_t size_of(const struct btf_type *type)
{
    static const struct {
        uint8_t fixed, each;
    } sizes[] = {
        [BTF_KIND_INT] = {sizeof(uint32_t), 0},
        [BTF_KIND_ARRAY] = {sizeof(struct btf_array), 0},
        [BTF_KIND_STRUCT] = {0, sizeof(struct btf_member)},
        [BTF_KIND_UNION] = {0, sizeof(struct btf_member)},
        [BTF_KIND_ENUM] = {0, sizeof(struct btf_enum)},
        [BTF_KIND_FUNC_PROTO] = {0, sizeof(struct btf_param)},
        [BTF_KIND_VAR] = {sizeof(struct btf_var), 0},
        [BTF_KIND_DATASEC] = {0, sizeof(struct btf_var_secinfo)},
        [BTF_KIND_DECL_TAG] = {sizeof(struct btf_decl_tag), 0},
        [BTF_KIND_ENUM64] = {0, sizeof(struct btf_enum64)},
    };
    unsigned kind = btf_kind(type);

    if (kind == BTF_KIND_UNKN || kind > BTF_KIND_ENUM64)
        return 0;
    return sizeof(*type) + sizes[kind].fixed + (size_t)sizes[kind].each * btf_vlen(type);
}

/* Notes where each type begins. */
static int index_types(struct kernel_types *types, uint32_t size)
{
    types->offsets = malloc((size / sizeof(struct btf_type) + 2) * sizeof(*types->offsets));
    if (!types->offsets)
        return -ENOMEM;
    types->count = 1;
    for (uint32_t at = 0; at < size;) {
        uint32_t left = size - at;
        size_t taken =
            left < sizeof(struct btf_type) ? 0 : size_of((const void *)&types->types[at]);

        if (!taken || taken > left)
            return -EINVAL;
        types->offsets[types->count++] = at;
        at += (uint32_t)taken;
    }
    return 0;
}

static int parse(struct kernel_types *types)
{
    const struct btf_header *header = (const void *)types->data;
    size_t rest;

    if (types->size < sizeof(*header) || header->magic != BTF_MAGIC ||
        header->hdr_len < sizeof(*header) || header->hdr_len > types->size)
        return -EINVAL;
    rest = types->size - header->hdr_len;
    if (header->type_off > rest || header->type_len > rest - header->type_off ||
        header->str_off > rest || header->str_len > rest - header->str_off || !header->str_len)
        return -EINVAL;
    types->strings = (const char *)types->data + header->hdr_len + header->str_off;
    types->strings_size = header->str_len;
    if (types->strings[types->strings_size - 1])
        return -EINVAL;
    types->types = types->data + header->hdr_len + header->type_off;
    return index_types(types, header->type_len);
}

int kernel_types_open(struct kernel_types **out)
{
    struct kernel_types *types = calloc(1, sizeof(*types));
    int err;

    if (!types)
        return -ENOMEM;
    err = get_data(types);
    if (!err)
        err = parse(types);
    if (err)
        kernel_types_close(types);
    else
        *out = types;
    return err;
}

void kernel_types_close(struct kernel_types *types)
{
    if (!types)
        return;
    if (types->mapped)
        munmap(types->data, types->size);
    else
        free(types->data);
    free(types->offsets);
    free(types);
}

static const struct btf_type *type_at(const struct kernel_types *types, uint32_t id)
{
    return id && id < types->count ? (const void *)&types->types[types->offsets[id]] : NULL;
}

static const char *string_at(const struct kernel_types *types, uint32_t offset)
{
    return offset < types->strings_size ? types->strings + offset : "";
}

/* Finding */

/*
 * The names that are looked for, in order. What makes looking quick: most types are of other kinds,
 * and few names begin as one of these does.
 */
struct names {
    struct kernel_type *sorted;
    size_t count;
    bool kinds[BTF_KIND_ENUM64 + 1];
    bool begins[1 << 16];
};

static unsigned beginning(const char *name)
{
    return name[0] ? (unsigned)(uint8_t)name[0] << 8 | (uint8_t)name[1] : 0;
}

static int compare_names(const void *a, const void *b)
{
    const struct kernel_type *one = a, *other = b;

    return strcmp(one->name, other->name);
}

static void sort_names(struct names *names)
{
    qsort(names->sorted, names->count, sizeof(*names->sorted), compare_names);
    for (size_t i = 0; i < names->count; i++) {
        names->begins[beginning(names->sorted[i].name)] = true;
        names->kinds[names->sorted[i].kind] = true;
    }
}

/* One of those looked for that has the type's name; NULL when none has. */
static struct kernel_type *find_name(const struct names *names, const struct kernel_types *types,
                                     const struct btf_type *type)
{
    struct kernel_type key;

    if (!names->kinds[btf_kind(type)])
        return NULL;
    key.name = string_at(types, type->name_off);
    if (!names->begins[beginning(key.name)])
        return NULL;
    return bsearch(&key, names->sorted, names->count, sizeof(key), compare_names);
}

/* A name may be looked for several times, for types of several kinds. */
static void note_found(const struct names *names, struct kernel_type *found, unsigned kind,
                       uint32_t id)
{
    const struct kernel_type *end = names->sorted + names->count;
    struct kernel_type *first = found;

    while (first > names->sorted && !strcmp(first[-1].name, found->name))
        first--;
    for (; first < end && !strcmp(first->name, found->name); first++)
        if (first->kind == kind && !first->id)
            first->id = id;
}

int kernel_types_find(const struct kernel_types *types, struct kernel_type *wanted, size_t count)
{
    struct names *names = calloc(1, sizeof(*names));

    if (!names)
        return -ENOMEM;
    names->sorted = wanted;
    names->count = count;
    sort_names(names);
    for (size_t i = 0; i < count; i++)
        wanted[i].id = 0;
    for (uint32_t id = 1; id < types->count; id++) {
        const struct btf_type *type = type_at(types, id);
        struct kernel_type *found = find_name(names, types, type);

        if (found)
            note_found(names, found, btf_kind(type), id);
    }
    free(names);
    return 0;
}

/* Cutting out */

/* What is cut out so far: types get new numbers in the order in which they are needed. */
struct extract {
    const struct kernel_types *from;
    uint32_t *numbers; /* by their number in the kernel; 0 while it is not needed */
    uint32_t *needed;  /* their numbers in the kernel, in the order of the new ones, from 1 */
    uint32_t count;
    struct bytes types, strings;
    int err;
};

static void put(struct extract *extract, struct bytes *bytes, const void *data, size_t size)
{
    if (bytes->size + size > bytes->room) {
        size_t room = 2 * (bytes->size + size);
        uint8_t *grown = realloc(bytes->data, room);

        if (!grown) {
            extract->err = -ENOMEM;
            return;
        }
        bytes->data = grown;
        bytes->room = room;
    }
    memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
}

static uint32_t put_string(struct extract *extract, uint32_t offset)
{
    const char *string = string_at(extract->from, offset);
    uint32_t put_at = (uint32_t)extract->strings.size;

    if (!*string)
        return 0;
    put(extract, &extract->strings, string, strlen(string) + 1);
    return put_at;
}

/* The new number of a type. One that libbpf does not look into becomes void. */
static uint32_t need(struct extract *extract, uint32_t id)
{
    const struct btf_type *type = type_at(extract->from, id);

    if (!type || btf_kind(type) == BTF_KIND_FUNC || btf_kind(type) == BTF_KIND_FUNC_PROTO ||
        btf_kind(type) == BTF_KIND_VAR || btf_kind(type) == BTF_KIND_DATASEC ||
        btf_kind(type) == BTF_KIND_DECL_TAG)
        return 0;
    if (!extract->numbers[id]) {
        extract->numbers[id] = ++extract->count;
        extract->needed[extract->count] = id;
    }
    return extract->numbers[id];
}

static void put_members(struct extract *extract, const struct btf_type *type)
{
    for (unsigned i = 0; i < btf_vlen(type); i++) {
        struct btf_member member = btf_members(type)[i];

        member.name_off = put_string(extract, member.name_off);
        member.type = need(extract, member.type);
        put(extract, &extract->types, &member, sizeof(member));
    }
}

static void put_enumerators(struct extract *extract, const struct btf_type *type)
{
    for (unsigned i = 0; i < btf_vlen(type); i++) {
        struct btf_enum one = btf_enum(type)[i];

        one.name_off = put_string(extract, one.name_off);
        put(extract, &extract->types, &one, sizeof(one));
    }
}

static void put_long_enumerators(struct extract *extract, const struct btf_type *type)
{
    for (unsigned i = 0; i < btf_vlen(type); i++) {
        struct btf_enum64 one = btf_enum64(type)[i];

        one.name_off = put_string(extract, one.name_off);
        put(extract, &extract->types, &one, sizeof(one));
    }
}

/* What a pointer points to, libbpf does not ask; there the cut is. */
static uint32_t referred(struct extract *extract, const struct btf_type *type)
{
    switch (btf_kind(type)) {
    case BTF_KIND_PTR:
        return 0;
    case BTF_KIND_TYPEDEF:
    case BTF_KIND_VOLATILE:
    case BTF_KIND_CONST:
    case BTF_KIND_RESTRICT:
    case BTF_KIND_TYPE_TAG:
        return need(extract, type->type);
    }
    return type->size; /* in the same place */
}

static void put_type(struct extract *extract, const struct btf_type *type)
{
    struct btf_type head = *type;
    struct btf_array array;

    head.name_off = put_string(extract, type->name_off);
    head.type = referred(extract, type);
    put(extract, &extract->types, &head, sizeof(head));
    switch (btf_kind(type)) {
    case BTF_KIND_INT:
        put(extract, &extract->types, type + 1, sizeof(uint32_t));
        break;
    case BTF_KIND_ARRAY:
        array = *btf_array(type);
        array.type = need(extract, array.type);
        array.index_type = need(extract, array.index_type);
        put(extract, &extract->types, &array, sizeof(array));
        break;
    case BTF_KIND_STRUCT:
    case BTF_KIND_UNION:
        put_members(extract, type);
        break;
    case BTF_KIND_ENUM:
        put_enumerators(extract, type);
        break;
    case BTF_KIND_ENUM64:
        put_long_enumerators(extract, type);
        break;
    }
}

static bool has_layout(const struct btf_type *type)
{
    return btf_is_composite(type) || btf_is_any_enum(type) || btf_is_typedef(type);
}

/* The names in the object's BTF, without flavours; as many as the BTF has types at most. */
static int collect_names(struct names *names, const struct btf *object)
{
    uint32_t count = btf__type_cnt(object);

    names->sorted = calloc(count, sizeof(*names->sorted));
    if (!names->sorted)
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
        names->sorted[names->count++] = (struct kernel_type){name, btf_kind(type), 0};
    }
    sort_names(names);
    names->kinds[BTF_KIND_ENUM64] |= names->kinds[BTF_KIND_ENUM]; /* as it fits */
    return 0;
}

static void free_names(struct names *names)
{
    if (!names)
        return;
    for (size_t i = 0; i < names->count; i++)
        free((char *)names->sorted[i].name);
    free(names->sorted);
    free(names);
}

static int put_all(struct extract *extract, const struct names *names)
{
    const struct kernel_types *from = extract->from;

    put(extract, &extract->strings, "", 1);
    for (uint32_t id = 1; id < from->count; id++) {
        if (find_name(names, from, type_at(from, id)))
            need(extract, id);
    }
    for (uint32_t number = 1; number <= extract->count && !extract->err; number++)
        put_type(extract, type_at(from, extract->needed[number]));
    return extract->err;
}

static int write_all(int fd, const void *data, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t put = write(fd, (const uint8_t *)data + done, size - done);

        if (put < 0)
            return -errno;
        done += (size_t)put;
    }
    return 0;
}

static int write_extract(const struct extract *extract, int fd)
{
    struct btf_header header = {
        .magic = BTF_MAGIC,
        .version = BTF_VERSION,
        .hdr_len = sizeof(header),
        .type_len = (uint32_t)extract->types.size,
        .str_off = (uint32_t)extract->types.size,
        .str_len = (uint32_t)extract->strings.size,
    };
    int err = write_all(fd, &header, sizeof(header));

    if (!err)
        err = write_all(fd, extract->types.data, extract->types.size);
    return err ? err : write_all(fd, extract->strings.data, extract->strings.size);
}

int kernel_types_extract(const struct kernel_types *types, const struct btf *object, int fd)
{
    struct extract extract = {.from = types};
    struct names *names = calloc(1, sizeof(*names));
    int err = names ? collect_names(names, object) : -ENOMEM;

    extract.numbers = calloc(types->count, sizeof(*extract.numbers));
    extract.needed = malloc(types->count * sizeof(*extract.needed));
    if (!err && (!extract.numbers || !extract.needed))
        err = -ENOMEM;
    if (!err)
        err = put_all(&extract, names);
    if (!err)
        err = write_extract(&extract, fd);
    free(extract.numbers);
    free(extract.needed);
    free(extract.types.data);
    free(extract.strings.data);
    free_names(names);
    return err;
}
