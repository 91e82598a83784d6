/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Reads pcapng block by block. libpcap reads it as well, but tells no comments, nothing of what was
 * dropped, and refuses files with interfaces of several link types.
 */
#ifndef CAPTURE_PCAPNG_FILE_H
#define CAPTURE_PCAPNG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct pcapng_file;

/* The options of a block, to be gone through once. */
struct pcapng_options {
    const uint8_t *data;
    size_t length;
    bool swapped;
};

enum pcapng_kind { PCAPNG_IS_SECTION, PCAPNG_IS_INTERFACE, PCAPNG_IS_PACKET, PCAPNG_IS_STATISTICS };

/* What a block says; valid until the next one is read. */
struct pcapng_item {
    enum pcapng_kind kind;
    size_t interface; /* counted from 0 in its section; of what is no section */
    int link;         /* of an interface or a packet */
    uint64_t time;    /* of a packet: nanoseconds since the epoch; 0 when not known */
    const uint8_t *data;
    size_t length;
    size_t whole; /* bytes that there were, of which the first are in data */
    struct pcapng_options options;
};

/* What is wrong with the file. */
struct pcapng_error {
    bool ends; /* it ends in the middle; all before that is good */
    char text[160];
};

/* Returns 0 and *out, or -ENOMEM. The file stays the caller's. Free it with pcapng_free(). */
int pcapng_new(struct pcapng_file **out, FILE *file);
void pcapng_free(struct pcapng_file *pcapng);

/* Reads on to the next block that says something. Returns 1; 0 at the end; -EINVAL with *error
 * filled; or another -errno. */
int pcapng_next(struct pcapng_file *pcapng, struct pcapng_item *item, struct pcapng_error *error);

struct pcapng_option {
    uint16_t code;
    const uint8_t *data;
    size_t length;
};

/* The next option; false when there is none. */
bool pcapng_option_next(struct pcapng_options *options, struct pcapng_option *option);

/* An option's number of 4 or 8 bytes; 0 when it is of another length. */
uint64_t pcapng_option_number(const struct pcapng_options *options,
                              const struct pcapng_option *option);

#endif
