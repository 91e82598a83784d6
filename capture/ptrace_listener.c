/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/ptrace_listener.h"

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "capture/ptrace_memory.h"

/* Whether the instruction may end the filter with that answer; one that computes its answer may. */
static bool may_ask(const struct sock_filter *instruction)
{
    if (BPF_CLASS(instruction->code) != BPF_RET)
        return false;
    return BPF_RVAL(instruction->code) == BPF_A ||
           (instruction->k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_USER_NOTIF;
}

bool listener_hides_calls(pid_t tid, const uint64_t arguments[6])
{
    struct sock_filter instructions[BPF_MAXINSNS];
    struct sock_fprog program = {0};

    if (arguments[0] != SECCOMP_SET_MODE_FILTER ||
        !(arguments[1] & SECCOMP_FILTER_FLAG_NEW_LISTENER))
        return false;
    /* Libraries try without a filter whether the kernel knows the flag. */
    if (!memory_read(tid, &program, arguments[2], sizeof(program)) || program.len > BPF_MAXINSNS ||
        !memory_read(tid, instructions, (uintptr_t)program.filter,
                     program.len * sizeof(*instructions)))
        return false;
    for (unsigned i = 0; i < program.len; i++)
        if (may_ask(&instructions[i]))
            return true;
    return false;
}
