/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the user asks for on the command line. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "emit/fixture.h"
#include "emit/wrap.h"

/* Exit statuses. */
enum status {
    STATUS_DONE = 0,
    STATUS_DIFFERS = 1,
    STATUS_USAGE = 2,
    STATUS_INCOMPLETE = 3,
    STATUS_COMMAND = 4,
    STATUS_NO_BACKEND = 5,
};

enum { OPTION_WORDS = 64 };

/* What an option that may be given several times was given. */
struct option_words {
    const char *at[OPTION_WORDS + 1]; /* ends with NULL */
    size_t count;
};

/* An option as it was given. */
struct option_given {
    const char *name;  /* its long one */
    const char *value; /* NULL when it has none */
};

enum { OPTIONS_GIVEN = 512 };

/* What is done with the manifest. */
enum manifest_task { MANIFEST_NONE, MANIFEST_UPDATE, MANIFEST_CHECK, MANIFEST_LIST, MANIFEST_INIT };

/* What a fixture of a manifest is made with, that no option says. */
struct manifest_part {
    bool trial;       /* it is only found out whether the options can be */
    int output;       /* where the output of the command goes */
    const char *name; /* of the fixture */
    bool colour;      /* what differs is to be told in colours */
    const char *file; /* the manifest, where annotations are put at */
    size_t line;      /* the fixture's in it */
};

struct options {
    char **command; /* with its arguments; or NULL */
    struct option_given given[OPTIONS_GIVEN];
    size_t given_count;

    /* What is recorded. */
    struct option_words sockets, excludes;
    struct option_words pids, comms, uids;
    bool no_follow;
    const char *backend;
    size_t buffer_size;
    size_t max_message; /* 0: no limit */
    size_t count;       /* of exchanges; 0: all */
    size_t repeat;      /* runs of the command */
    uint64_t duration;  /* nanoseconds; 0: until the command ends */

    /* How the command is run. */
    const char *user;
    const char *directory;
    struct option_words environment;
    bool ignore_status;

    /* What is read instead. */
    struct option_words reads;
    const char *read; /* the first of reads; or NULL */
    const char *from;
    const char *dump_command; /* the command that what is read is of */
    const char *server;
    const char *client;
    int type;  /* SOCK_STREAM, ...; 0: not said */
    bool text; /* what is read is all text */

    /* What becomes of it. */
    const char *frame;
    struct option_words volatiles, stables, redact;
    const char *write;
    bool check;
    const char *diff_format;

    /* What the fixture is like. */
    const char *output;
    const char *lang;
    const char *template;
    struct option_words template_dirs;
    const char *name;
    const char *package;
    const char *style;
    const char *call;
    enum fixture_bytes bytes;
    size_t embed_above; /* if embed_given */
    bool embed_given;
    const char *dissector;
    struct wrapping as; /* of no protocol when it was not given */

    /* What is replayed. */
    const char *serve;  /* where the recorded server is to be; or NULL */
    const char *replay; /* the server that is asked what was recorded; or NULL */
    bool timed;         /* what is replayed takes as long as it took */

    /* What is done with the manifest, and what this is for it. */
    enum manifest_task task;
    const char *manifest;
    size_t jobs;
    struct option_words names;
    const struct manifest_part *part; /* or NULL */

    /* What is told, and to whom. */
    bool quiet;
    int verbose; /* how often it was asked for */
    bool list_langs;
    bool list_backends;
    const char *print_template;
    const char *completion; /* the shell */
};

/*
 * Fills *options in from the command line; strings point into argv. Exits, with STATUS_USAGE after
 * a message, upon an option that makes no sense by itself, and for --help and --version.
 * Returns NULL, or what is wrong with the options together.
 */
const char *options_parse(struct options *options, int argc, char **argv);

/* The table of all options; it ends with an entry that is all zeros. */
const struct argp_option *options_table(void);

/* Whether the user has named standard output there; NULL names nothing. */
bool is_stdout(const char *path);

/* Nothing is run or read: what runs already is watched. */
bool attaches(const struct options *options);

/* Of a fixture that is one of many, only what is unusual is said, unless more was asked for. */
bool says_details(const struct options *options);

/* Of a manifest, all fixtures are looked through before the first is made. */
bool is_trial(const struct options *options);

/* What was recorded is replayed. */
bool replays(const struct options *options);

/* A fixture is written unless only a recording was asked for. */
bool wants_fixture(const struct options *options);
bool fixture_to_stdout(const struct options *options);

#endif
