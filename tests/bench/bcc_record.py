#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What one writes with BCC to see what a command sends over Unix sockets, for `make bench`:

    bcc_record.py FILE COMMAND...

kprobes, a perf buffer and Python; at most 4096 bytes of each message, a line each in FILE.
"""

import os
import signal
import subprocess
import sys

from bcc import BPF

PROGRAM = """
#include <uapi/linux/ptrace.h>
#include <linux/socket.h>
#include <linux/uio.h>

struct event { u32 pid; u32 length; char data[4096]; };
BPF_PERCPU_ARRAY(events, struct event, 1);
BPF_PERF_OUTPUT(messages);

static int record(struct pt_regs *ctx, void __user *from, u32 length)
{
    int zero = 0;
    struct event *event = events.lookup(&zero);

    if (!event)
        return 0;
    event->pid = bpf_get_current_pid_tgid() >> 32;
    event->length = length;
    bpf_probe_read_user(event->data, length < 4096 ? length & 4095 : 4095, from);
    messages.perf_submit(ctx, event, 8 + (length < 4096 ? length & 4095 : 4095));
    return 0;
}

int on_sendto(struct pt_regs *ctx)
{
    struct pt_regs *call = (struct pt_regs *)PT_REGS_PARM1(ctx);
    char comm[16], wanted[] = "load";
    void *from;
    u64 length;

    bpf_get_current_comm(comm, sizeof(comm));
    for (int i = 0; i < 4; i++)
        if (comm[i] != wanted[i])
            return 0;
    bpf_probe_read_kernel(&from, sizeof(from), &PT_REGS_PARM2(call));
    bpf_probe_read_kernel(&length, sizeof(length), &PT_REGS_PARM3(call));
    return record(ctx, from, length);
}
"""


def main():
    bpf = BPF(text=PROGRAM)
    bpf.attach_kprobe(event=bpf.get_syscall_fnname("sendto"), fn_name="on_sendto")
    with open(sys.argv[1], "w") as out:

        def print_event(_cpu, data, _size):
            event = bpf["messages"].event(data)
            print(event.pid, event.length, bytes(event.data[: event.length]).hex(), file=out)

        bpf["messages"].open_perf_buffer(print_event, page_cnt=64, lost_cb=lambda _count: None)
        child = subprocess.Popen(sys.argv[2:])
        while child.poll() is None:
            bpf.perf_buffer_poll(timeout=20)
        bpf.perf_buffer_poll(timeout=20)
    return child.returncode


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: os._exit(1))
    sys.exit(main())
