/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Any bytes as what strace printed. */
#include <sys/socket.h>

#include "tests/fuzz/reader_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct reader_options options = {0};

    return fuzz_reader(&reader_strace, &options, data, size, 1);
}
