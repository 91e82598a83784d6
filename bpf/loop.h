/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-only OR BSD-2-Clause */
/* Loops, and what they cost where programs are loaded. */
#ifndef BPF_LOOP_H
#define BPF_LOOP_H

#include <linux/types.h>
#include <bpf/bpf_helpers.h>

/* Nothing, of which the verifier does not know that: it would go through a loop step by step. */
volatile __u32 some_number = 0;

/*
 * bpf_loop() without flags. Where the verifier knows that there are none, it writes the loop in
 * place of the call, and to make room copies all that it has noted of the program: for a dozen
 * loops that takes as long as all else that is done to load it.
 */
#define LOOP(count, step, context) bpf_loop(count, step, context, some_number)

#endif
