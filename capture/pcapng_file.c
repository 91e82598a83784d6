/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/pcapng_file.h"

#include <byteswap.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "capture/array.h"
#include "capture/clock.h"
#include "capture/pcapng.h"

/* No block is longer, whatever it says of itself. */
enum { BLOCK_MAX = 256 << 20, BLOCK_HEAD = 8, BLOCK_TAIL = 4, BODY_STEP = 64 << 10 };

struct interface {
    int link;
    uint32_t snaplen; /* 0: no limit */
    uint64_t ticks;   /* in a second */
    int64_t offset;   /* seconds to add */
};

struct pcapng_file {
    FILE *file;
    bool swapped; /* the section is in the other byte order */
    bool begun;
    struct interface *interfaces;
    size_t count;
    uint8_t *body;
    size_t room;
};

static int fail(struct pcapng_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int fail(struct pcapng_error *error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(error->text, sizeof(error->text), format, arguments);
    va_end(arguments);
    error->ends = false;
    return -EINVAL;
}

static int ends(struct pcapng_error *error)
{
    fail(error, "it ends within a block");
    error->ends = true;
    return -EINVAL;
}

static uint16_t get_u16(const uint8_t *data, bool swapped)
{
    uint16_t number;

    memcpy(&number, data, sizeof(number));
    return swapped ? bswap_16(number) : number;
}

static uint32_t get_u32(const uint8_t *data, bool swapped)
{
    uint32_t number;

    memcpy(&number, data, sizeof(number));
    return swapped ? bswap_32(number) : number;
}

/* Options */

bool pcapng_option_next(struct pcapng_options *options, struct pcapng_option *option)
{
    size_t padded;

    if (options->length < 4)
        return false;
    option->code = get_u16(options->data, options->swapped);
    option->length = get_u16(options->data + 2, options->swapped);
    option->data = options->data + 4;
    padded = 4 + ((option->length + 3) & ~(size_t)3);
    if (option->code == PCAPNG_END || option->length > options->length - 4)
        return false;
    padded = padded < options->length ? padded : options->length;
    options->data += padded;
    options->length -= padded;
    return true;
}

uint64_t pcapng_option_number(const struct pcapng_options *options,
                              const struct pcapng_option *option)
{
    uint64_t number;

    if (option->length == 4)
        return get_u32(option->data, options->swapped);
    if (option->length != 8)
        return 0;
    memcpy(&number, option->data, sizeof(number));
    return options->swapped ? bswap_64(number) : number;
}

/* Blocks */

/* Ticks in a second: a power of ten, or of two when the highest bit says so. */
static uint64_t resolution(uint8_t value)
{
    uint64_t ticks = 1;

    if (value & 0x80)
        return (value & 0x7f) < 64 ? UINT64_C(1) << (value & 0x7f) : 0;
    for (; value && ticks < UINT64_MAX / 10; value--)
        ticks *= 10;
    return value ? 0 : ticks;
}

static int read_interface(struct pcapng_file *pcapng, struct pcapng_item *item, const uint8_t *body,
                          size_t length, struct pcapng_error *error)
{
    struct interface interface = {.ticks = 1000000};
    struct pcapng_option option;
    struct pcapng_options options;
    struct interface *grown;

    if (length < 8)
        return fail(error, "an interface's block is too short");
    interface.link = get_u16(body, pcapng->swapped);
    interface.snaplen = get_u32(body + 4, pcapng->swapped);
    options = (struct pcapng_options){body + 8, length - 8, pcapng->swapped};
    item->options = options;
    while (pcapng_option_next(&options, &option)) {
        if (option.code == INTERFACE_TSRESOL && option.length == 1)
            interface.ticks = resolution(option.data[0]);
        else if (option.code == INTERFACE_OFFSET)
            interface.offset = (int64_t)pcapng_option_number(&options, &option);
    }
    grown = array_grow(pcapng->interfaces, pcapng->count, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    pcapng->interfaces = grown;
    grown[pcapng->count] = interface;
    item->kind = PCAPNG_IS_INTERFACE;
    item->interface = pcapng->count++;
    item->link = interface.link;
    return 1;
}

/* As nanoseconds since the epoch; what no such number can tell is 0. */
static uint64_t to_nanoseconds(const struct interface *interface, uint64_t time)
{
    uint64_t ticks = interface->ticks, nanoseconds;

    if (!ticks)
        return 0;
    nanoseconds = (uint64_t)((unsigned __int128)(time % ticks) * SECOND / ticks);
    return (time / ticks + (uint64_t)interface->offset) * SECOND + nanoseconds;
}

/* A packet's data, of which so much must be in the block, and the options behind. */
static int take_data(struct pcapng_file *pcapng, struct pcapng_item *item, const uint8_t *data,
                     size_t left, struct pcapng_error *error)
{
    size_t padded = (item->length + 3) & ~(size_t)3;

    if (item->length > left)
        return fail(error, "a packet is longer than its block");
    padded = padded < left ? padded : left;
    item->kind = PCAPNG_IS_PACKET;
    item->data = data;
    item->link = pcapng->interfaces[item->interface].link;
    item->options = (struct pcapng_options){data + padded, left - padded, pcapng->swapped};
    if (item->whole < item->length)
        item->whole = item->length;
    return 1;
}

static int read_packet(struct pcapng_file *pcapng, struct pcapng_item *item, uint32_t type,
                       const uint8_t *body, size_t length, struct pcapng_error *error)
{
    bool swapped = pcapng->swapped;

    if (length < 20)
        return fail(error, "a packet's block is too short");
    item->interface = type == PCAPNG_OLD_PACKET ? get_u16(body, swapped) : get_u32(body, swapped);
    if (item->interface >= pcapng->count)
        return fail(error, "a packet is of an interface that there is not");
    item->time =
        to_nanoseconds(&pcapng->interfaces[item->interface],
                       (uint64_t)get_u32(body + 4, swapped) << 32 | get_u32(body + 8, swapped));
    item->length = get_u32(body + 12, swapped);
    item->whole = get_u32(body + 16, swapped);
    return take_data(pcapng, item, body + 20, length - 20, error);
}

static int read_simple(struct pcapng_file *pcapng, struct pcapng_item *item, const uint8_t *body,
                       size_t length, struct pcapng_error *error)
{
    uint32_t snaplen;

    if (length < 4 || !pcapng->count)
        return fail(error, "a packet's block is too short, or of no interface");
    snaplen = pcapng->interfaces[0].snaplen;
    item->whole = get_u32(body, pcapng->swapped);
    item->length = snaplen && snaplen < item->whole ? snaplen : item->whole;
    if (item->length > length - 4)
        item->length = length - 4;
    return take_data(pcapng, item, body + 4, length - 4, error);
}

static int read_statistics(struct pcapng_file *pcapng, struct pcapng_item *item,
                           const uint8_t *body, size_t length, struct pcapng_error *error)
{
    if (length < 12)
        return fail(error, "a block of statistics is too short");
    item->interface = get_u32(body, pcapng->swapped);
    item->kind = PCAPNG_IS_STATISTICS;
    item->options = (struct pcapng_options){body + 12, length - 12, pcapng->swapped};
    return 1;
}

static int read_section(struct pcapng_file *pcapng, struct pcapng_item *item, const uint8_t *body,
                        size_t length, struct pcapng_error *error)
{
    if (length < 16)
        return fail(error, "a section's block is too short");
    if (get_u16(body + 4, pcapng->swapped) != 1)
        return fail(error, "a version of pcapng that is not known here");
    pcapng->count = 0;
    free(pcapng->interfaces);
    pcapng->interfaces = NULL;
    item->kind = PCAPNG_IS_SECTION;
    item->options = (struct pcapng_options){body + 16, length - 16, pcapng->swapped};
    return 1;
}

/* Reads so many bytes of the block, growing as they come: its length is its own word for it. */
static int read_body(struct pcapng_file *pcapng, size_t have, size_t length,
                     struct pcapng_error *error)
{
    while (have < length) {
        size_t step = length - have < BODY_STEP ? length - have : BODY_STEP;
        uint8_t *grown;

        if (have + step > pcapng->room) {
            grown = realloc(pcapng->body, 2 * (have + step));
            if (!grown)
                return -ENOMEM;
            pcapng->body = grown;
            pcapng->room = 2 * (have + step);
        }
        if (fread(pcapng->body + have, 1, step, pcapng->file) < step)
            return ferror(pcapng->file) ? -EIO : ends(error);
        have += step;
    }
    return 0;
}

/* A section says its byte order in its first field; only then can its length be read. */
static int learn_order(struct pcapng_file *pcapng, struct pcapng_error *error)
{
    int err = read_body(pcapng, BLOCK_HEAD, BLOCK_HEAD + 4, error);

    if (err)
        return err;
    if (get_u32(pcapng->body + BLOCK_HEAD, false) == PCAPNG_BYTE_ORDER)
        pcapng->swapped = false;
    else if (get_u32(pcapng->body + BLOCK_HEAD, true) == PCAPNG_BYTE_ORDER)
        pcapng->swapped = true;
    else
        return fail(error, "no pcapng: a section has no byte order");
    return 0;
}

/* Reads a whole block into body. Returns 1, 0 at the end, or -errno. */
static int read_block(struct pcapng_file *pcapng, uint32_t *type, size_t *length,
                      struct pcapng_error *error)
{
    size_t have = BLOCK_HEAD;
    int err, first = getc(pcapng->file);

    if (first == EOF)
        return ferror(pcapng->file) ? -EIO : 0;
    ungetc(first, pcapng->file);
    err = read_body(pcapng, 0, BLOCK_HEAD, error);
    if (err)
        return err;
    *type = get_u32(pcapng->body, pcapng->swapped);
    if (*type == PCAPNG_SECTION) { /* the same in both byte orders */
        err = learn_order(pcapng, error);
        have += 4;
        pcapng->begun = true;
    } else if (!pcapng->begun) {
        err = fail(error, "no pcapng: it does not begin with a section");
    }
    if (err)
        return err;
    *length = get_u32(pcapng->body + 4, pcapng->swapped);
    if (*length < have + BLOCK_TAIL || *length > BLOCK_MAX || *length % 4)
        return fail(error, "a block says that it is %zu bytes long", *length);
    err = read_body(pcapng, have, *length, error);
    return err ? err : 1;
}

int pcapng_next(struct pcapng_file *pcapng, struct pcapng_item *item, struct pcapng_error *error)
{
    for (;;) {
        const uint8_t *body;
        size_t length = 0;
        uint32_t type = 0;
        int more = read_block(pcapng, &type, &length, error);

        if (more <= 0)
            return more;
        body = pcapng->body + BLOCK_HEAD;
        length -= BLOCK_HEAD + BLOCK_TAIL;
        memset(item, 0, sizeof(*item));
        switch (type) {
        case PCAPNG_SECTION:
            return read_section(pcapng, item, body, length, error);
        case PCAPNG_INTERFACE:
            return read_interface(pcapng, item, body, length, error);
        case PCAPNG_PACKET:
        case PCAPNG_OLD_PACKET:
            return read_packet(pcapng, item, type, body, length, error);
        case PCAPNG_SIMPLE_PACKET:
            return read_simple(pcapng, item, body, length, error);
        case PCAPNG_STATISTICS:
            return read_statistics(pcapng, item, body, length, error);
        }
    }
}

int pcapng_new(struct pcapng_file **out, FILE *file)
{
    struct pcapng_file *pcapng = calloc(1, sizeof(*pcapng));

    if (!pcapng)
        return -ENOMEM;
    pcapng->file = file;
    *out = pcapng;
    return 0;
}

void pcapng_free(struct pcapng_file *pcapng)
{
    if (!pcapng)
        return;
    free(pcapng->interfaces);
    free(pcapng->body);
    free(pcapng);
}
