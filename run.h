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

/* Messages go into the recording, the table, or both. */

struct run {
    const struct options *options;
    struct library *library;
    struct language *language; /* NULL when no fixture is wanted */
    struct scope_request scope;
    struct intake *intake;
    struct golden *golden;  /* where messages are kept and not written down as they come; or NULL */
    struct secrets *known;  /* shapes of secrets, to warn of; or NULL */
    bool warned;            /* of one */
    struct table *table;    /* with a language only */
    struct framing framing; /* with --frame only */
    struct recording_writer *recording; /* with -w only */
    struct output recording_file;
    struct output fixture_file;
    struct folder folder; /* of a fixture that is one, or of the files beside it */
    char *const *command;
    struct progress_line line;
    struct losses losses;
    uint64_t placed; /* lost messages of which the conversation is known */
    bool incomplete; /* something is known to be missing */
};

#endif
