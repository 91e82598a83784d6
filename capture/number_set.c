/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Bits are set in memory, as the kernel side may set others of the same word meanwhile. */
#include "capture/number_set.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include "bpf/message.h"

struct number_set {
    uint64_t words[NUMBERS_MAX / NUMBERS_IN_WORD];
};

struct number_set *number_set_open(int map)
{
    void *set = mmap(NULL, sizeof(struct number_set), PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);

    return set == MAP_FAILED ? NULL : set;
}

void number_set_close(struct number_set *set)
{
    if (set)
        munmap(set, sizeof(*set));
}

int number_set_add(struct number_set *set, pid_t number)
{
    if (number < 0 || number >= NUMBERS_MAX)
        return -ERANGE;
    __sync_fetch_and_or(&set->words[number / NUMBERS_IN_WORD], 1ULL << number % NUMBERS_IN_WORD);
    return 0;
}
