/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What is done with the manifest: --update, --check, --list and --init. */
#ifndef MANIFEST_RUN_H
#define MANIFEST_RUN_H

#include "capture/manifest/part.h"
#include "options.h"

/* Does what the options say, by command lines that `main` does. Returns the exit status. */
int manifest_run(const struct options *options, sockfixture_main *main);

#endif
