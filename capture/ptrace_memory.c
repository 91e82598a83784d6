/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/ptrace_memory.h"

#include <sys/uio.h>

#include "bpf/message.h"

bool memory_read(pid_t tid, void *to, uint64_t from, size_t length)
{
    struct iovec local = {to, length}, remote = {(void *)(uintptr_t)from, length};

    return length == 0 || process_vm_readv(tid, &local, 1, &remote, 1, 0) == (ssize_t)length;
}

bool memory_write(pid_t tid, const void *from, uint64_t to, size_t length)
{
    struct iovec local = {(void *)(uintptr_t)from, length},
                 remote = {(void *)(uintptr_t)to, length};

    return process_vm_writev(tid, &local, 1, &remote, 1, 0) == (ssize_t)length;
}

void memory_read_name(pid_t tid, char text[ADDRESS_TEXT_SIZE], uint64_t from, uint32_t length,
                      int type)
{
    uint8_t address[RECORD_ADDRESS_SIZE] = {0};

    if (length > sizeof(address))
        length = sizeof(address);
    if (!memory_read(tid, address, from, length))
        length = 0;
    address_print(text, address, length, type);
}
