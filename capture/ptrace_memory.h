/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The memory of a thread that is stopped. Others that share it are not: what they change meanwhile
 * is read as changed.
 */
#ifndef CAPTURE_PTRACE_MEMORY_H
#define CAPTURE_PTRACE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "capture/address.h"

/* Reads length bytes at from. Returns false when they are not all there. */
bool memory_read(pid_t tid, void *to, uint64_t from, size_t length);

/* Writes length bytes at to. Returns false when there is no room for all of them. */
bool memory_write(pid_t tid, const void *from, uint64_t to, size_t length);

/*
 * Spells the socket address of length bytes at from, of a socket of that type. One that is not
 * there is spelled as one that is empty.
 */
void memory_read_name(pid_t tid, char text[ADDRESS_TEXT_SIZE], uint64_t from, uint32_t length,
                      int type);

#endif
