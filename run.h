/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the parts of main() share: one run of the program. */
#ifndef RUN_H
#define RUN_H

#include "capture/folder.h"
#include "capture/frame.h"
#include "capture/intake.h"
#include "capture/output.h"
#include "capture/progress.h"
#include "capture/recording.h"
#include "capture/scope.h"
#include "emit/language.h"
#include "golden.h"
#include "options.h"
#include "scope_options.h"

struct rights;
struct writer;
struct writing;

struct run {
    const struct options *options;
    const struct rights *rights;

    /* What was asked for, as far as it is more than an option. */
    struct scope_request scope;
    struct framing framing; /* with --frame only */
    struct library *library;
    struct language *language;   /* NULL when no fixture is wanted, or a writer makes it */
    const struct writer *writer; /* NULL when a template makes the fixture */
    struct secrets *known;       /* shapes of secrets, to warn of; or NULL */

    /* Where messages go: into the recording, the table, or both; or they are kept for the end. */
    struct intake *intake;
    struct recording_writer *recording; /* with -w only */
    struct table *table;                /* with a language only */
    struct golden *golden;              /* keeps them; or NULL */
    struct writing *writing;

    /* What is written. */
    struct output recording_file;
    bool drafted; /* what the first run gave stands in it, to be replaced when all are compared */
    struct output fixture_file;
    struct folder folder; /* of a fixture that is one, or of the files beside it */

    /* Whose messages they are. */
    char *const *command;
    struct watch_words watched; /* what stands for the command where nothing is launched */
    char **read_command;        /* of what is read */
    bool by_functions; /* they were recorded at the kernel's functions, not at system calls */
    bool dumped;       /* messages came of a dump, which does not count what they lack */

    /* What is known by now. */
    enum status begun; /* what became of the recording that reading was to begin */
    struct progress_line line;
    struct losses losses;
    uint64_t placed; /* lost messages of which the conversation is known */
    bool incomplete; /* something is known to be missing */
    bool cut_short;  /* what was read has lost its end, so that what is written can have none */
    bool warned;     /* of a secret */
};

/* Messages will come, as the backend of that name tells them. What is wrong has been said. */
enum status run_begin(struct run *run, const char *backend);

/* All messages have come: says what they lack, and writes or keeps what was asked for. */
enum status run_end(struct run *run);

/*
 * Says why it could not go on; a recording that cannot be written is known by its file. What was
 * recorded before that is kept where it can be seen.
 */
enum status run_say_broken_off(struct run *run, int err, const char *what);

/* Says a line beside the one of progress; context is a struct run. */
void run_say_note(void *context, const char *text);

/*
 * Says so, once, if the message seems to hold a secret: a recording is easily put where others can
 * read it. context is a struct run that knows their shapes.
 */
void run_warn_of_secrets(void *context, const struct message *message);

#endif
