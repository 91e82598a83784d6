# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The programs that `make bench` compares: how each records a command, and what it has then got."""

import os
import platform
import re
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
TRACING = "/sys/kernel/tracing"

# What people type who want the bytes; a longer buffer than 200 bytes bpftrace does not take.
BPFTRACE = (
    'tracepoint:syscalls:sys_enter_sendto /comm == "load"/ '
    '{ printf("%d %r\\n", pid, buf(args->buff, args->len)); }'
)
STRACE = ["strace", "-f", "-qq", "-xx", "-s", str(8 << 20), "-e", "trace=%network,read,write"]


def lines_in(path):
    with open(path, "rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


def lines_like(path, pattern):
    with open(path, "rb") as file:
        return sum(1 for line in file if re.search(pattern, line))


class Tool:
    """A way to run a command. What it says of what the command did goes to a file."""

    processors = "1"  # where it runs; what it records is on the first

    def __init__(self, name, wrap, messages, why_not=None, variables=None, only=("",)):
        self.name = name
        self.wrap = wrap  # of the file and the command: what to run
        self.messages = messages  # how many messages that were sent are in the file; None: it keeps none
        self.why_not = why_not
        self.variables = variables or {}
        self.only = only  # what the names of the rows begin with that it is measured in

    def takes(self, row):
        return row.startswith(self.only)

    def environment(self):
        return {**os.environ, **self.variables}


class Stopper(Tool):
    """One that stops whom it records: it may choose to run where that does."""

    processors = "0,1"


NOTHING = Tool("no capture", lambda file, command: command, None)


def reason_of(command, **options):
    """Why a command does not work here: the last line it said; None when it does."""
    try:
        result = subprocess.run(
            command, capture_output=True, text=True, timeout=300, check=False, **options
        )
    except OSError as error:
        return str(error)
    if result.returncode == 0:
        return None
    said = (result.stderr or result.stdout).strip().splitlines()
    return said[-1] if said else f"status {result.returncode}"


def hooks(program):
    """What it costs that the kernel calls BPF programs where ours are, when they do nothing."""
    return Tool("hooks alone", lambda file, command: [program, *command], None, reason_of([program, "true"]))


def sockfixture(program, backend):
    start = [program, "-q", "--backend", backend, "-w"]
    return (Stopper if backend == "ptrace" else Tool)(
        backend,
        lambda file, command: [*start, file, *command],
        lambda file: lines_in(file) - 2,  # but for the head and the end
        reason_of([*start, "/dev/null", "true"]),
    )


def strace(name, *options):
    start = [*STRACE[:2], *options, *STRACE[2:], "-o"]
    return Stopper(
        name,
        lambda file, command: [*start, file, *command],
        lambda file: lines_like(file, rb"sendto\(.* = \d+$|<\.\.\. sendto resumed>.* = \d+$"),
        reason_of([*start, "/dev/null", "true"]),
    )


def in_tracefs(command):
    """The same command where tracefs is mounted, for it alone."""
    if os.path.exists(TRACING + "/events"):
        return command
    mount = f'mount -t tracefs tracefs {TRACING} && exec "$@"'
    return ["unshare", "-m", "sh", "-c", mount, "sh", *command]


def bpftrace():
    def wrap(file, command):
        words = subprocess.list2cmdline(command)
        return in_tracefs(["bpftrace", "-q", "-o", file, "-c", words, "-e", BPFTRACE])

    return Tool(
        "bpftrace",
        wrap,
        lambda file: lines_like(file, rb"^\d+ "),
        reason_of(in_tracefs(["bpftrace", "-q", "-e", "BEGIN { exit(); }"])),
        {"BPFTRACE_STRLEN": "200"},
    )


def why_not_bcc():
    """Asked without starting it, which takes a minute in a guest."""
    if not os.path.exists("/sys/bus/event_source/devices/kprobe"):
        return "this kernel has no kprobes"
    if not os.environ.get("BCC_KERNEL_SOURCE") and not os.path.exists(
        f"/lib/modules/{platform.release()}/build"
    ):
        return "there are no headers of this kernel"
    return reason_of(["/usr/bin/python3", "-c", "import bcc"])


def bcc():
    """kprobes, a perf buffer and Python. It compiles against the kernel's headers, each time anew."""
    start = ["/usr/bin/python3", os.path.join(HERE, "bcc_record.py")]
    return Tool(
        "BCC",
        lambda file, command: in_tracefs([*start, file, *command]),
        lines_in,
        why_not_bcc(),
        only=("ping-pong stream 64 B", "flood"),
    )


def all_tools(program, programs, names):
    """Those of these names, or all; only what is asked for is tried."""
    makers = {
        "hooks alone": lambda: hooks(programs + "/hooks"),
        "socket": lambda: sockfixture(program, "socket"),
        "syscall": lambda: sockfixture(program, "syscall"),
        "ptrace": lambda: sockfixture(program, "ptrace"),
        "strace": lambda: strace("strace"),
        "strace --seccomp-bpf": lambda: strace("strace --seccomp-bpf", "--seccomp-bpf"),
        "bpftrace": bpftrace,
        "BCC": bcc,
    }
    return [make() for name, make in makers.items() if not names or name in names]


def version_of(name):
    words = {"strace": ["strace", "-V"], "bpftrace": ["bpftrace", "--version"]}[name]
    if not shutil.which(words[0]):
        return None
    said = subprocess.run(words, capture_output=True, text=True, check=False)
    return (said.stdout or said.stderr).splitlines()[0]
