/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Makes one fixture of the manifest, in a process of its own. */
#ifndef MANIFEST_PART_H
#define MANIFEST_PART_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "capture/manifest/manifest.h"
#include "options.h"

/* The program itself: does what the command line says. Returns the exit status, or ends with it. */
typedef int sockfixture_main(int argc, char **argv, const struct manifest_part *part);

/* What to do, for all fixtures. */
struct part_task {
    const struct manifest *manifest;
    const struct options *options; /* of the command line */
    const char *backend;           /* that it asks for; or NULL */
    sockfixture_main *main;
    bool colour; /* in reports */
};

/* The status of a part's process is an exit status, and this where something was written. */
enum { PART_WROTE = 0x40 };

/* What a part leaves behind, each to be read when it has ended. */
struct part_files {
    FILE *report; /* of --check */
    FILE *words;  /* what is to be said, a line each */
    FILE *output; /* of commands */
};

/* Opens all of them. Returns 0 or -errno; part_files_close() is to be called in any case. */
int part_files_open(struct part_files *files);
void part_files_close(struct part_files *files);

/* Makes the fixture, in this process, which then is to end with what this returns. */
int part_run(const struct part_task *task, size_t index, const struct part_files *files);

#endif
