/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Ends processes, so that none is left. */
#ifndef MANIFEST_REAP_H
#define MANIFEST_REAP_H

/*
 * Ends all processes below this one, which is to be the reaper of orphans: with SIGTERM, and those
 * that have not ended after a moment with SIGKILL.
 */
void reap_all(void);

#endif
