#!/usr/bin/python3 -SEs
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Runs a command for which a system call fails, as below a filter that a container has.

    refuse.py bpf COMMAND [ARG...]
"""

import ctypes
import errno
import os
import platform
import struct
import sys

NUMBERS = {
    "bpf": {"x86_64": 321, "aarch64": 280},
}
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
SECCOMP_RET_ERRNO, SECCOMP_RET_ALLOW = 0x00050000, 0x7FFF0000


def refuse(number):
    """Has calls of that number fail with EPERM, here and in all that is run."""
    instructions = b"".join(
        struct.pack("=HBBI", *instruction)
        for instruction in [
            (LOAD, 0, 0, 0),
            (JUMP_IF_EQUAL, 0, 1, number),
            (RETURN, 0, 0, SECCOMP_RET_ERRNO | errno.EPERM),
            (RETURN, 0, 0, SECCOMP_RET_ALLOW),
        ]
    )
    buffer = ctypes.create_string_buffer(instructions)
    program = struct.pack("@HP", 4, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() != 0:
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0):
        sys.exit(f"refuse.py: {os.strerror(ctypes.get_errno())}")


refuse(NUMBERS[sys.argv[1]][platform.machine()])
os.execvp(sys.argv[2], sys.argv[2:])
