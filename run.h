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

/* Messages go into the recording, the table, or both. */

struct run {
    const struct options *options;
    const struct rights *rights;
    struct library *library;
    struct language *language;   /* NULL when no fixture is wanted, or a writer makes it */
    const struct writer *writer; /* NULL when a template makes the fixture */
    struct writing *writing;
    struct scope_request scope;
    struct intake *intake;
    struct golden *golden;  /* where messages are kept and not written down as they come; or NULL */
    struct secrets *known;  /* shapes of secrets, to warn of; or NULL */
    bool warned;            /* of one */
    struct table *table;    /* with a language only */
    struct framing framing; /* with --frame only */
    struct recording_writer *recording; /* with -w only */
    struct output recording_file;
    bool drafted; /* what the first run gave stands in it, to be replaced when all are compared */
    struct output fixture_file;
    struct folder folder; /* of a fixture that is one, or of the files beside it */
    char *const *command;
    struct watch_words watched; /* what stands for the command where nothing is launched */
    char **read_command;        /* of what is read */
    bool by_functions; /* they were recorded at the kernel's functions, not at system calls */
    bool dumped;       /* messages came of a dump, which does not count what they lack */
    enum status begun; /* what became of the recording that reading was to begin */
    struct progress_line line;
    struct losses losses;
    uint64_t placed; /* lost messages of which the conversation is known */
    bool incomplete; /* something is known to be missing */
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

/* Says a line beside the one of progress; run is a struct run. */
void run_say_note(void *run, const char *text);

/*
 * Says so, once, if the message seems to hold a secret: a recording is easily put where others can
 * read it. context is a struct run that knows their shapes.
 */
void run_warn_of_secrets(void *context, const struct message *message);

#endif
