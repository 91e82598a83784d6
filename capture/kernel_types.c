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

enum {
    STRIDE = 16, /* types from one mark to the next */
    /* What we know of the header, which has grown since: */
    HEADER_SIZE = offsetof(struct btf_header, str_len) + sizeof(((struct btf_header *)0)->str_len),
};

struct kernel_types {
    uint8_t *data;
    size_t size;
    bool mapped;
    const char *strings;
    size_t strings_size;
    const uint8_t *types;
    uint32_t *marks; /* where in types every STRIDEth begins: few are asked for by number */
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
    struct stat about;
    void *map;

    if (fd < 0)
        return -errno;
    if (fstat(fd, &about)) {
        err = -errno;
        goto out;
    }
    types->size = (size_t)about.st_size;
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

/* Marks where types begin, and sees that each is whole. The first is number 1: void has none. */
static int mark_types(struct kernel_types *types, uint32_t size)
{
    types->marks = malloc((size / sizeof(struct btf_type) / STRIDE + 1) * sizeof(*types->marks));
    if (!types->marks)
        return -ENOMEM;
    types->count = 1;
    for (uint32_t at = 0; at < size; types->count++) {
        uint32_t left = size - at;
        size_t taken =
            left < sizeof(struct btf_type) ? 0 : size_of((const void *)&types->types[at]);

        if (!taken || taken > left)
            return -EINVAL;
        if ((types->count - 1) % STRIDE == 0)
            types->marks[(types->count - 1) / STRIDE] = at;
        at += (uint32_t)taken;
    }
    return 0;
}

static int parse(struct kernel_types *types)
{
    const struct btf_header *header = (const void *)types->data;
    size_t rest;

    if (types->size < HEADER_SIZE || header->magic != BTF_MAGIC || header->hdr_len < HEADER_SIZE ||
        header->hdr_len > types->size)
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
    return mark_types(types, header->type_len);
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
    free(types->marks);
    free(types);
}

uint32_t kernel_types_count(const struct kernel_types *types)
{
    return types->count;
}

static const struct btf_type *next_type(const struct btf_type *type)
{
    return (const void *)((const uint8_t *)type + size_of(type));
}

const struct btf_type *kernel_types_at(const struct kernel_types *types, uint32_t id)
{
    const struct btf_type *type;

    if (!id || id >= types->count)
        return NULL;
    type = (const void *)&types->types[types->marks[(id - 1) / STRIDE]];
    for (uint32_t left = (id - 1) % STRIDE; left; left--)
        type = next_type(type);
    return type;
}

const char *kernel_types_string(const struct kernel_types *types, uint32_t offset)
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
    uint64_t begins[(1 << 16) / 64]; /* a bit for each two bytes */
};

static unsigned beginning(const char *name)
{
    return name[0] ? (unsigned)(uint8_t)name[0] << 8 | (uint8_t)name[1] : 0;
}

static bool begins(const struct names *names, const char *name)
{
    unsigned bytes = beginning(name);

    return names->begins[bytes / 64] >> bytes % 64 & 1;
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
        unsigned bytes = beginning(names->sorted[i].name);

        names->begins[bytes / 64] |= 1ULL << bytes % 64;
        names->kinds[names->sorted[i].kind] = true;
    }
    names->kinds[BTF_KIND_ENUM64] |= names->kinds[BTF_KIND_ENUM]; /* as its values need it */
}

/* One of those looked for that has the type's name; NULL when none has. */
static struct kernel_type *find_name(const struct names *names, const struct kernel_types *types,
                                     const struct btf_type *type)
{
    struct kernel_type key;

    if (!names->kinds[btf_kind(type)])
        return NULL;
    key.name = kernel_types_string(types, type->name_off);
    if (!begins(names, key.name))
        return NULL;
    return bsearch(&key, names->sorted, names->count, sizeof(key), compare_names);
}

int kernel_types_match(const struct kernel_types *types, struct kernel_type *wanted, size_t count,
                       kernel_types_found *found, void *context)
{
    struct names *names = calloc(1, sizeof(*names));
    const struct btf_type *type = kernel_types_at(types, 1);

    if (!names)
        return -ENOMEM;
    names->sorted = wanted;
    names->count = count;
    sort_names(names);
    for (uint32_t id = 1; id < types->count; id++, type = next_type(type)) {
        struct kernel_type *match = find_name(names, types, type);

        if (match)
            found(context, match, btf_kind(type), id);
    }
    free(names);
    return 0;
}

struct finding {
    struct kernel_type *wanted;
    size_t count;
};

/* A name may be looked for several times, for types of several kinds. */
static void note_found(void *context, struct kernel_type *match, unsigned kind, uint32_t id)
{
    const struct finding *finding = context;
    const struct kernel_type *end = finding->wanted + finding->count;
    const char *name = match->name;

    while (match > finding->wanted && !strcmp(match[-1].name, name))
        match--;
    for (; match < end && !strcmp(match->name, name); match++)
        if (match->kind == kind && !match->id)
            match->id = id;
}

int kernel_types_find(const struct kernel_types *types, struct kernel_type *wanted, size_t count)
{
    struct finding finding = {wanted, count};

    for (size_t i = 0; i < count; i++)
        wanted[i].id = 0;
    return kernel_types_match(types, wanted, count, note_found, &finding);
}
