/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Where messages come from when nothing is run: a dump, which is our own recording or what another
 * tool wrote down. This is the whole contract between a reader and the rest of the program.
 *
 * A reader tells what it finds as a backend does, to a sink (capture/backend.h), which pairs both
 * ends, tells client from server and puts the messages in order; it pairs nothing by itself.
 */
#ifndef CAPTURE_READER_H
#define CAPTURE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "capture/backend.h"
#include "capture/message.h"

/*
 * Endpoints that a dump does not number get numbers from this one on, which are those of no socket;
 * what is recorded says 0 instead.
 */
#define READER_INODE (UINT64_C(1) << 62)

/* A file to read; it need not be one that can be sought in. */
struct dump {
    const char *path; /* as the user named it */
    FILE *file;
};

/* What the user says of a conversation where the dump does not. */
struct reader_options {
    const char *server; /* the server's address, as address_print() spells one; NULL: not said */
    const char *client; /* which end is the client, in the dump's own words; NULL: not said */
    int type;           /* SOCK_STREAM, ...; 0: not said */
    bool text;          /* a dot is a dot, and not a byte that cannot be printed */
};

/* Which of these a reader asks for; the others its dumps say themselves. */
enum reader_needs {
    READER_SERVER = 1 << 0,
    READER_CLIENT = 1 << 1,
    READER_TYPE = 1 << 2,
    READER_TEXT = 1 << 3,
};

struct reading_error {
    const char *path; /* which of the dumps */
    size_t line;      /* from 1; 0 where the dump has no lines */
    size_t column;
    char text[256];
};

/* One reading: what a reader is given, and what it gives back. */
struct reading {
    const struct dump *dumps; /* at least one; the first is what was looked at */
    size_t count;
    const struct reader_options *options;

    /*
     * To be called once, before anything else is told: the command that the dump is of, copied, or
     * NULL; and what took it down. Returns 0 or -errno.
     */
    int (*begin)(void *context, char *const *command, const char *backend);

    /* Takes a message of a dump whose messages have their conversation and direction already. */
    int (*message)(void *context, const struct message *message);

    /* Tells the user one line. */
    void (*say)(void *context, const char *text);
    void *context;

    /*
     * Takes what a dump tells of endpoints and calls. What its messages say is missing or was lost
     * is counted behind it.
     */
    const struct sink *sink;

    /* What is given back. */
    struct losses losses; /* beyond that */
    bool incomplete;      /* something is missing, and the user has been told what */
    bool cut_short;       /* the dump has lost its end, and nobody knows what was there */
    struct reading_error error;
};

struct reader {
    const char *name; /* as --from names it */
    const char *summary;
    bool several;   /* one recording may be several files */
    unsigned needs; /* enum reader_needs */

    /* How sure it is that a file that begins like this is one of its own: 0 (it is not) to 100. */
    int (*looks)(const uint8_t *bytes, size_t size);

    /*
     * Tells all that the dumps hold. Returns 0; -errno with error filled, or with error.text empty
     * what begin, message or the sink returned.
     */
    int (*read)(struct reading *reading);
};

/* All of them; ends with NULL. */
extern const struct reader *const readers[];

extern const struct reader reader_recording;
extern const struct reader reader_bpftrace;
extern const struct reader reader_raw;
extern const struct reader reader_sockdump;
extern const struct reader reader_socat;
extern const struct reader reader_strace;
extern const struct reader reader_pcap;

/* The reader of that name, or NULL. */
const struct reader *reader_find(const char *name);

/* The reader that is surest that it can read what begins like this; NULL when none is. */
const struct reader *reader_look(const uint8_t *bytes, size_t size);

/* Fills in what is wrong, and where. Returns -EINVAL, for the caller to return. */
int reading_fail(struct reading *reading, const struct dump *dump, size_t line, const char *format,
                 ...) __attribute__((format(printf, 4, 5)));

/* Tells the user that something is missing, and notes that it is. */
void reading_lacks(struct reading *reading, const struct dump *dump, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, of a dump that has lost its end, which begins with that. */
void reading_is_cut(struct reading *reading, const struct dump *dump, const char *end);

/*
 * Reads all of a file into memory, with a NUL behind it; the caller frees *text. Returns 0, or
 * -errno with error filled.
 */
int reading_slurp(struct reading *reading, const struct dump *dump, char **text, size_t *size);

/* What a terminal wrote has CR LF at the ends of its lines: makes it LF. Returns the new size. */
size_t reading_drop_returns(char *text, size_t size);

#endif
