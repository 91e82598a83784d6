/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Where the kernel takes the processor from a thread that is in it. */
#ifndef CAPTURE_PREEMPTION_H
#define CAPTURE_PREEMPTION_H

#include <stdbool.h>

/*
 * Whether that can be anywhere, and so in a BPF program: then the kernel leaves that program out
 * for all other threads on this processor. Where the kernel does not tell, what is usual.
 */
bool preemption_is_everywhere(void);

#endif
