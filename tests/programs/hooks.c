/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Runs a command while the kernel calls two BPF programs that do nothing, one where each system
 * call is entered and one where it returns: what `make bench` compares the `syscall` backend with,
 * which has its programs there.
 */
#include <bpf/bpf.h>
#include <fcntl.h>
#include <linux/bpf.h>

#include "tests/programs/program.h"

/* It is attached for as long as the command has the descriptor, which it inherits. */
static void attach(const char *tracepoint)
{
    const struct bpf_insn nothing[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0},
        {.code = BPF_JMP | BPF_EXIT},
    };
    int program = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "nothing", "GPL", nothing,
                                sizeof(nothing) / sizeof(*nothing), NULL);
    int hook;

    must(program >= 0, "bpf_prog_load");
    hook = bpf_raw_tracepoint_open(tracepoint, program);
    must(hook >= 0, tracepoint);
    must(!fcntl(hook, F_SETFD, 0), "FD_CLOEXEC");
}

int main(int argc, char **argv)
{
    must(argc > 1, "usage: hooks COMMAND [ARGUMENT]...");
    attach("sys_enter");
    attach("sys_exit");
    execvp(argv[1], argv + 1);
    fail("%s", argv[1]);
}
